"""Custody, pure: what may be true, what happened, and what is true now. No I/O, clock or chance."""
