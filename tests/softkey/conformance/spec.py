"""Numbers of CTAP 2.1, written down once more: nothing here comes from the software key.

https://fidoalliance.org/specs/fido-v2.1-ps-20210615/
"""

from enum import IntEnum, IntFlag
from typing import Final


class Hid(IntEnum):
    """CTAPHID commands with the initialization bit (11.2.9), and Yubico's read-config."""

    PING = 0x81
    MSG = 0x83
    LOCK = 0x84
    INIT = 0x86
    WINK = 0x88
    CBOR = 0x90
    CANCEL = 0x91
    KEEPALIVE = 0xBB
    ERROR = 0xBF
    READ_CONFIG = 0xC2


class HidError(IntEnum):
    """Codes of CTAPHID_ERROR (11.2.9.1.6)."""

    INVALID_CMD = 0x01
    INVALID_PAR = 0x02
    INVALID_LEN = 0x03
    INVALID_SEQ = 0x04
    MSG_TIMEOUT = 0x05
    CHANNEL_BUSY = 0x06
    INVALID_CHANNEL = 0x0B


class Cmd(IntEnum):
    """Authenticator commands (8.1)."""

    MAKE_CREDENTIAL = 0x01
    GET_ASSERTION = 0x02
    GET_INFO = 0x04
    CLIENT_PIN = 0x06
    RESET = 0x07
    GET_NEXT_ASSERTION = 0x08
    BIO_ENROLLMENT = 0x09
    CREDENTIAL_MANAGEMENT = 0x0A
    SELECTION = 0x0B
    LARGE_BLOBS = 0x0C
    CONFIG = 0x0D
    CREDENTIAL_MANAGEMENT_PREVIEW = 0x41


class Status(IntEnum):
    """Status codes (8.2)."""

    OK = 0x00
    INVALID_COMMAND = 0x01
    INVALID_PARAMETER = 0x02
    CBOR_UNEXPECTED_TYPE = 0x11
    INVALID_CBOR = 0x12
    MISSING_PARAMETER = 0x14
    CREDENTIAL_EXCLUDED = 0x19
    UNSUPPORTED_ALGORITHM = 0x26
    OPERATION_DENIED = 0x27
    KEY_STORE_FULL = 0x28
    UNSUPPORTED_OPTION = 0x2B
    INVALID_OPTION = 0x2C
    KEEPALIVE_CANCEL = 0x2D
    NO_CREDENTIALS = 0x2E
    USER_ACTION_TIMEOUT = 0x2F
    NOT_ALLOWED = 0x30
    PIN_INVALID = 0x31
    PIN_BLOCKED = 0x32
    PIN_AUTH_INVALID = 0x33
    PIN_AUTH_BLOCKED = 0x34
    PIN_NOT_SET = 0x35
    PUAT_REQUIRED = 0x36
    PIN_POLICY_VIOLATION = 0x37
    REQUEST_TOO_LARGE = 0x39
    INVALID_SUBCOMMAND = 0x3E
    UNAUTHORIZED_PERMISSION = 0x40


class Info(IntEnum):
    """Members of the answer to authenticatorGetInfo (6.4)."""

    VERSIONS = 0x01
    EXTENSIONS = 0x02
    AAGUID = 0x03
    OPTIONS = 0x04
    MAX_MSG_SIZE = 0x05
    PIN_PROTOCOLS = 0x06
    MAX_LIST = 0x07
    MAX_ID = 0x08
    TRANSPORTS = 0x09
    ALGORITHMS = 0x0A
    FORCE_PIN_CHANGE = 0x0C
    MIN_PIN_LENGTH = 0x0D
    FIRMWARE = 0x0E
    MAX_RP_IDS = 0x10
    CERTIFICATIONS = 0x13
    REMAINING = 0x14
    LONG_TOUCH = 0x18
    TRANSPORTS_FOR_RESET = 0x1A
    PIN_COMPLEXITY = 0x1B


class Pin(IntEnum):
    """Subcommands of authenticatorClientPIN (6.5.5)."""

    RETRIES = 0x01
    KEY_AGREEMENT = 0x02
    SET = 0x03
    CHANGE = 0x04
    TOKEN = 0x05
    UV_TOKEN = 0x06
    UV_RETRIES = 0x07
    TOKEN_WITH_PERMISSIONS = 0x09


class May(IntFlag):
    """Permissions of a pinUvAuthToken (6.5.5.7)."""

    MAKE = 0x01
    ASSERT = 0x02
    MANAGE = 0x04
    ENROL = 0x08
    WRITE_BLOBS = 0x10
    CONFIGURE = 0x20


class Manage(IntEnum):
    """Subcommands of authenticatorCredentialManagement (6.8)."""

    METADATA = 0x01
    RPS_BEGIN = 0x02
    RPS_NEXT = 0x03
    CREDENTIALS_BEGIN = 0x04
    CREDENTIALS_NEXT = 0x05
    DELETE = 0x06
    UPDATE = 0x07


class Config(IntEnum):
    """Subcommands of authenticatorConfig (6.11)."""

    ENTERPRISE = 0x01
    ALWAYS_UV = 0x02
    MIN_PIN_LENGTH = 0x03


class Flag(IntFlag):
    """The flags of authenticator data (WebAuthn level 2, 6.1)."""

    UP = 0x01
    UV = 0x04
    AT = 0x40
    ED = 0x80


PACKET: Final = 64
MAX_MESSAGE: Final = 7609
KEEPALIVE_PERIOD_S: Final = 0.1
UPNEEDED: Final = 2
PROCESSING: Final = 1
