"""Artefacts: what the tenant is to be, as files that people carry there."""
