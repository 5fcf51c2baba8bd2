"""What one reading costs at the key, and how long many keys take when they are read at once.

The first table counts: CTAPHID transactions (a request and its answer) and HID packets of 64 bytes,
per profile of software key, without a PIN and with one. The floor is a greeting and getInfo.

The second one times, with the delays of a real bus put around the software keys: Linux sleeps
50 ms when a USB HID device is first opened (usbhid_open, drivers/hid/usbhid/hid-core.c), and a
packet waits for its turn on a full-speed interrupt endpoint, here 4 ms each way. The aim is that 16
keys at once take less than three times as long as one.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from keyvault_kit.assembly import SOFTWARE_MODELS, Bench
from keyvault_kit.keys.hid import HidBus, HidHandle, plugged
from keyvault_kit.keys.pin import set_pin
from keyvault_kit.keys.reading import Reading, read_all, read_one
from keyvault_kit.keys.session import open_session
from keyvault_kit.secret import Secret

OPEN_S, PACKET_S = 0.050, 0.004
NUMBERS = (1, 4, 16)
RUNS = 7
AIM = 3.0
BEGAN = datetime(2026, 1, 5, tzinfo=UTC)
PIN = b"73915264"


class CountedBus:
    """A bus that counts what goes over it, and can be as slow as a real one."""

    def __init__(self, bus: HidBus, *, open_s: float = 0.0, packet_s: float = 0.0) -> None:
        self.bus, self.open_s, self.packet_s = bus, open_s, packet_s
        self.transactions = self.packets_out = self.packets_in = 0

    def enumerate(self) -> list[dict[str, object]]:
        """As the bus does."""
        return self.bus.enumerate()

    def open(self, path: bytes) -> HidHandle:
        """As the bus does, late."""
        time.sleep(self.open_s)
        return CountedHandle(self, self.bus.open(path))


class CountedHandle:
    """A device on a counted bus."""

    def __init__(self, bus: CountedBus, handle: HidHandle) -> None:
        self.bus, self.handle = bus, handle

    def write(self, data: bytes) -> int:
        """Send one report; those that begin a message begin a transaction (CTAP 2.1, 11.2.4)."""
        time.sleep(self.bus.packet_s)
        self.bus.packets_out += 1
        self.bus.transactions += data[5] >> 7  # behind the report id and the channel
        return self.handle.write(data)

    def read(self, max_length: int, timeout_ms: int = 0) -> list[int]:
        """One report, or nothing."""
        report = self.handle.read(max_length, timeout_ms)
        if report:
            time.sleep(self.bus.packet_s)
            self.bus.packets_in += 1
        return report

    def close(self) -> None:
        """Let go of the device."""
        self.handle.close()


def plug(bench: Bench, model: str, number: int = 1) -> None:
    """Plug in that many keys of a model, and nothing else."""
    for name in bench.plugged_in():
        bench.unplug(name)
    for n in range(number):
        bench.add(f"{model}-{n}", model)
        bench.plug(f"{model}-{n}")


def give_pin(bus: HidBus) -> None:
    """Set a PIN on the only key."""
    (key,) = plugged(bus)
    with open_session(bus, key) as session:
        set_pin(session, Secret(PIN))


def cost(bus: HidBus) -> str:
    """What one reading of the only key costs, as two cells of the table."""
    counted = CountedBus(bus)
    (key,) = plugged(counted)
    row = read_one(counted, key)
    assert isinstance(row, Reading), row  # noqa: S101 - what is measured was done
    return f"{counted.transactions} | {counted.packets_out} + {counted.packets_in}"


def print_costs(bench: Bench) -> None:
    """The first table."""
    print("| profile | transactions | packets out + in | with a PIN | packets out + in |")
    print("|---|---:|---:|---:|---:|")
    for model in SOFTWARE_MODELS:
        plug(bench, model)
        without = cost(bench.bus)
        give_pin(bench.bus)
        print(f"| {model} | {without} | {cost(bench.bus)} |")


def median_ms(act: Callable[[], object]) -> float:
    """Median wall time, ms."""
    times: list[float] = []
    for _ in range(RUNS):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def read_them(bus: HidBus, number: int) -> None:
    """Read them all, and make sure of it."""
    rows = read_all(bus)
    assert sum(isinstance(row, Reading) for row in rows) == number, rows  # noqa: S101


def print_times(bench: Bench, model: str) -> None:
    """The second table."""
    print(f"\nLike '{model}', {OPEN_S * 1000:.0f} ms to open, {PACKET_S * 1000:.0f} ms a packet.\n")
    print("| keys at once | ms | times one | without any delay, ms |\n|---:|---:|---:|---:|")
    slow = CountedBus(bench.bus, open_s=OPEN_S, packet_s=PACKET_S)
    times: list[float] = []
    for number in NUMBERS:
        plug(bench, model, number)
        bare = median_ms(partial(read_them, bench.bus, number))
        times.append(median_ms(partial(read_them, slow, number)))
        print(f"| {number} | {times[-1]:.0f} | {times[-1] / times[0]:.2f} | {bare:.0f} |")
    kept = "kept" if times[-1] / times[0] < AIM else "MISSED"
    print(f"\n{NUMBERS[-1]} keys in less than {AIM:.0f} times one: {kept}.")


def main() -> None:
    """Count and time, and print both tables."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), seed=bytes(32), not_before=BEGAN)
        print_costs(bench)
        print_times(bench, "five")


if __name__ == "__main__":
    main()
