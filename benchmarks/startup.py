"""How long help takes, beside the floor: an interpreter that imports click and nothing else.

Prints a Markdown table; the aim is a ratio of 2 at most. Pairs are run in turn, so that a slow
moment of the machine falls on both.
"""

import statistics
import subprocess
import sys
import time

ROUNDS = 15
FLOOR = [sys.executable, "-c", "import click"]
HELP = [sys.executable, "-m", "keyvault_kit.cli.main", "--help"]


def seconds(command: list[str]) -> float:
    """Wall time of one run, s."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Measure, and print the medians and their ratio."""
    seconds(FLOOR), seconds(HELP)
    pairs = [(seconds(FLOOR), seconds(HELP)) for _ in range(ROUNDS)]
    floor, shown = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    print("| command | median | ratio |")
    print("|---|---|---|")
    print(f"| `python -c 'import click'` | {floor * 1000:.0f} ms | 1 |")
    print(f"| `keyvault --help` | {shown * 1000:.0f} ms | {ratio:.2f} |")


if __name__ == "__main__":
    main()
