"""Which makes a test is for: by what they declare, so that a deviation is data and never a skip."""

from collections.abc import Callable

import pytest

from keyvault_kit.softkey.profiles import PROFILES, Profile
from tests.softkey.conformance.spec import Info


def makes(fits: Callable[[Profile], object]) -> pytest.MarkDecorator:
    """The makes of which that is so."""
    names = [name for name, profile in sorted(PROFILES.items()) if fits(profile)]
    assert names, "a test for no make"
    return pytest.mark.parametrize("rig", names, indirect=True)


def tells(member: Info) -> pytest.MarkDecorator:
    """The makes whose getInfo has a member, where there is something to tell."""
    return makes(lambda profile: int(member) in profile.members)


SCOPED = makes(lambda profile: profile.scoped_tokens)
UNSCOPED = makes(lambda profile: not profile.scoped_tokens)
OPEN = makes(lambda profile: profile.always_uv.value in ("unknown", "off"))
ALWAYS_UV = makes(lambda profile: profile.always_uv.value in ("on", "locked"))
MANAGED = makes(lambda profile: profile.management.value)
CONFIGURED = makes(lambda profile: profile.config_commands)
