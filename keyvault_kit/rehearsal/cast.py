"""Who does what in a rehearsed year, chosen from the organisation as its people would choose."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

import msgspec

from keyvault_kit.ceremonies.looking_back import took_part
from keyvault_kit.ceremonies.plans import drill, leaver
from keyvault_kit.custody.model import EnvelopeState, Role
from keyvault_kit.custody.organisation import Organisation
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.wording import listed
from keyvault_kit.errors import InputError, KeyvaultError, RefusedError

HANDS: Final = frozenset({Role.OFFICER, Role.CUSTODIAN, Role.WITNESS})


class Cast(msgspec.Struct, frozen=True):
    """The people of an organisation, for what a year asks of them."""

    organisation: Organisation

    def check(self, name: str) -> None:
        """Say what a year takes of an organisation, before anything is begun.

        Args:
            name: Of the organisation's file.

        Raises:
            InputError: An account has no object id.
            RefusedError: There is no witness beside custodian and officers.
        """
        for number, account in enumerate(self.organisation.accounts):
            if account.object_id is None:
                raise InputError(
                    f"{name}: accounts[{number}].object_id: a year reads evidence from the tenant,"
                    " which knows the account by it",
                    mend="Enter one, or rehearse a day.",
                )
        custodian = self.organisation.custodian()
        of_pins = self.organisation.officers_beside(custodian)[:2]
        if self.organisation.witness_beside(custodian, of_pins) in of_pins:
            raise RefusedError(
                f"a year takes a witness beside {custodian} and {listed(of_pins)}: keys are tried",
                mend=f"Enter one in {name}, or rehearse a day.",
            )

    @property
    def officers(self) -> tuple[str, str]:
        """The two who seal, sign and review: the first founders."""
        first, second = self.organisation.founders()[:2]
        return first, second

    @property
    def hands(self) -> tuple[str, ...]:
        """All who handle envelopes, in the file's order."""
        return tuple(it.id for it in self.organisation.people if HANDS & set(it.roles))

    def looking_back(self, register: Register, account: str) -> tuple[str, str]:
        """Two officers for a post-mortem; those who took no part in the use come first."""
        used = took_part(register, account)
        officers = sorted(self.organisation.with_role(Role.OFFICER), key=lambda it: it in used)
        return officers[0], officers[1]

    def envelope_drill(self, register: Register, account: str) -> drill.Request:
        """A drill of one envelope that nobody can make a password of.

        Raises:
            RefusedError: There is none.
        """
        for envelope in register.live_envelopes(register.accounts[account].password_set or ""):
            for people in self._pairs(register):
                request = drill.Request(
                    account=account, envelope=envelope.id, people=people, number=1
                )
                if envelope.state is EnvelopeState.DEPOSITED and _may_drill(register, request):
                    return request
        raise RefusedError(
            f"nobody could practise with one envelope of {account}",
            mend="Enter two more people of any role but auditor, who open no safe with a share of"
            " it.",
        )

    def leaver(self, register: Register, on: str) -> leaver.Request:
        """Somebody who opens a safe leaves, and somebody else opens it from then on.

        Raises:
            RefusedError: Nobody could leave without harm.
        """
        founders = self.organisation.founders()
        for person in reversed(self.hands):
            safes = [it.id for it in register.safes.values() if person in it.openers]
            for heir in self.hands:
                request = leaver.Request(
                    person=person,
                    on=on,
                    officers=self.officers,
                    instead=tuple(f"{safe}:{heir}" for safe in safes),
                )
                new = all(heir not in register.safes[safe].openers for safe in safes)
                if safes and new and person not in founders and _may_leave(register, request):
                    return request
        raise RefusedError(
            "nobody could leave this organisation without harm",
            mend="Let somebody who is no founder open a safe, and enter somebody who could take"
            " their place there: with nothing that completes what they reach already.",
        )

    def _pairs(self, register: Register) -> Iterator[tuple[str, str]]:
        """Two who can sign, those last who make the passwords."""
        able = [it for it in self.hands if it in register.signers and it not in self.officers]
        yield from combinations([*able, *self.officers], 2)


def _may_drill(register: Register, request: drill.Request) -> bool:
    try:
        drill.check(register, request)
    except KeyvaultError:
        return False
    return True


def _may_leave(register: Register, request: leaver.Request) -> bool:
    try:
        leaver.check(register, request, request.last_day)
    except KeyvaultError:
        return False
    return _harmless(register, request)


def _harmless(register: Register, request: leaver.Request) -> bool:
    """Whether nobody who takes the place would open keys and PINs, or two sheets of a password."""
    for heir in {heir for people in request.successors.values() for heir in people}:
        opens = [it.id for it in register.safes.values() if heir in it.openers]
        opens += [safe for safe, people in request.successors.items() if heir in people]
        sheets = [_sheets_in(register, safe) for safe in opens]
        kinds = {holds.partition(":")[0] for each in sheets for holds in each}
        if {"key", "pin"} <= kinds or sum("share" in _kinds(each) for each in sheets) > 1:
            return False
    return True


def _sheets_in(register: Register, safe: str) -> tuple[str, ...]:
    return tuple(it.holds for it in register.envelopes.values() if it.safe == safe)


def _kinds(holds: tuple[str, ...]) -> set[str]:
    return {it.partition(":")[0] for it in holds}
