"""An example of the certificate of destruction."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from keyvault_kit.sheets.forms import Participant
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import certificate
from tests.sheets.example import Example

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def a_certificate(heading: Heading, sheets: int = 2, missing: int = 1) -> certificate.Certificate:
    """A certificate of so many sheets that were destroyed, and so many that were not found."""
    return certificate.Certificate(
        heading=heading,
        destroyed=tuple(
            certificate.Destroyed(
                envelope=f"bg1-pw-1-{number}",
                holds=f"Share {number} of {sheets} of bg1, any 2 needed",
                bag=f"A 0047{number:02}",
                time=NOON + timedelta(minutes=number),
                by="anna, zoya",
            )
            for number in range(1, sheets + 1)
        ),
        missing=tuple(
            certificate.Missing(
                envelope=f"K1-pin{number}-1", holds="PIN of key K1", bag="", safe="hq-safe-1"
            )
            for number in range(1, missing + 1)
        ),
        signers=(
            Participant(role="officer", name="Anna Berg", id="anna"),
            Participant(role="officer", name="Зоя Иванова", id="zoya"),
        ),
    )


def _certificate(heading: Heading) -> Example:
    data = a_certificate(heading)
    return Example(
        lambda paper: certificate.render(data, paper), certificate.payload(data), 1, (), data
    )


PAGES: dict[str, Callable[[Heading], Example]] = {"certificate": _certificate}
