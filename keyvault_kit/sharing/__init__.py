"""Secrets to shares and back, pure: randomness is passed in, and nothing is read or written."""
