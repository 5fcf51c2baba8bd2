"""Creation options in, registration answer out: a real file, and every mistake refused."""

import json
from base64 import b64encode, urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from keyvault_kit.entra.enrollment import RP_IDS, read_options, registration, to_base64url
from keyvault_kit.errors import InputError, RefusedError

REAL = Path(__file__).parents[1] / "data" / "entra-creation-options.json"
UPN = "john@contoso.com"
IN_TIME = datetime(2024, 6, 13, 11, 0, tzinfo=UTC)
ES256_PARAMETER = {"type": "public-key", "alg": -7}
TOO_LATE = datetime(2024, 6, 13, 11, 26, 35, tzinfo=UTC)


def options(**public_key: object) -> bytes:
    """The real file with members of `publicKey` changed."""
    fields: dict[str, Any] = json.loads(REAL.read_bytes())
    fields["publicKey"] |= public_key
    return json.dumps(fields).encode()


def user(*, id: bytes = b"x", **fields: str) -> dict[str, object]:  # noqa: A002 - WebAuthn's name
    """The member of the account, with that user handle."""
    return {"user": {"id": to_base64url(id), "name": UPN, "displayName": "bg1"} | fields}


def excluded(*ids: bytes) -> dict[str, object]:
    """The member of the credentials that the account has already."""
    listed = [{"type": "public-key", "id": b64encode(it).decode()} for it in ids]
    return {"excludeCredentials": listed}


def test_a_real_file_is_read() -> None:
    read = read_options(REAL.read_bytes(), upn=UPN, now=IN_TIME)

    assert read.rp_id == "login.microsoft.com"
    assert read.algorithms == (-7, -257)
    assert len(read.exclude) == 4
    assert len(read.user_id) == 51
    assert json.loads(read.client_data) == {
        "type": "webauthn.create",
        "challenge": json.loads(REAL.read_bytes())["publicKey"]["challenge"].rstrip("="),
        "origin": "https://login.microsoft.com",
        "crossOrigin": False,
    }


def test_what_the_tenant_asks_of_the_passkey_is_read() -> None:
    read = read_options(REAL.read_bytes(), upn=UPN, now=IN_TIME)

    assert (read.protection, read.enforced, read.hmac_secret) == (1, True, True)
    assert read.ignored == {}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_encoding_of_powershell_is_read(encoding: str) -> None:
    data = REAL.read_text("utf-8").encode(encoding)

    assert read_options(data, upn=UPN.upper(), now=IN_TIME).upn == UPN


def test_members_from_the_future_are_left_alone_and_counted() -> None:
    data = options(hints=["security-key"], rp={"id": RP_IDS[0], "name": "Microsoft", "icon": ""})

    assert dict(read_options(data, upn=UPN, now=IN_TIME).ignored) == {"hints": 1, "icon": 1}


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        (60 * 12, "The options for john@contoso.com are good until 2024-06-13 11:26 UTC, 12 h 0"),
        (30, "The options"),
        (29, "WARNING: The options"),
        (0, "WARNING: The options"),
    ],
)
def test_the_time_left_is_told_and_little_of_it_is_a_warning(minutes: int, told: str) -> None:
    read = read_options(REAL.read_bytes(), upn=UPN, now=IN_TIME)

    assert read.time_left(read.expires - timedelta(minutes=minutes)).startswith(told)


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"rp": {"id": "login.evil.example", "name": "Microsoft"}}, r"login\.evil\.example"),
        ({"attestation": "none"}, "direct attestation"),
        ({"pubKeyCredParams": [{"type": "public-key", "alg": -257}]}, "ES256"),
        (
            {"authenticatorSelection": {"userVerification": "discouraged"}},
            "do not require user verification",
        ),
        ({"authenticatorSelection": {}}, "do not require user verification"),
        (
            {"authenticatorSelection": {"userVerification": "required"}},
            "do not ask for a key that keeps the passkey",
        ),
        (
            {
                "authenticatorSelection": {
                    "userVerification": "required",
                    "residentKey": "required",
                    "authenticatorAttachment": "platform",
                }
            },
            "ask for a passkey of a computer",
        ),
    ],
)
def test_options_that_are_not_ours_are_refused(change: dict[str, object], because: str) -> None:
    with pytest.raises(RefusedError, match=because):
        read_options(options(**change), upn=UPN, now=IN_TIME)


