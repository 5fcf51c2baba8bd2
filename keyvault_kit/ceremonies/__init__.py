"""Ceremonies: the work that named people do together, as plans of steps and one engine."""
