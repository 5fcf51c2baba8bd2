"""How long it takes to work out who could use which account, and what it grows with.

The plan is of 60 people, 30 safes of 2 to 6 openers at 6 sites, a third of them for two openers,
and 10 accounts with two keys, their PINs and a password in 2-of-3 shares each. Reading it is the
floor that all else is compared with, in the same run. Beside it stands the obvious way: to try
every group of people, but only those of up to three, since there are 10^18 groups of 60; what it
finds must be what the analysis lists. Then people, safes and accounts grow, one at a time.

The worst plans come last: a password in many pieces, each in a safe of its own. How many groups
there are matters little; what the openers of the safes have in common matters much: nothing
(`apart`), three of six with the next safe (`in a ring`), people who stand in a square and open the
safes of their row and of their column (`crossing`), or six of 60 people by chance (`at random`).
Each is measured in a process of its own, for its peak of memory. What cannot be counted is refused.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

from keyvault_kit.custody.analysis import analyse
from keyvault_kit.custody.coalitions import Coalitions, Cut, Uncounted, minimal_coalitions
from keyvault_kit.custody.conditions import AtLeast, Condition, Have, conditions
from keyvault_kit.custody.holdings import Holdings
from keyvault_kit.custody.judging import judge_holdings
from keyvault_kit.custody.plan import parse
from keyvault_kit.custody.survival import Survival

AIM_MS = 2000

_LOSSES = (
    "site_loss",
    "safe_loss",
    "item_loss",
    "one_person_absent",
    "two_absent_lock_out",
    "site_loss_and_one_absent",
)
RUNS = 9
SITES = 6
FEWEST, MOST = 2, 6
"""Openers of a safe."""

PIECES = 7
"""Items of an account: two keys, their PINs, three shares."""

MEMORIES = 20
TRIED = 3
"""People in the groups that are tried one by one, at most."""

MANY = 10**15
PEOPLE = (15, 30, 60, 120, 240, 480)
SAFES = (8, 15, 30, 60, 120, 240)
ACCOUNTS = (1, 10, 100, 1000)

Plan = dict[str, Any]


# --- Plans


def organisation(*, people: int = 60, safes: int = 30, accounts: int = 10) -> Plan:
    """A plan of that size, the same each time."""
    random = Random(1)  # noqa: S311 - the same plan each time
    persons = [f"person-{n}" for n in range(people)]
    names = [f"safe-{n}" for n in range(safes)]
    items = [
        it | {"safe": safe}
        for n in range(accounts)
        for it, safe in zip(belongings(n), random.sample(names, PIECES), strict=True)
    ]
    return {
        "people": persons,
        "sites": {f"site-{n}": names[n::SITES] for n in range(SITES)},
        "safes": {
            name: {
                "openers": random.sample(persons, random.randint(FEWEST, MOST)),
                "need": 2 if n % 3 == 0 else 1,
            }
            for n, name in enumerate(names)
        },
        "items": items,
        "remembered": [
            {"person": random.choice(persons), "item": random.choice(items)["id"]}
            for _ in range(MEMORIES)
        ],
    }


def belongings(number: int) -> Iterator[dict[str, Any]]:
    """What opens an account."""
    account = f"bg{number}"
    for key in (f"K{number}-1", f"K{number}-2"):
        yield {"id": key, "kind": "key", "account": account}
        yield {"id": f"{key}-pin", "kind": "pin", "for": key}
    share = {"kind": "share", "account": account, "set": f"P{number}", "threshold": 2, "of": 3}
    for n in (1, 2, 3):
        yield {"id": f"P{number}-{n}"} | share


def pieces(openers: Sequence[Sequence[int]], need: int, enough: int) -> Plan:
    """A password in pieces, each in a safe of its own with these openers."""
    return {
        "people": [f"person-{n}" for n in sorted({n for its in openers for n in its})],
        "sites": {"site": [f"safe-{n}" for n in range(len(openers))]},
        "safes": {
            f"safe-{n}": {"openers": [f"person-{it}" for it in its], "need": need}
            for n, its in enumerate(openers)
        },
        "items": [
            {"id": f"P-{n}", "kind": "share", "account": "bg", "set": "P", "threshold": enough}
            | {"safe": f"safe-{n}"}
            for n in range(len(openers))
        ],
    }


def apart(count: int) -> list[list[int]]:
    """Safes whose six openers have nothing in common."""
    return [list(range(6 * n, 6 * n + 6)) for n in range(count)]


def in_a_ring(count: int) -> list[list[int]]:
    """Safes in a ring, each of which shares three of its six openers with the next."""
    return [[(3 * n + k) % (3 * count) for k in range(6)] for n in range(count)]


def crossing(count: int) -> list[list[int]]:
    """The rows and columns of a square of people: each opens two safes."""
    side = count // 2
    rows = [[row * side + column for column in range(side)] for row in range(side)]
    return rows + [list(column) for column in zip(*rows, strict=True)]


def at_random(count: int) -> list[list[int]]:
    """Safes with six openers each out of 60 people, drawn by chance."""
    random = Random(1)  # noqa: S311 - the same plan each time
    return [sorted(random.sample(range(60), 6)) for _ in range(count)]


SHAPES: dict[str, Callable[[int], list[list[int]]]] = {
    "apart": apart,
    "in a ring": in_a_ring,
    "crossing": crossing,
    "at random": at_random,
}

WORST = (
    ("apart", 10, 3, 10),
    ("apart", 30, 3, 30),
    ("in a ring", 10, 3, 10),
    ("in a ring", 30, 3, 30),
    ("crossing", 8, 1, 8),
    ("crossing", 10, 1, 10),
    ("crossing", 12, 1, 12),
    ("crossing", 14, 1, 14),
    ("at random", 3, 2, 2),
    ("at random", 5, 2, 3),
    ("at random", 10, 2, 5),
    ("at random", 12, 2, 6),
    ("at random", 14, 2, 7),
    ("at random", 10, 2, 10),
    ("at random", 12, 2, 12),
    ("at random", 14, 2, 14),
    ("at random", 16, 2, 16),
    ("at random", 16, 2, 8),
)
"""What the openers have in common, pieces, openers that a safe needs, pieces that are needed."""


# --- Measuring


def times_ms(works: Mapping[str, Callable[[], object]], runs: int = RUNS) -> dict[str, list[float]]:
    """CPU times of each, in ms; they take turns, so that a round meets the same machine."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            start = time.process_time()
            work()
            times[name].append((time.process_time() - start) * 1000)
    return times


