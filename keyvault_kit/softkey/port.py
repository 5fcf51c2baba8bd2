"""A key under power: reports in, reports out, one command at a time (CTAP 2.1, 11.2).

A command runs in a thread of its own, so that it can wait for a touch while the platform still
reads keepalives and may cancel. Two locks, always taken in this order:

- `chip` belongs to the command that computes; it is set down while a touch is waited for.
- `_news` guards the channels and the queues of reports, and wakes those who read.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import Final

import msgspec

from keyvault_kit.softkey.attestation import Attesters
from keyvault_kit.softkey.authenticator import answer
from keyvault_kit.softkey.core import Core
from keyvault_kit.softkey.framing import (
    BROADCAST,
    Assembler,
    Command,
    FramingError,
    HidError,
    Message,
    error_packet,
    packets,
)
from keyvault_kit.softkey.profiles import Profile
from keyvault_kit.softkey.read_config import read_config
from keyvault_kit.softkey.state import Memory
from keyvault_kit.softkey.status import CtapError, Status

KEEPALIVE_S: Final = 0.1
QUEUE_LIMIT: Final = 256
"""Reports that wait for a reader; the oldest are lost, as they are in a kernel's queue."""

_PROTOCOL_VERSION = 2
_CAN_WINK, _CAN_CBOR, _NO_MSG = 0x01, 0x04, 0x08

Reports = deque[bytes]


class KeepaliveStatus(IntEnum):
    """Why an answer keeps the platform waiting (11.2.9.2.2)."""

    PROCESSING = 1
    UPNEEDED = 2


class _Job:
    """A CTAP2 command that is being worked on."""

    def __init__(self, channel: int) -> None:
        self.channel = channel
        self.waiting = False
        self.cancelled = False


class Body(msgspec.Struct, frozen=True):
    """What a key is made of, whether it has power or not.

    Attributes:
        profile: Its make.
        memory: What it keeps without power.
        attesters: Its attestation keys.
        touch: Waits for the person's finger; False where none came.
        pace: Called before each CTAP2 command; it takes the time that computing takes.
        clock: Monotonic seconds.
        chip: Held by the command that computes; one of an earlier port may still wait for a finger.
    """

    profile: Profile
    memory: Memory
    attesters: Attesters
    touch: Callable[[], bool]
    pace: Callable[[], None]
    clock: Callable[[], float]
    chip: threading.Lock


