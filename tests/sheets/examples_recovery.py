"""Examples of the recovery sheet and of the site card."""

from collections.abc import Callable

from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import recovery, site_card
from keyvault_kit.sheets.pages.site_card import (
    CardAccount,
    CardEnvelope,
    CardKey,
    CardSafe,
    CardSet,
)
from tests.sheets.example import Example

OFFICE = CardSafe("hq-safe-1", "Hamburg", ("Anna Berg", "Boris Novák"))
VAULT = CardSafe("kiel-1", "Kiel", ("Зоя Иванова", "Διονύσιος Παππάς", "Carl Ek"), 2)

BG1 = CardAccount(
    account="bg1",
    sign_in="bg1@nordwind.onmicrosoft.com",
    envelopes=(
        CardEnvelope("bg1-key-1", "Key KEY-01", "A 004711", OFFICE),
        CardEnvelope("bg1-pin-1", "PIN of KEY-01", "A 004712", VAULT),
        CardEnvelope("bg1-pw-1-1", "Share 1 of 3", "A 004713", OFFICE),
        CardEnvelope("bg1-pw-1-2", "Share 2 of 3", "A 004714", VAULT),
        CardEnvelope("bg1-pw-1-3", "Share 3 of 3", "A 004715", VAULT),
    ),
    keys=(CardKey("KEY-01", "YubiKey 5 NFC", "bg1-key-1", "bg1-pin-1"),),
    sets=(CardSet("bg1-pw-1", 2, ("bg1-pw-1-1", "bg1-pw-1-2", "bg1-pw-1-3")),),
)


def _recovery(heading: Heading) -> Example:
    data = recovery.RecoverySheet(heading=heading)
    return Example(lambda paper: recovery.render(data, paper), recovery.payload(data), 1, (), data)


def _site_card(heading: Heading) -> Example:
    data = site_card.SiteCard(heading=heading, site="Kiel", accounts=(BG1,))
    return Example(
        lambda paper: site_card.render(data, paper), site_card.payload(data), 1, (), data
    )


PAGES: dict[str, Callable[[Heading], Example]] = {"recovery": _recovery, "site_card": _site_card}