def beside(times: Sequence[float], floor: Sequence[float]) -> str:
    """The median in ms, and that of the ratios to the floor by round."""
    ratio = statistics.median(it / least for it, least in zip(times, floor, strict=True))
    return f"{statistics.median(times):.1f} | {ratio:.1f}"


def survival(holdings: Holdings) -> None:
    """Ask all about losses and absences."""
    its = Survival(holdings)
    for question in _LOSSES:
        getattr(its, question)


def one_by_one(holdings: Holdings, most: int) -> dict[str, set[tuple[str, ...]]]:
    """Account -> its minimal coalitions of up to that many, by trying every group."""
    found: dict[str, set[tuple[str, ...]]] = {account: set() for account in holdings.accounts}
    its = conditions(holdings)
    for size in range(1, most + 1):
        for group in combinations(holdings.people, size):
            present = frozenset(group)
            for account, smaller in found.items():
                if met(its[account], present) and not any(present.issuperset(it) for it in smaller):
                    smaller.add(group)
    return found


def met(condition: Condition, present: frozenset[str]) -> bool:
    """Whether these people meet a condition now."""
    if isinstance(condition, Have):
        return any(len(way.people & present) >= way.need for way in condition.item.now)
    return several(condition, present)


def several(condition: AtLeast, present: frozenset[str]) -> bool:
    """Whether they meet enough of several."""
    return sum(met(it, present) for it in condition.of) >= condition.need


def count(coalitions: Coalitions) -> int:
    """How many there are."""
    if isinstance(coalitions, Uncounted):
        raise SystemExit("an account was not counted")
    return sum(coalitions.by_size.values()) if isinstance(coalitions, Cut) else len(coalitions)


def shortly(number: int) -> str:
    """A number that a reader can take in."""
    return f"{number:,}" if number < MANY else f"{number:.1e}"


def command_ms(text: str) -> float:
    """What the command takes for a plan, from its start to its end, in ms of the clock."""
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.json"
        plan.write_text(text)
        command = (sys.executable, "-m", "keyvault_kit.cli.main", "custody", "analyse")
        start = time.perf_counter()
        done = subprocess.run(
            (*command, "--plan", plan, "--json"), check=False, capture_output=True
        )
        took = (time.perf_counter() - start) * 1000
    if "minimal_coalitions_now" not in json.loads(done.stdout):
        raise SystemExit("the command gave no answer")
    return took


# --- Tables


