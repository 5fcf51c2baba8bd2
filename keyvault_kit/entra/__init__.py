"""Entra: files for the tenant and from it. The kit itself never talks to a network."""
