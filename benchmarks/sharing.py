"""Split and recover a password's 32 bytes, find a wrong word, and see what timing tells.

Beside the kit stand shamir-mnemonic and the bare PBKDF2 of SLIP-0039: the floor, which nobody can
save. Timing is judged as dudect does (Reparaz, Balasch, Verbauwhede, 2017): two classes of inputs
take turns at random, the slowest are thrown away, and Welch's t says how well the times tell them
apart: the largest of several crops. Below 4.5 they do not.
"""

import gc
import hashlib
import math
import random
import secrets
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

from shamir_mnemonic import combine_mnemonics, generate_mnemonics
from shamir_mnemonic.shamir import RawShare, _interpolate

from keyvault_kit.secret import Secret
from keyvault_kit.sharing import gf256, mending, slip39
from keyvault_kit.sharing.cipher import BASE_ITERATIONS, ROUNDS
from keyvault_kit.sharing.proofs import share_proof
from keyvault_kit.sharing.slip39_wordlist import WORDS

RUNS = 41
SAMPLES = 20_000
CROPS = (0.5, 0.75, 0.9)
"""Shares of the samples that are kept, the fastest ones."""

EXPONENT = 1
SECRET = secrets.token_bytes(32)
Points = Sequence[tuple[int, bytes]]
Interpolation = Callable[[Points, int], bytes]


