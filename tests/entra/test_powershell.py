"""The lesser check of PowerShell finds what it says that it finds."""

import pytest

from tests.entra.powershell import assert_parses, assert_sound, rule_faults, syntax_faults

WHOLE = """\
[CmdletBinding(SupportsShouldProcess = $true)]
param([string] $Name)

function Set-Thing {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string] $Uri)

    if ($PSCmdlet.ShouldProcess($Uri, 'Change it')) {
        Invoke-MgGraphRequest -Method PATCH -Uri $Uri -Body '{}'
    }
}

foreach ($file in Get-ChildItem -Path $Name -Filter '*.json') {
    Set-Thing -Uri "https://graph.microsoft.com/v1.0/users/$($file.BaseName)"
}
"""


def test_a_script_that_keeps_the_rules_is_sound() -> None:
    assert_parses(WHOLE)
    assert_sound(WHOLE)


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        ("if ($a) {\n    Get-Date\n", 2),
        ("Get-Date\n$x = (1 + 2\n", 2),
        ("function {\n    Get-Date\n}\n", 1),
        ("$x = @{ a = 1; = 2 }\n", 1),
        ("$x = $a ?? 1\n", 1),
        ("$x = $a ? 1 : 2\n", 1),
    ],
)
def test_what_cannot_be_read_is_found_with_its_line(broken: str, line: int) -> None:
    found = list(syntax_faults(broken))
    assert found
    assert any(it.startswith(f"line {line}:") for it in found), found
    with pytest.raises(AssertionError):
        assert_parses(broken)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("function Fetch-Thing {\n    Get-Date\n}\n", "Verb-Noun"),
        ("function thing {\n    Get-Date\n}\n", "Verb-Noun"),
        ("Get-Weather -Today\n", "Get-Weather is not on the list"),
        ("curl https://example.org\n", "curl is not on the list"),
        ("Get-Content -Path a -AsByteStream\n", "no parameter -AsByteStream"),
        ("Get-Date && Get-Date\n", "&& is not known"),
        ("Write-Host $password\n", "Write-Host is given $password"),
        ('Write-Verbose "it is $($script:newPassword)"\n', "$script:newPassword"),
        ("Set-Content -Path a -Value $plainText\n", "$plainText"),
        ("Invoke-MgGraphRequest -Method DELETE -Uri $uri\n", "-WhatIf cannot hold back"),
        ("Invoke-MgGraphRequest -Method $method -Uri $uri\n", "-WhatIf cannot hold back"),
        (
            "[CmdletBinding(SupportsShouldProcess = $true)]\nparam()\nUpdate-MgUser -UserId $id\n",
            "-WhatIf cannot hold back",
        ),
        ("# Grüße\n", "not ASCII"),
    ],
)
def test_what_is_against_our_rules_is_found(text: str, said: str) -> None:
    found = list(rule_faults(text))
    assert any(said in it for it in found), found
    with pytest.raises(AssertionError):
        assert_sound(text)


def test_reading_the_tenant_needs_no_leave() -> None:
    assert_sound("Invoke-MgGraphRequest -Method GET -Uri $uri\n")


def test_words_that_only_look_like_secrets_may_be_said() -> None:
    assert_sound("Write-Host $mapping $spinning $behalfOf\n")
