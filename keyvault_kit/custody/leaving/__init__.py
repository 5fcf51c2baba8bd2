"""Somebody leaves: what they could reach or remember, and what is to be done by when."""
