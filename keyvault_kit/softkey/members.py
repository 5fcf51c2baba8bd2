"""The members of the answer to authenticatorGetInfo (CTAP 2.1, 6.4; from 0x18 on CTAP 2.2, 6.4)."""

from enum import IntEnum
from typing import Final


class Member(IntEnum):
    """Members that software keys know."""

    VERSIONS = 0x01
    EXTENSIONS = 0x02
    AAGUID = 0x03
    OPTIONS = 0x04
    MAX_MSG_SIZE = 0x05
    PIN_UV_AUTH_PROTOCOLS = 0x06
    MAX_CREDENTIAL_COUNT_IN_LIST = 0x07
    MAX_CREDENTIAL_ID_LENGTH = 0x08
    TRANSPORTS = 0x09
    ALGORITHMS = 0x0A
    FORCE_PIN_CHANGE = 0x0C
    MIN_PIN_LENGTH = 0x0D
    FIRMWARE_VERSION = 0x0E
    MAX_RP_IDS_FOR_SET_MIN_PIN_LENGTH = 0x10
    CERTIFICATIONS = 0x13
    REMAINING_DISCOVERABLE_CREDENTIALS = 0x14
    LONG_TOUCH_FOR_RESET = 0x18
    TRANSPORTS_FOR_RESET = 0x1A
    PIN_COMPLEXITY_POLICY = 0x1B


CTAP_2_0: Final = frozenset(Member(n) for n in range(0x01, 0x07))
"""What keys of CTAP 2.0 tell; all the rest came later."""

IN_LISTS: Final = frozenset({Member.MAX_CREDENTIAL_COUNT_IN_LIST, Member.MAX_CREDENTIAL_ID_LENGTH})
ALL: Final = frozenset(Member)
