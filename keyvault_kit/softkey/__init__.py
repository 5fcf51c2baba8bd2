"""A software FIDO2 authenticator: a *device* for rehearsals and tests.

It answers HID reports as a key in a USB port does (CTAP 2.1), and it is written apart from the
code that talks to keys, so that each checks the other. Its private keys lie in plain files and
follow from a seed: nothing that it signs is worth anything, and its AAGUIDs say so.
"""