class Port:
    """A key in a USB port, from plugging in to pulling out.

    Args:
        body: The key.

    Attributes:
        winks: How often the key blinked since it came to power.
    """

    def __init__(self, body: Body) -> None:
        self.winks = 0
        self._core = Core(body.profile, body.memory, body.attesters, self._presence, body.clock)
        self._touch = body.touch
        self._pace = body.pace
        self._chip = body.chip
        self._news = threading.Condition()
        self._assembler = Assembler(_commands(body.profile))
        self._readers: list[Reports] = []
        self._job: _Job | None = None
        self._computing = _Job(BROADCAST)
        self._last_sent = time.monotonic()
        self._fault: Exception | None = None
        self._powered = True

    def attach(self) -> Reports:
        """A queue that gets all reports from now on, as every open handle of a HID device does.

        Raises:
            OSError: The key was pulled out, or broke down.
        """
        with self._news:
            self._require_power()
            reports = Reports(maxlen=QUEUE_LIMIT)
            self._readers.append(reports)
            return reports

    def detach(self, reports: Reports) -> None:
        """Give the queue up."""
        with self._news:
            self._readers = [reader for reader in self._readers if reader is not reports]

    def take(self, packet: bytes) -> None:
        """Take a packet of 64 bytes from the platform.

        Raises:
            OSError: The key was pulled out, or broke down.
        """
        with self._news:
            self._require_power()
            self._drop_stalled()
            try:
                message = self._assembler.feed(packet, self._core.clock())
                if message:
                    self._dispatch(message)
            except FramingError as error:
                self._send(error_packet(error))

    def next_report(self, reports: Reports, timeout_s: float) -> bytes | None:
        """Wait for a report in the queue; None where none came within the time.

        Raises:
            OSError: The key was pulled out, or broke down.
        """
        until = time.monotonic() + timeout_s
        with self._news:
            while True:
                self._require_power()
                self._drop_stalled()
                self._keep_alive()
                if reports:
                    return reports.popleft()
                left = until - time.monotonic()
                if left <= 0:
                    return None
                self._news.wait(min(left, KEEPALIVE_S))

    def unplug(self) -> None:
        """Cut the power: what was volatile is gone, and a command that waits ends unanswered."""
        with self._news:
            self._powered = False
            self._abandon_job()
            self._news.notify_all()

    def _require_power(self) -> None:
        if self._fault:
            raise OSError("the software key broke down") from self._fault
        if not self._powered:
            raise OSError("the software key was pulled out")

    def _send(self, *reports: bytes) -> None:
        for reader in self._readers:
            reader.extend(reports)
        self._last_sent = time.monotonic()
        self._news.notify_all()

    def _reply(self, channel: int, command: Command, payload: bytes) -> None:
        self._send(*packets(Message(channel, command, payload)))

    def _drop_stalled(self) -> None:
        error = self._assembler.give_up(self._core.clock())
        if error:
            self._send(error_packet(error))

    def _keep_alive(self) -> None:
        """While a command runs the platform hears of it every 100 ms."""
        job = self._job
        if job and time.monotonic() - self._last_sent >= KEEPALIVE_S:
            status = KeepaliveStatus.UPNEEDED if job.waiting else KeepaliveStatus.PROCESSING
            self._reply(job.channel, Command.KEEPALIVE, bytes([status]))

    def _dispatch(self, message: Message) -> None:
        match message.command:
            case Command.INIT:
                self._init(message)
            case Command.CANCEL:
                self._cancel(message.channel)
            case _ if self._job:
                raise FramingError(message.channel, HidError.CHANNEL_BUSY)
            case Command.CBOR:
                self._start(message)
            case Command.PING:
                self._reply(message.channel, Command.PING, message.payload)
            case Command.WINK:
                self._wink(message)
            case Command.READ_CONFIG:
                self._read_config(message)

    def _init(self, message: Message) -> None:
        """Give a channel away, or bring one back in step, whose command is then dropped."""
        channel = message.channel
        if channel == BROADCAST:
            channel = self._assembler.new_channel()
        elif self._job and self._job.channel == channel:
            self._abandon_job()
        version = bytes([_PROTOCOL_VERSION, *self._core.profile.version])
        abilities = bytes([_CAN_WINK | _CAN_CBOR | _NO_MSG])
        payload = message.payload + channel.to_bytes(4) + version + abilities
        self._reply(message.channel, Command.INIT, payload)

    def _wink(self, message: Message) -> None:
        if message.payload:
            raise FramingError(message.channel, HidError.INVALID_LEN)
        self.winks += 1
        self._reply(message.channel, Command.WINK, b"")

    def _read_config(self, message: Message) -> None:
        # Old hosts send no page number.
        if len(message.payload) > 1:
            raise FramingError(message.channel, HidError.INVALID_LEN)
        try:
            page = read_config(
                self._core.profile, self._core.state, int.from_bytes(message.payload)
            )
        except ValueError as error:
            raise FramingError(message.channel, HidError.INVALID_PAR) from error
        self._reply(message.channel, Command.READ_CONFIG, page)

    def _start(self, message: Message) -> None:
        if not message.payload:
            raise FramingError(message.channel, HidError.INVALID_LEN)
        job = self._job = _Job(message.channel)
        threading.Thread(target=self._work, args=(job, message.payload), daemon=True).start()

    def _cancel(self, channel: int) -> None:
        """End a command that waits for a touch; one that computes ends where it would wait."""
        job = self._job
        if job is None or job.channel != channel:
            return
        job.cancelled = True
        if job.waiting:
            self._job = None
            self._reply(channel, Command.CBOR, bytes([Status.KEEPALIVE_CANCEL]))

    def _abandon_job(self) -> None:
        if self._job:
            self._job.cancelled = True
            self._job = None

    def _work(self, job: _Job, request: bytes) -> None:
        """Run a command, save what it changed, and only then answer."""
        try:
            reply = self._compute(job, request)
        except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to: readers get it
            with self._news:
                self._fault = error
                self._news.notify_all()
            return
        with self._news:
            if self._job is job:
                self._job = None
                self._reply(job.channel, Command.CBOR, reply)

    def _compute(self, job: _Job, request: bytes) -> bytes:
        memory = self._core.memory
        with self._chip:
            self._computing = job
            try:
                self._pace()
                reply = answer(self._core, request)
                memory.commit()
            except Exception:
                memory.revert()
                raise
        return reply

    def _presence(self) -> bool:
        """Wait for a touch with the chip set down; called by the command that holds it."""
        job = self._computing
        self._announce_wait(job)
        self._chip.release()
        try:
            touched = self._touch()
        finally:
            self._chip.acquire()
            self._computing = job
        with self._news:
            job.waiting = False
            if job.cancelled:
                raise CtapError(Status.KEEPALIVE_CANCEL)
        return touched

    def _announce_wait(self, job: _Job) -> None:
        with self._news:
            if job.cancelled:
                raise CtapError(Status.KEEPALIVE_CANCEL)
            job.waiting = True
            self._reply(job.channel, Command.KEEPALIVE, bytes([KeepaliveStatus.UPNEEDED]))


def _commands(profile: Profile) -> frozenset[int]:
    """What the key knows. MSG, the way to U2F, it refuses, as its capabilities say."""
    known = {Command.PING, Command.INIT, Command.WINK, Command.CBOR, Command.CANCEL}
    if profile.read_config is not None:
        known.add(Command.READ_CONFIG)
    return frozenset(known)
