"""The plans: one file a ceremony, each a tuple of steps made from the register and a request."""
