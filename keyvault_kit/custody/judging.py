"""What is wrong with holdings: one function a requirement, for plans and registers alike."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from keyvault_kit.custody.conditions import AtLeast, Condition, Have, conditions
from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.holdings import Holdings, Item, Kind, Source
from keyvault_kit.custody.lacking import lacking, not_counted_on
from keyvault_kit.custody.reasons import Reasons, Use
from keyvault_kit.custody.survival import Survival
from keyvault_kit.custody.wording import count_of, listed

TWO: Final = 2

_NAMED: Final = 5
"""So many pairs, or reasons, are named in a finding; the analysis lists all."""

Found = Iterator[RuleFinding]


def judge_holdings(holdings: Holdings, survival: Survival | None = None) -> tuple[RuleFinding, ...]:
    """All findings about holdings, the worst first.

    Args:
        survival: What survives of them, where somebody has asked that already.
    """
    order = list(Severity)
    survival = survival or Survival(holdings)
    found = [
        *s34(holdings),
        *s35(holdings, survival),
        *s36(holdings),
        *s37(holdings, survival),
        *s38(holdings),
        *s39(holdings),
        *odd(holdings),
    ]
    return tuple(
        sorted(found, key=lambda it: (order.index(it.severity), it.rule, it.subject, it.what))
    )


def s34(holdings: Holdings) -> Found:
    """At least two separate secure locations."""
    used = [
        site
        for site, safes in holdings.sites.items()
        if any(it.safe in safes for it in holdings.items)
    ]
    if len(used) < TWO and holdings.items:
        yield RuleFinding(
            rule="S34",
            severity=Severity.HIGH,
            what=f"everything lies at site {used[0]}" if used else "nothing lies at any site",
            why="Two separate secure locations are the least: one fire or flood takes the rest.",
            mend="Move a key, its PIN and enough shares to a safe at a second site.",
        )


def s35(holdings: Holdings, survival: Survival) -> Found:
    """One fire or thief cannot take both keys; the same for PINs; and something must be left."""
    for site, left in survival.site_loss.items():
        for account in sorted(set(survival.everybody) - set(left)):
            yield RuleFinding(
                rule="S35",
                severity=Severity.MEDIUM if left else Severity.HIGH,
                subject=account,
                what=f"with site {site} lost, {account} cannot be used any more",
                why="A fire at one site must leave a way into every account.",
                mend=f"Keep a key of {account}, its PIN, or enough shares at another site.",
            )
    pins_for = _pins_for(holdings)
    for account, keys in _keys_of(holdings).items():
        pins = {pin.id: pin for key in keys for pin in pins_for[key.id]}
        yield from _together(holdings, account, "keys", keys)
        yield from _together(holdings, account, "PINs", list(pins.values()))


def _together(holdings: Holdings, account: str, what: str, items: list[Item]) -> Found:
    """Both of something in one safe, or at one site."""
    if len(items) < TWO:
        return
    safes = {it.safe for it in items}
    sites = {_site_of(holdings, it.safe) for it in items}
    if len(safes) == 1 and "" not in safes:
        where, who = f"safe {safes.pop()}", "thief"
    elif len(sites) == 1 and "" not in sites:
        where, who = f"site {sites.pop()}", "fire"
    else:
        return
    yield RuleFinding(
        rule="S35",
        severity=Severity.MEDIUM,
        subject=account,
        what=f"all {what} of {account} lie in {where}"
        if who == "thief"
        else f"all {what} of {account} lie at {where}",
        why=f"One {who} takes them all.",
        mend="Move one of them to another site.",
    )


def s36(holdings: Holdings) -> Found:
    """Keys and PINs in separate, restricted places."""
    pins_for = _pins_for(holdings)
    for key in holdings.items:
        if key.kind is not Kind.KEY or key.pinless:
            continue
        whole = [it for it in pins_for[key.id] if it.kind is Kind.PIN]
        for pin in whole + _enough_pieces_beside(key, pins_for[key.id]):
            same_safe = key.safe and key.safe == pin.safe
            same_hand = key.holder and key.holder == pin.holder
            if not (same_safe or same_hand):
                continue
            where = f"in safe {key.safe}" if same_safe else f"with {key.holder}"
            yield RuleFinding(
                rule="S36",
                severity=Severity.HIGH,
                subject=key.id,
                what=f"key {key.id} and its PIN ({pin.id}) lie together {where}",
                why="Whoever comes to the one has the other: the PIN protects nothing there.",
                mend="Move the PIN to a safe with other openers, best at another site.",
            )


def _enough_pieces_beside(key: Item, pins: list[Item]) -> list[Item]:
    """A piece of each set that gives the PIN of a key out of the safe in which that lies."""
    sets: dict[str, list[Item]] = defaultdict(list)
    for it in pins:
        if it.set and it.safe == key.safe and it.holder == key.holder:
            sets[it.set].append(it)
    enough = [its for its in sets.values() if len(its) >= its[0].threshold]
    return [min(its, key=lambda it: it.id) for its in enough]


def s37(holdings: Holdings, survival: Survival) -> Found:
    """Two people can act at all times: nobody is needed by name."""
    everybody = survival.everybody
    for account, lacks in lacking(holdings).items():
        yield RuleFinding(
            rule="S37",
            severity=Severity.HIGH,
            subject=account,
            what=not_counted_on(account, lacks),
            why="An emergency account that does not open is none.",
            mend=" ".join(it.mend for it in lacks)
            or "Look which key, PIN or share is missing, or lies where nobody can go.",
        )
    for person, left in survival.one_person_absent.items():
        lost = sorted(set(everybody) - set(left))
        if lost:
            yield RuleFinding(
                rule="S37",
                severity=Severity.MEDIUM if left else Severity.HIGH,
                subject=person,
                what=f"without {person}, {listed(lost)} cannot be used",
                why="People are ill, travel and leave: two must be able to, holidays included.",
                mend="Name another opener of the safes that need them, or move what lies there.",
            )
    yield from _pairs(survival)


def _pairs(survival: Survival) -> Found:
    alone = {person for person, left in survival.one_person_absent.items() if not left}
    pairs = [it for it in survival.two_absent_lock_out if not alone & set(it)]
    if pairs and survival.everybody:
        named = "; ".join(" and ".join(it) for it in pairs[:_NAMED])
        more = f"; and {count_of(left, 'more pair')}" if (left := len(pairs) - _NAMED) > 0 else ""
        yield RuleFinding(
            rule="S37",
            severity=Severity.LOW,
            what=f"no account can be used while two are away: {named}{more}",
            why="Two who are away on the same days lock the organisation out.",
            mend="Name one opener more, or never let such two be away together.",
        )


def s38(holdings: Holdings) -> Found:
    """Nobody suffices alone; two key people, plus two other PIN people."""
    reasons = Reasons(holdings)
    for person, accounts in alone(holdings, ever=False).items():
        yield RuleFinding(
            rule="S38",
            severity=Severity.HIGH,
            subject=person,
            what=f"{person} alone can use {_with_reasons(reasons, person, accounts)}",
            why="Nobody may be able to use an emergency account alone.",
            mend=_taken_from(reasons, person, accounts),
        )
    pins_for = _pins_for(holdings)
    for account, keys in _keys_of(holdings).items():
        pinned = [it for it in keys if not it.pinless]
        yield from _two_and_two(account, pinned, pins_for, holdings.acting)


def _with_reasons(
    reasons: Reasons, person: str, accounts: tuple[str, ...], *, ever: bool = False
) -> str:
    """'bg1: its key K1 lies in ...'; of several accounts each with its reason in brackets."""
    why = [reasons.why(account, (person,), ever=ever) for account in accounts[:_NAMED]]
    if len(accounts) == 1:
        return f"{accounts[0]}: {why[0]}"
    told = [f"{account} ({its})" for account, its in zip(accounts, why, strict=False)]
    return listed((*told, *accounts[_NAMED:]))


def _taken_from(reasons: Reasons, person: str, accounts: tuple[str, ...]) -> str:
    """The mend where one person has enough: of what they hold, or else of what they open."""
    uses: list[Use] = []
    for account in accounts[:_NAMED]:
        uses += reasons.uses(account, (person,)) or ()
    held = sorted({use.item.id for use in uses if not use.item.safe})
    if held:
        return (
            f"Take from {person} what they have in hand ({listed(held)}): change the secret of"
            " each sheet that lay open, and deposit the rest where others open."
        )
    safes = sorted({use.item.safe for use in uses})
    which = f"safe {safes[0]}" if len(safes) == 1 else f"one of safes {listed(safes)}"
    return f"Have {which} take two openers, or move a part of what lies there out of their reach."


def _two_and_two(
    account: str, keys: list[Item], pins_for: dict[str, list[Item]], acting: frozenset[str]
) -> Found:
    """Too few people with authority for the keys, or for their PINs beside those."""
    if not keys:
        return
    key_people = _people(keys)
    pin_people = _people(pin for key in keys for pin in pins_for[key.id]) - key_people
    beside = f", of those who reach no key of {account},"
    for what, reaching in (
        (f" can reach the keys of {account}", key_people),
        (f"{beside} can reach its PINs", pin_people),
    ):
        people = reaching & acting
        if len(people) < TWO:
            who = f"only {listed(people)}" if people else "nobody"
            yield RuleFinding(
                rule="S38",
                severity=Severity.LOW,
                subject=account,
                what=f"{who}{what}",
                why="Two people for the keys and two others for the PINs: nobody is needed by"
                " name, and nobody has both.",
                mend="Name openers of the safes: other people for the PINs than for the keys.",
            )


def s39(holdings: Holdings) -> Found:
    """A leaver never holds everything: nobody could ever have used an account alone."""
    now, reasons = alone(holdings, ever=False), Reasons(holdings)
    for person, accounts in alone(holdings, ever=True).items():
        more = tuple(it for it in accounts if it not in now.get(person, ()))
        if more:
            which = _with_reasons(reasons, person, more, ever=True)
            yield RuleFinding(
                rule="S39",
                severity=Severity.HIGH,
                subject=person,
                what=f"with what {person} saw or could reach before, they alone can use {which}",
                why="What somebody saw counts until the secret is changed.",
                mend="Change the secrets that they saw, and the combinations that they know.",
            )


class _Odd(NamedTuple):
    """Why what is odd matters, and the mend; and the mend where there is nothing at all."""

    why: str
    mend: str
    begin: str


_ODD: Final = {
    Source.PLAN: _Odd(
        "It was taken as it stands.",
        "Look whether that is meant.",
        "Enter keys, PINs, passwords and shares.",
    ),
    Source.REGISTER: _Odd(
        "Nobody can count on it, and somebody may misuse it.",
        "Find out what became of it ('decide findings'), and settle that first. Then deposit what"
        " is whole, or correct where it lies ('envelopes correct'); remove a lost key's passkey at"
        " the tenant; seal a new password where sheets lay open, or where the tenant took another.",
        "Enrol keys, and seal a password.",
    ),
}


def odd(holdings: Holdings) -> Found:
    """What is odd in the holdings, and was taken literally."""
    its = _ODD[holdings.source]
    if not holdings.accounts:
        yield RuleFinding(
            rule=holdings.source,
            severity=Severity.LOW,
            what="no item opens an account",
            why="There is nothing to judge.",
            mend=its.begin,
        )
    for remark in holdings.remarks:
        yield RuleFinding(
            rule=holdings.source,
            severity=Severity.LOW,
            what=remark,
            why=its.why,
            mend=its.mend,
        )


# --- Who can act alone


def alone(holdings: Holdings, *, ever: bool) -> dict[str, tuple[str, ...]]:
    """Person -> the accounts that they can use alone; who can use none is left out.

    Args:
        ever: Whether what was seen, remembered and in reach before counts too.
    """
    reach: dict[str, set[str]] = defaultdict(set)
    for it in holdings.items:
        for way in it.now + (it.before if ever else ()):
            if way.need == 1:
                for person in way.people:
                    reach[person].add(it.id)
    its = conditions(holdings)
    known: dict[frozenset[str], tuple[str, ...]] = {}
    for items in map(frozenset, reach.values()):
        if items not in known:
            known[items] = tuple(sorted(it for it in its if _meets(its[it], items)))
    accounts = {person: known[frozenset(reach[person])] for person in sorted(reach)}
    return {person: mine for person, mine in accounts.items() if mine}


def _meets(condition: Condition, items: frozenset[str]) -> bool:
    if isinstance(condition, Have):
        return condition.item.id in items
    return _several(condition, items)


def _several(condition: AtLeast, items: frozenset[str]) -> bool:
    return sum(_meets(it, items) for it in condition.of) >= condition.need


# --- Small questions


def _keys_of(holdings: Holdings) -> dict[str, list[Item]]:
    """Account -> its keys."""
    found: dict[str, list[Item]] = defaultdict(list)
    for it in holdings.items:
        if it.kind is Kind.KEY and it.now:  # where a key is that nobody has, nobody knows
            for account in it.accounts:
                found[account].append(it)
    return dict(sorted(found.items()))


def _pins_for(holdings: Holdings) -> dict[str, list[Item]]:
    """Key -> what is, or is a piece of, its PIN; of a key without any, nothing."""
    found: dict[str, list[Item]] = defaultdict(list)
    for it in holdings.items:
        for key in it.keys if it.now else ():
            found[key].append(it)
    return found


def _people(items: Iterable[Item]) -> set[str]:
    return {person for it in items for way in it.now for person in way.people}


def _site_of(holdings: Holdings, safe: str) -> str:
    return next((site for site, safes in holdings.sites.items() if safe in safes), "")
