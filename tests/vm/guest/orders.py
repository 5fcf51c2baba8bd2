"""What the tests tell the board: the process with root's rights that plugs keys in and out."""

import msgspec


class Plug(msgspec.Struct, frozen=True, kw_only=True, tag="plug"):
    """Plug a software key in.

    Attributes:
        name: That of a key of the rehearsal (K1), or any other: such a key comes from the factory.
        model: Its make; a key that was plugged in before stays what it is.
        patient: Whether it waits for :class:`Touch`; else it is touched at once.
        decoy: Whether its reports are for something else than FIDO.
        pull_at: At which report, both ways, it is pulled out, which is lost; 0 for never.
        settled: Whether the answer waits until udev is done with it.
    """

    name: str
    model: str = "five"
    patient: bool = False
    decoy: bool = False
    pull_at: int = 0
    settled: bool = True


class Pull(msgspec.Struct, frozen=True, tag="pull"):
    """Pull the key out.

    Attributes:
        settled: Whether the answer waits until the kernel has taken it apart.
    """

    name: str
    settled: bool = True


class Touch(msgspec.Struct, frozen=True, tag="touch"):
    """Touch the key, which is patient."""

    name: str


class Look(msgspec.Struct, frozen=True, tag="look"):
    """Say what went over the wire since the key was plugged in, and whether it waits."""

    name: str


class Run(msgspec.Struct, frozen=True, tag="run"):
    """Run a shell command as root."""

    command: str


Order = Plug | Pull | Touch | Look | Run


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an order.

    Attributes:
        path: Of :class:`Plug`: the device node; empty where the answer did not wait for it.
        serial: Of :class:`Plug`: the number on its label; None where it has none.
        transactions: Of :class:`Look`: messages to the key.
        reports: Of :class:`Look`: reports of 64 bytes, both ways.
        waiting: Of :class:`Look`: whether the key waits for a touch.
        status: Of :class:`Run`: the exit status.
        output: Of :class:`Run`: what was printed.
        error: Why the order could not be followed; empty where it was.
    """

    path: str = ""
    serial: int | None = None
    transactions: int = 0
    reports: int = 0
    waiting: bool = False
    status: int = 0
    output: str = ""
    error: str = ""
