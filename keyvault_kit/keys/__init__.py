"""FIDO2 security keys: reading, proving, PINs, credentials. Alone imports fido2 and hidapi."""
