"""Split and recover a password's 32 bytes, beside shamir-mnemonic and the bare PBKDF2 of SLIP-0039.

The floor is what nobody can save: four rounds of PBKDF2 at the exponent that the kit uses.
"""

import hashlib
import secrets
import statistics
import time
from collections.abc import Callable, Mapping

from shamir_mnemonic import combine_mnemonics, generate_mnemonics

from keyvault_kit.secret import Secret
from keyvault_kit.sharing import gf256, slip39
from keyvault_kit.sharing.cipher import BASE_ITERATIONS, ROUNDS

RUNS = 21
THRESHOLD, COUNT, EXPONENT = 3, 5, 1
SECRET = secrets.token_bytes(32)


def medians_ms(works: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """The median time of each, in milliseconds; they take turns, so that all meet the same CPU."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(RUNS):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(runs) * 1000 for name, runs in times.items()}


def floor() -> None:
    """The PBKDF2 of one encryption or decryption."""
    iterations = (BASE_ITERATIONS << EXPONENT) // ROUNDS
    for number in range(ROUNDS):
        hashlib.pbkdf2_hmac("sha256", bytes([number]), bytes(16), iterations, dklen=16)


def split() -> tuple[str, ...]:
    """The kit's split, to words."""
    shares = slip39.split(
        Secret(SECRET), threshold=THRESHOLD, count=COUNT, random=secrets.token_bytes
    )
    return tuple(share.mnemonic() for share in shares)


def peer_split() -> object:
    """The reference implementation's, the same set."""
    return generate_mnemonics(1, [(THRESHOLD, COUNT)], SECRET, iteration_exponent=EXPONENT)


def main() -> None:
    """Print the medians, and their ratios to the floor, as a Markdown table."""
    words = split()[:THRESHOLD]
    points = [(x, secrets.token_bytes(32)) for x in range(THRESHOLD)]
    rows: dict[str, Callable[[], object]] = {
        "PBKDF2 alone": floor,
        "split, keyvault-kit": split,
        "split, shamir-mnemonic": peer_split,
        "recover, keyvault-kit": lambda: slip39.combine(map(slip39.Share.parse, words)),
        "recover, shamir-mnemonic": lambda: combine_mnemonics(words),
        "one interpolation, keyvault-kit": lambda: gf256.interpolate(points, 255),
    }
    medians = medians_ms(rows)
    print(f"Shares {THRESHOLD} of {COUNT}, 32 bytes, exponent {EXPONENT}, median of {RUNS} runs.\n")
    print("| | ms | times PBKDF2 |\n|---|---:|---:|")
    for name, median in medians.items():
        print(f"| {name} | {median:.2f} | {median / medians['PBKDF2 alone']:.2f} |")


if __name__ == "__main__":
    main()
