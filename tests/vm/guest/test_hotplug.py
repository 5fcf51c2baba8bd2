"""Keys come and go under the kit's hands, as the kernel tells it."""

import time
from collections.abc import Callable
from hashlib import sha256

import pytest

from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.credentials import CredentialRequest
from keyvault_kit.keys.hid import HidapiBus
from keyvault_kit.keys.reading import Reading, Unreadable, read_all
from keyvault_kit.keys.session import open_session
from keyvault_kit.keys.watch import Seen, Watch
from tests.vm.guest.client import Board
from tests.vm.guest.orders import Plug

LOOK_S = 0.1
# A second is the aim on a real machine. The kernel's own work on a new device, emulated, is most
# of it here: what is reported below is measured.
LIMIT_S = 5.0
REQUEST = CredentialRequest(
    client_data_hash=sha256(b"a sign-in").digest(),
    rp_id="login.example",
    rp_name="Example",
    user_id=b"bg1",
    user_name="bg1@example",
    user_display_name="Emergency access 1",
)


def until(watch: Watch, what: Callable[[Seen], bool]) -> float:
    """Seconds until a look sees it."""
    began = time.monotonic()
    while not what(watch.look()):
        assert time.monotonic() - began < LIMIT_S, "it was not seen in time"
        time.sleep(LOOK_S)
    return time.monotonic() - began


def test_a_key_is_seen_to_come_and_to_go(
    board: Board, record_property: Callable[[str, object], None]
) -> None:
    watch = Watch(HidapiBus())
    assert watch.look().present == ()

    board.throw_in(Plug(name="H1"))
    record_property("seen to come, s", round(until(watch, lambda seen: bool(seen.arrived)), 2))

    board.pull("H1", settled=False)
    record_property("seen to go, s", round(until(watch, lambda seen: bool(seen.gone)), 2))


def test_the_same_key_replugged_between_two_looks_has_gone_and_come(board: Board) -> None:
    watch = Watch(HidapiBus())
    first = board.plug(Plug(name="H2")).key
    watch.look()

    again = board.plug(Plug(name="H2")).key
    seen = watch.look()

    assert again.path == first.path
    assert (seen.gone, seen.arrived) == ((first,), (again,))


def test_a_key_pulled_out_while_it_waits_for_a_touch_gives_one_error(board: Board) -> None:
    key = board.plug(Plug(name="H3", patient=True)).key

    with (
        open_session(HidapiBus(), key, on_touch=lambda: board.pull("H3")) as session,
        pytest.raises(DeviceError, match="unplugged") as caught,
    ):
        session.make_credential(REQUEST, pin=None)

    assert key.name in str(caught.value)


def test_a_key_that_is_touched_late_goes_on(board: Board) -> None:
    key = board.plug(Plug(name="H4", patient=True)).key

    with open_session(HidapiBus(), key, on_touch=lambda: board.touch("H4")) as session:
        made = session.make_credential(REQUEST, pin=None)

    assert made.credential_id


def test_a_key_pulled_out_at_any_report_of_a_reading_spoils_its_own_row_alone(
    board: Board,
) -> None:
    steady = board.plug(Plug(name="K4")).key
    board.plug(Plug(name="H5"))
    read_all(HidapiBus())
    reports = board.look("H5").reports
    assert reports > 5

    for pull_at in range(1, reports + 1):
        board.plug(Plug(name="H5", pull_at=pull_at))
        rows = {row.plugged.path: row for row in read_all(HidapiBus())}
        assert isinstance(rows.pop(steady.path), Reading), pull_at
        (spoiled,) = rows.values()
        assert isinstance(spoiled, Unreadable), pull_at
        assert spoiled.plugged.name in spoiled.error