def times_ms(works: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
    """CPU times of each, in ms; they take turns, so that a round meets the same machine."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(RUNS):
        for name, work in works.items():
            start = time.process_time()
            work()
            times[name].append((time.process_time() - start) * 1000)
    return times


def floor() -> None:
    """The PBKDF2 of one encryption or decryption."""
    iterations = (BASE_ITERATIONS << EXPONENT) // ROUNDS
    for number in range(ROUNDS):
        hashlib.pbkdf2_hmac("sha256", bytes([number]), bytes(16), iterations, dklen=16)


def split(threshold: int, count: int, secret: bytes = SECRET) -> tuple[str, ...]:
    """The kit's split, to words."""
    shares = slip39.split(
        Secret(secret), threshold=threshold, count=count, random=secrets.token_bytes
    )
    return tuple(share.mnemonic() for share in shares)


def peer_split(threshold: int, count: int) -> object:
    """The reference implementation's, the same set."""
    return generate_mnemonics(1, [(threshold, count)], SECRET, iteration_exponent=EXPONENT)


def print_speed(threshold: int, count: int) -> None:
    """Print the medians of splitting and recovering, and of their ratios to the floor by round."""
    words = split(threshold, count)[:threshold]
    rows: dict[str, Callable[[], object]] = {
        "PBKDF2 alone": floor,
        "split, keyvault-kit": lambda: split(threshold, count),
        "split, shamir-mnemonic": lambda: peer_split(threshold, count),
        "recover, keyvault-kit": lambda: slip39.combine(map(slip39.Share.parse, words)),
        "recover, shamir-mnemonic": lambda: combine_mnemonics(words),
    }
    times = times_ms(rows)
    print(f"\nShares {threshold} of {count}, 32 bytes, exponent {EXPONENT}, median of {RUNS}:\n")
    print("| | ms | times PBKDF2 |\n|---|---:|---:|")
    for name, runs in times.items():
        ratios = (run / least for run, least in zip(runs, times["PBKDF2 alone"], strict=True))
        print(f"| {name} | {statistics.median(runs):.2f} | {statistics.median(ratios):.2f} |")


def print_search() -> None:
    """Print how long the search for a wrong word takes, with 1000 proofs to confirm by."""
    print("\nWrong word, with 1000 proofs in the register:\n")
    print("| words | ms, median | ms, longest |\n|---:|---:|---:|")
    for size in (32, 48):
        words = [WORDS.index(word) for word in split(2, 3, secrets.token_bytes(size))[0].split()]
        right = share_proof(" ".join(WORDS[number] for number in words))
        proofs = {right, *(secrets.token_hex(32) for _ in range(999))}
        times = []
        for place in range(len(words)):
            wrong = [*words]
            wrong[place] ^= 1 + secrets.randbelow(1023)
            start = time.perf_counter()
            (found,) = mending.candidates(wrong, proofs)
            times.append((time.perf_counter() - start) * 1000)
            if not found.confirmed:
                raise SystemExit("the search missed a word")
        print(f"| {len(words)} | {statistics.median(times):.2f} | {max(times):.2f} |")


def reference(points: Points, x: int) -> bytes:
    """The reference implementation's interpolation, by tables of powers and logarithms."""
    return bytes(_interpolate([RawShare(*point) for point in points], x))


def byte_by_byte(points: Points, x: int) -> bytes:
    """Without tables or branches, a byte at a time, in integers as wide as the values make them."""
    factors = gf256.coefficients([index for index, _ in points], x)
    return bytes(
        _sum_of_products(factors, column)
        for column in zip(*(value for _, value in points), strict=True)
    )


def _sum_of_products(factors: Sequence[int], values: Sequence[int]) -> int:
    total = 0
    for bit in reversed(range(8)):
        total = total << 1 ^ (total >> 7) * (0x100 | gf256.REDUCTION)
        for factor, value in zip(factors, values, strict=True):
            total ^= (factor >> bit & 1) * value
    return total


def unguarded(points: Points, x: int) -> bytes:
    """The kit's own lanes in one big integer, without the guard bits above them."""
    size = len(points[0][1])
    ones = int.from_bytes(b"\x01" * size, "big")
    factors = gf256.coefficients([index for index, _ in points], x)
    values = [int.from_bytes(value, "big") for _, value in points]
    total = 0
    for bit in reversed(range(8)):
        tops = total >> 7 & ones
        total = (total & ones * 0x7F) << 1 ^ tops ^ tops << 1 ^ tops << 3 ^ tops << 4
        for factor, value in zip(factors, values, strict=True):
            if factor >> bit & 1:
                total ^= value
    return total.to_bytes(size, "big")


def welch_t(one: Sequence[float], other: Sequence[float]) -> float:
    """Welch's t of two samples."""
    spread = statistics.variance(one) / len(one) + statistics.variance(other) / len(other)
    return (statistics.fmean(one) - statistics.fmean(other)) / math.sqrt(spread)


def timings(work: Interpolation, xs: Sequence[int], x: int) -> list[tuple[int, bool]]:
    """Nanoseconds of interpolations, the fastest first, and whether the values were zeros."""
    classes = [True, False] * SAMPLES
    random.shuffle(classes)
    # Each value is an object of its own, made in turn: none lies better in the cache.
    inputs = [[(i, bytes(32) if zero else secrets.token_bytes(32)) for i in xs] for zero in classes]
    times = []
    for points in inputs:
        start = time.perf_counter_ns()
        work(points, x)
        times.append(time.perf_counter_ns() - start)
    return sorted(zip(times, classes, strict=True))


def compare(samples: Sequence[tuple[int, bool]], kept: float) -> tuple[float, float, float]:
    """Mean µs of zeros and of random values among the fastest, and Welch's t."""
    fastest = samples[: int(kept * len(samples))]
    zeros, others = ([took / 1000 for took, it in fastest if it is zero] for zero in (True, False))
    return statistics.fmean(zeros), statistics.fmean(others), welch_t(zeros, others)


def print_timing() -> None:
    """Print what the time of an interpolation tells about the values that go into it."""
    works: dict[str, Interpolation] = {
        "keyvault-kit": gf256.interpolate,
        "its lanes without guard bits": unguarded,
        "byte by byte, without tables": byte_by_byte,
        "shamir-mnemonic": reference,
    }
    xs, x = (0, 1, 2), 255
    sample = [(i, secrets.token_bytes(32)) for i in xs]
    if len({work(sample, x) for work in works.values()}) != 1:
        raise SystemExit("the interpolations do not agree")
    print(f"\nInterpolation of 3 values of 32 bytes: zeros or random, {SAMPLES} of each:\n")
    print("| | µs, zeros | µs, random | Welch's t |\n|---|---:|---:|---:|")
    gc.disable()
    for name, work in works.items():
        timings(work, xs, x)  # warms up
        samples = timings(work, xs, x)
        found = (compare(samples, kept) for kept in CROPS)
        zeros, others, t = max(found, key=lambda it: abs(it[2]))
        print(f"| {name} | {zeros:.2f} | {others:.2f} | {t:.1f} |")
    gc.enable()


def main() -> None:
    """Print all tables as Markdown."""
    for threshold, count in ((2, 3), (3, 5)):
        print_speed(threshold, count)
    print_search()
    print_timing()


if __name__ == "__main__":
    main()