def print_the_plan() -> None:
    """Print what each part of the analysis takes, and hold it against the aim."""
    text = json.dumps(organisation())
    holdings = parse(text, "plan.json")
    works: dict[str, Callable[[], object]] = {
        "reading the plan": lambda: parse(text, "plan.json"),
        "coalitions, now": lambda: minimal_coalitions(holdings, ever=False),
        "coalitions, ever": lambda: minimal_coalitions(holdings, ever=True),
        "survival": lambda: survival(holdings),
        "findings": lambda: judge_holdings(holdings),
        "the whole analysis": lambda: analyse(holdings),
        "every group of one or two, one by one": lambda: one_by_one(holdings, 2),
    }
    times = times_ms(works)
    times["every group of up to three, one by one"] = [compare(holdings)] * RUNS
    print(f"60 people, 30 safes, 10 accounts, 70 items, median of {RUNS}:\n")
    print("| | ms | times reading |\n|---|---:|---:|")
    for name, runs in times.items():
        print(f"| {name} | {beside(runs, times['reading the plan'])} |")
    took = statistics.median(times["the whole analysis"])
    command = statistics.median(command_ms(text) for _ in range(5))
    print(f"\nThe command with its start and its JSON: {command:.0f} ms of the clock.")
    print(f"Aim: {AIM_MS} ms for the whole analysis.")
    if took > AIM_MS:
        raise SystemExit("the analysis took longer than it should")


def compare(holdings: Holdings) -> float:
    """Hold the small coalitions against trying every group; what that took, in ms."""
    start = time.process_time()
    obvious = one_by_one(holdings, TRIED)
    took = (time.process_time() - start) * 1000
    for account, coalitions in minimal_coalitions(holdings, ever=False).items():
        if isinstance(coalitions, (Cut, Uncounted)) or obvious[account] != {
            it for it in coalitions if len(it) <= TRIED
        }:
            raise SystemExit(f"the coalitions of {account} are not those of trying every group")
    return took


def print_growth(what: str, plans: Mapping[int, Plan]) -> None:
    """Print what a larger plan takes."""
    print(f"\nGrowth in {what}, the rest as above:\n")
    print(f"| {what} | items | coalitions, now | reading, ms | analysis, ms | times reading |")
    print("|---:|---:|---:|---:|---:|---:|")
    for size, plan in plans.items():
        print(f"| {size} | {grown(json.dumps(plan))} |", flush=True)


def grown(text: str) -> str:
    """The cells of a plan in a table of growth."""
    holdings = parse(text, "plan.json")
    works: dict[str, Callable[[], object]] = {
        "reading": lambda: parse(text, "plan.json"),
        "analysis": lambda: analyse(holdings),
    }
    times = times_ms(works, 3)
    found = sum(map(count, minimal_coalitions(holdings, ever=False).values()))
    reading = f"{statistics.median(times['reading']):.1f}"
    analysis = beside(times["analysis"], times["reading"])
    return f"{len(holdings.items)} | {found} | {reading} | {analysis}"


def print_worst() -> None:
    """Print what the worst plans take, each in a process of its own."""
    print("\nA password in pieces, each in a safe of its own:\n")
    print("| openers | needed of a safe | pieces | enough | coalitions | ms | peak, MB |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for shape, safes, need, enough in WORST:
        words = (sys.executable, __file__, "--child", shape, str(safes), str(need), str(enough))
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        print(f"| {shape} | {need} | {safes} | {enough} | {done.stdout.strip()} |", flush=True)


def run_child(shape: str, safes: int, need: int, enough: int) -> None:
    """Print how many coalitions such a plan has, what it takes and the peak memory."""
    holdings = parse(json.dumps(pieces(SHAPES[shape](safes), need, enough)), "plan.json")
    start = time.process_time()
    coalitions = minimal_coalitions(holdings, ever=False)["bg"]
    found = "not counted" if isinstance(coalitions, Uncounted) else shortly(count(coalitions))
    took = (time.process_time() - start) * 1000
    status = Path("/proc/self/status").read_text().split()
    peak = int(status[status.index("VmHWM:") + 1]) // 1024  # proc(5)
    print(f"{found} | {took:.0f} | {peak}")


def main() -> None:
    """Print all tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    child = parser.parse_args().child
    if child:
        shape, *numbers = child
        run_child(shape, *map(int, numbers))
        return
    print_the_plan()
    print_growth("people", {n: organisation(people=n) for n in PEOPLE})
    print_growth("safes", {n: organisation(safes=n) for n in SAFES})
    print_growth("accounts", {n: organisation(accounts=n) for n in ACCOUNTS})
    print_worst()


if __name__ == "__main__":
    main()
