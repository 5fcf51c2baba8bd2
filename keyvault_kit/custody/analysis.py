"""The whole analysis of holdings: who could act, who always can, and what is wrong with that."""

from collections.abc import Iterator
from typing import Any

import msgspec

from keyvault_kit.custody.coalitions import Coalitions, Cut, Uncounted, minimal_coalitions
from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.holdings import Holdings
from keyvault_kit.custody.judging import judge_holdings
from keyvault_kit.custody.survival import Survival


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """What holdings come to; the fields are those of the JSON document (docs/custody.md).

    Attributes:
        minimal_coalitions_now: Account -> who together can use it, by safes and holders.
        minimal_coalitions_ever: The same with what was seen, remembered and in reach before.
        site_loss, safe_loss, item_loss: What is lost -> the accounts that all people together can
            still use; passwords count where they sign in.
        one_person_absent: Person -> the accounts that the others can use.
        any_two_absent_that_lock_out_everything: The pairs after which no account can be used.
        site_loss_and_one_absent: Site -> person -> the accounts that the others can still use.
    """

    minimal_coalitions_now: dict[str, Coalitions]
    minimal_coalitions_ever: dict[str, Coalitions]
    site_loss: dict[str, tuple[str, ...]]
    safe_loss: dict[str, tuple[str, ...]]
    item_loss: dict[str, tuple[str, ...]]
    one_person_absent: dict[str, tuple[str, ...]]
    any_two_absent_that_lock_out_everything: tuple[tuple[str, str], ...]
    site_loss_and_one_absent: dict[str, dict[str, tuple[str, ...]]]
    findings: tuple[RuleFinding, ...]


def analyse(holdings: Holdings) -> Analysis:
    """Work everything out; of an account that cannot be counted, the finding says so."""
    survival = Survival(holdings)
    now = minimal_coalitions(holdings, ever=False)
    more = any(it.before for it in holdings.items)
    ever = minimal_coalitions(holdings, ever=True) if more else now
    return Analysis(
        minimal_coalitions_now=now,
        minimal_coalitions_ever=ever,
        site_loss=survival.site_loss,
        safe_loss=survival.safe_loss,
        item_loss=survival.item_loss,
        one_person_absent=survival.one_person_absent,
        any_two_absent_that_lock_out_everything=survival.two_absent_lock_out,
        site_loss_and_one_absent=survival.site_loss_and_one_absent,
        findings=(*judge_holdings(holdings, survival), *_uncounted(now, ever)),
    )


def _uncounted(now: dict[str, Coalitions], ever: dict[str, Coalitions]) -> Iterator[RuleFinding]:
    for account, its in now.items():
        if Uncounted() in (its, ever[account]):
            yield RuleFinding(
                rule="S38",
                severity=Severity.UNKNOWN,
                subject=account,
                what=f"who together could use {account} was not counted",
                why="Too many safes that share many of their openers give it together.",
                mend="Split its secrets into fewer pieces, or let fewer people open each safe.",
            )


def to_json(analysis: Analysis) -> dict[str, Any]:
    """The JSON document of an analysis; a cut says so in the place of the coalitions."""
    document = msgspec.structs.asdict(analysis)
    for name in ("minimal_coalitions_now", "minimal_coalitions_ever"):
        document[name] = {account: _listed(its) for account, its in document[name].items()}
    document["findings"] = [
        {name: getattr(it, name) for name in ("rule", "severity", "what", "why", "mend")}
        for it in analysis.findings
    ]
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))
    return plain


def _listed(coalitions: Coalitions) -> object:
    if isinstance(coalitions, Uncounted):
        return {"cut": True, "by_size": {}}
    if isinstance(coalitions, Cut):
        return {"cut": True, "by_size": {str(n): it for n, it in coalitions.by_size.items()}}
    return coalitions
