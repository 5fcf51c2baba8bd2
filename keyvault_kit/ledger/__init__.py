"""The log: append-only, hashed, signed."""
