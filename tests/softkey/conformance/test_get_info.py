"""authenticatorGetInfo (6.4): each member, and what the state of the key does to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.softkey.conformance.client import ES256
from tests.softkey.conformance.makes import ALWAYS_UV, OPEN, makes, tells
from tests.softkey.conformance.spec import Cmd, Config, Info, Status

if TYPE_CHECKING:
    from tests.softkey.conformance.client import Client
    from tests.softkey.conformance.conftest import Rig

AAGUIDS = b"keyvault-kit"


def test_6_4_versions_and_aaguid_are_always_told(rig: Rig, client: Client) -> None:
    info = client.info()
    assert info[Info.VERSIONS] == [*rig.profile.versions]
    assert len(info[Info.AAGUID]) == 16
    assert info[Info.AAGUID].startswith(AAGUIDS)


def test_6_4_a_make_tells_the_members_that_it_declares(rig: Rig, client: Client) -> None:
    assert set(client.info()) <= set(map(int, rig.profile.members))


def test_6_4_options_say_what_the_make_can(rig: Rig, client: Client) -> None:
    options, profile = client.options(), rig.profile
    assert (options["rk"], options["up"], options["plat"]) == (True, True, False)
    assert options["clientPin"] is False
    assert ("uv" in options, "bioEnroll" in options, "largeBlobs" in options) == (False,) * 3
    assert options.get("pinUvAuthToken", False) is profile.scoped_tokens
    assert options.get("authnrCfg", False) is bool(profile.config_commands)
    assert options.get("setMinPINLength", False) is profile.sets_pin_length
    assert options.get("ep") is (False if profile.enterprise else None)
    assert {name for name in options if name.startswith("cred")} == set(profile.advertises)
    client.set_pin()
    assert client.options() == options | {"clientPin": True}


@OPEN
def test_6_4_makecreduvnotrqd_is_told_by_makes_that_spare_the_pin(rig: Rig, client: Client) -> None:
    assert client.options().get("makeCredUvNotRqd", False) is rig.profile.spares_pin


@ALWAYS_UV
def test_7_2_always_uv_takes_makecreduvnotrqd_away(client: Client) -> None:
    options = client.options()
    assert (options["alwaysUv"], options["makeCredUvNotRqd"]) == (True, False)


@makes(lambda profile: profile.speaks_ctap_2_1)
def test_6_4_keys_of_ctap_2_1_must_have_a_uv_token_and_protect_credentials(
    client: Client,
) -> None:
    info = client.info()
    assert info[Info.OPTIONS]["pinUvAuthToken"] is True
    assert info[Info.OPTIONS]["credMgmt"] is True
    assert "credProtect" in info[Info.EXTENSIONS]
    assert 2 in info[Info.PIN_PROTOCOLS]
    assert info[Info.MAX_LIST] >= 1
    assert info[Info.ALGORITHMS] == [ES256]


def test_6_4_the_protocols_that_are_told_are_those_that_work(client: Client) -> None:
    told = client.info()[Info.PIN_PROTOCOLS]
    for protocol in (0, 1, 2, 3):
        expected = Status.OK if protocol in told else Status.INVALID_PARAMETER
        assert client.status(Cmd.CLIENT_PIN, {1: protocol, 2: 2}) is expected


@tells(Info.MIN_PIN_LENGTH)
def test_6_4_the_minimum_pin_length_is_told(rig: Rig, client: Client) -> None:
    info = client.info()
    assert info[Info.MIN_PIN_LENGTH] == rig.profile.min_pin_length
    assert info[Info.FORCE_PIN_CHANGE] is False


@tells(Info.REMAINING)
def test_6_4_the_room_for_credentials_shrinks_with_each(rig: Rig, known: Client) -> None:
    assert known.info()[Info.REMAINING] == rig.profile.capacity
    known.make(b"one")
    known.make(b"two", rk=False)
    assert known.info()[Info.REMAINING] == rig.profile.capacity - 1


@tells(Info.FIRMWARE)
def test_6_4_the_firmware_version_is_one_number(rig: Rig, client: Client) -> None:
    assert client.info()[Info.FIRMWARE] == int.from_bytes(bytes(rig.profile.version))


@makes(lambda profile: profile.certifications)
def test_7_3_certifications_are_names_and_levels(rig: Rig, client: Client) -> None:
    assert client.info()[Info.CERTIFICATIONS] == rig.profile.certifications


@makes(lambda profile: not profile.certifications)
def test_6_4_what_there_is_nothing_to_tell_of_is_left_out(client: Client) -> None:
    assert Info.CERTIFICATIONS not in client.info()


@makes(lambda profile: profile.long_touch_for_reset)
def test_6_4_a_long_touch_for_reset_is_told(client: Client) -> None:
    info = client.info()
    assert (info[Info.LONG_TOUCH], info[Info.TRANSPORTS_FOR_RESET]) == (True, ["usb"])


@makes(lambda profile: profile.pin_complexity)
def test_6_4_a_pin_complexity_policy_is_told(client: Client) -> None:
    assert client.info()[Info.PIN_COMPLEXITY] is True


@makes(lambda profile: "minPinLength" in profile.extensions)
def test_6_4_the_room_for_rp_ids_goes_with_the_extension(client: Client) -> None:
    assert client.info()[Info.MAX_RP_IDS] >= 1


@makes(lambda profile: profile.sets_pin_length)
def test_6_4_a_forced_change_is_told_until_it_was_made(known: Client) -> None:
    assert known.configure(Config.MIN_PIN_LENGTH, {3: True}) is Status.OK
    assert known.info()[Info.FORCE_PIN_CHANGE] is True
    known.ok(Cmd.CLIENT_PIN, known.change_pin_fields())
    assert known.info()[Info.FORCE_PIN_CHANGE] is False


def test_6_4_asking_needs_no_touch_and_no_pin(rig: Rig, known: Client) -> None:
    known.info()
    assert rig.touches == 0
    assert known.retries() == 8


def test_6_4_what_a_real_key_of_this_make_tells_is_what_was_seen_of_one(rig: Rig) -> None:
    """Makes after real ones answer with the members that captures of real ones have."""
    seen = {
        "five-54": set(range(0x01, 0x0B)) | {0x0C, 0x0D, 0x0E},
        "preview-only": set(range(0x01, 0x09)),
        "non-canonical": set(range(0x01, 0x07)),
    }
    told = {int(member) for member in rig.client().info()}
    assert told == seen.get(rig.profile.name, told)
