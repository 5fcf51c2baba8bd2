"""The script for the online side: it parses, keeps our rules, names our keys, holds no secret."""

import pytest
from msgspec import structs

from keyvault_kit.custody.model import Account, Mode, Retirement, SecurityKey, Use
from keyvault_kit.custody.register import Register
from keyvault_kit.entra.enroll_script import script
from keyvault_kit.errors import InputError, RefusedError
from tests.entra.powershell import assert_sound

OBJECT_ID = "11111111-2222-3333-4444-555555555555"


def a_register(mode: Mode = Mode.LIVE, upn: str = "bg1@contoso.onmicrosoft.com") -> Register:
    key = SecurityKey(id="K1", account="bg1", use=Use.PRIMARY, product="a key", aaguid="")
    gone = structs.replace(key, id="K0", retired=Retirement.LOST)
    return Register(
        mode=mode,
        accounts={
            "bg1": Account(id="bg1", upn=upn, object_id=OBJECT_ID),
            "bg2": Account(id="bg2", upn="bg2@contoso.onmicrosoft.com"),
        },
        keys={"K0": gone, "K1": key},
    )


@pytest.mark.parametrize("mode", Mode)
def test_the_script_parses_and_keeps_our_rules(mode: Mode) -> None:
    assert_sound(script(a_register(mode), {"K9": "bg2"}).decode("ascii"))


def test_it_names_the_accounts_and_their_keys_in_service_and_those_to_be() -> None:
    text = script(a_register(), {"K9": "bg1", "K8": "bg2"}).decode()

    assert (
        "$Rehearsal = $false\n$Accounts = @(\n"
        "    @{ Account = 'bg1'; Upn = 'bg1@contoso.onmicrosoft.com';"
        f" ObjectId = '{OBJECT_ID}'; Tags = @('K1', 'K9') }}\n"
        "    @{ Account = 'bg2'; Upn = 'bg2@contoso.onmicrosoft.com';"
        " ObjectId = $null; Tags = @('K8') }\n)\n"
    ) in text
    assert "K0" not in text
    assert "REHEARSAL:" not in text


def test_of_a_rehearsal_it_is_marked_and_talks_to_no_tenant() -> None:
    text = script(a_register(Mode.REHEARSAL), {}).decode()

    assert text.startswith("# REHEARSAL")
    assert "$Rehearsal = $true\n" in text
    assert "ObjectId = 'REHEARSAL-bg1'" in text
    assert OBJECT_ID not in text
    assert text.index("if ($Rehearsal)") < text.index("Get-MgContext\n")


def test_the_password_is_set_under_the_name_of_its_set_which_the_evidence_has() -> None:
    text = script(a_register(), {}).decode()

    assert "$attempt.set = $Set" in text
    parameter = text[text.index("[string] $SetPassword,") : text.index("[string] $Set,")]
    assert "Mandatory = $true, ParameterSetName = 'Password'" in parameter
    checked = text.index('$Set -notmatch "^$([regex]::Escape($SetPassword))-pw[0-9]+$"')
    assert checked < text.index("Set-AccountPassword -Account $named[0] -Set $Set")


def test_a_quote_in_a_name_ends_no_literal() -> None:
    text = script(a_register(upn="o'hara@contoso.com"), {}).decode()

    assert "Upn = 'o''hara@contoso.com';" in text
    assert_sound(text)


def test_what_looks_like_a_quote_to_powershell_is_refused() -> None:
    with pytest.raises(InputError, match="cannot stand in a script"):
        script(a_register(upn="o\N{RIGHT SINGLE QUOTATION MARK}hara@contoso.com"), {})


@pytest.mark.parametrize(
    ("new_keys", "because"),
    [({"K9": "bg7"}, "no account 'bg7'"), ({"K1": "bg2"}, "key K1 is registered for bg1")],
)
def test_keys_of_no_account_and_of_another_are_refused(
    new_keys: dict[str, str], because: str
) -> None:
    with pytest.raises(RefusedError, match=because):
        script(a_register(), new_keys)


def test_without_accounts_there_is_no_script() -> None:
    with pytest.raises(RefusedError, match="no emergency access account"):
        script(Register(mode=Mode.LIVE), {})