@pytest.mark.parametrize(
    ("change", "because"),
    [
        (user(id=b"x" * 65), "a user handle of 65 bytes"),
        ({"challenge": to_base64url(bytes(10_001))}, "a challenge of 10001 bytes"),
        ({"challenge": to_base64url(bytes(15)) + "=="}, "a challenge of 15 bytes"),
        (excluded(*(b"%032d" % n for n in range(65))), "65 credentials to exclude"),
        (excluded(bytes(1024)), "a credential id that is too long"),
        ({"pubKeyCredParams": [ES256_PARAMETER] * 65}, "65 algorithms"),
        ({"rp": {"id": RP_IDS[0], "name": "M" * 65}}, "the name of the relying party"),
        ({"rp": {"id": RP_IDS[0], "name": "Micro\u202esoft"}}, "the name of the relying party"),
        (user(displayName="\u00e4" * 33), "the name of the account for display"),
        (user(displayName="a\nb"), "the name of the account for display"),
    ],
)
def test_what_no_key_takes_is_refused_while_there_is_no_pin(
    change: dict[str, object], because: str
) -> None:
    with pytest.raises(RefusedError, match=because) as refused:
        read_options(options(**change), upn=UPN, now=IN_TIME)

    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "change",
    [
        user(id=b"x" * 64, displayName="\u00e4" * 32),
        user(displayName=""),
        {"challenge": to_base64url(bytes(16))},
        excluded(*(b"%032d" % n for n in range(64))),
    ],
)
def test_what_is_just_within_the_limits_is_taken(change: dict[str, object]) -> None:
    assert read_options(options(**change), upn=UPN, now=IN_TIME).upn == UPN


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_time_beyond_all_calendars_is_no_fault_of_ours(time: str) -> None:
    data = REAL.read_bytes().replace(b"2024-06-13T11:26:35Z", time.encode())

    with pytest.raises(InputError, match="no file of creation options"):
        read_options(data, upn=UPN, now=IN_TIME)


def test_an_expired_challenge_and_another_account_are_refused() -> None:
    with pytest.raises(RefusedError, match="expired at 2024-06-13 11:26 UTC"):
        read_options(REAL.read_bytes(), upn=UPN, now=TOO_LATE)
    with pytest.raises(RefusedError, match=r"for 'john@contoso\.com', not for bg1@contoso\.com"):
        read_options(REAL.read_bytes(), upn="bg1@contoso.com", now=IN_TIME)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"{" * 100_000,
        b"[" * 100_000,
        REAL.read_bytes()[:-9],
        REAL.read_text("utf-8").encode("utf-16")[:-3],
        b"\xff\xfe{}",
        REAL.read_bytes().replace(b'"attestation":', b'"attestation": "none", "attestation":'),
        REAL.read_bytes().replace(b"2024-06-13T11:26:35Z", b"2024-06-13T11:26:35"),
        options(extensions={"credentialProtectionPolicy": "whatever"}),
        options(user={"id": "", "name": UPN, "displayName": ""}),
    ],
)
def test_what_is_no_options_file_is_said_so(data: bytes) -> None:
    with pytest.raises(InputError, match="no file of creation options"):
        read_options(data, upn=UPN, now=IN_TIME)


def test_an_excluded_id_with_a_padding_digit_is_read_both_ways() -> None:
    exclude = [{"type": "public-key", "id": "AAAAAAA1"}]

    read = read_options(options(excludeCredentials=exclude), upn=UPN, now=IN_TIME)

    assert read.exclude == (urlsafe_b64decode("AAAAAAA1"), urlsafe_b64decode("AAAAAAA="))


def test_an_excluded_id_of_plain_base64_is_read_one_way() -> None:
    exclude = [{"type": "public-key", "id": "GshyINLMaOOwqt1LNUi0gQ=="}]

    (read,) = read_options(options(excludeCredentials=exclude), upn=UPN, now=IN_TIME).exclude

    assert len(read) == 16


def test_a_name_that_would_move_the_cursor_is_shown_by_its_code() -> None:
    data = options(user={"id": "AAAA", "name": "x\x1b[2J", "displayName": ""})

    with pytest.raises(RefusedError) as caught:
        read_options(data, upn=UPN, now=IN_TIME)

    assert str(caught.value).isprintable()


def test_the_answer_is_what_graph_takes() -> None:
    read = read_options(REAL.read_bytes(), upn=UPN, now=IN_TIME)

    answer = json.loads(
        registration(read, credential_id=b"\xff\xfe", attestation_object=b"\x00", name="K1")
    )

    assert set(answer) == {"displayName", "publicKeyCredential"}
    assert answer["publicKeyCredential"]["id"] == "__4"
    assert set(answer["publicKeyCredential"]) == {"id", "response"}
    assert set(answer["publicKeyCredential"]["response"]) == {"clientDataJSON", "attestationObject"}
    with pytest.raises(InputError, match="longer than 30"):
        registration(read, credential_id=b"", attestation_object=b"", name="K" * 31)
