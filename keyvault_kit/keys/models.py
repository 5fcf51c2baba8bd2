"""Which model is it? Our own table, by AAGUID and by firmware where one AAGUID stands for several.

An AAGUID is a claim of the key until an attestation proves it. Where the table cannot tell two
models apart, the name is one that is true of both: a wrong name is worse than a general one.

The table is `data/models.csv`, each row with its source. A row without firmware and form factor is
what the maker calls all keys of that AAGUID (the description in the FIDO Metadata Service); the
other rows are single models.
"""

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

import msgspec

_UNKNOWN: dict[str, bool | None] = {"yes": True, "no": False, "": None}


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """What the table knows of a model.

    Attributes:
        name: As its maker calls it; a more general name where several models share the AAGUID.
        maker: Who makes it, or sells it under its name.
        series: The series that advisories speak of; more than one where the table cannot tell;
            empty where no advisory speaks of them.
        firmware: The releases for which the row holds, '5.2, 5.4'; empty where it says none.
        certification: FIDO certification, 'Level 2'; empty where the table has none, and where
            it depends on a firmware that is not known.
        fips: Whether it is of a FIPS series; None where the table cannot tell.
        source: Where the row is from.
    """

    name: str
    maker: str
    series: tuple[str, ...] = ()
    firmware: str = ""
    certification: str = ""
    fips: bool | None = None
    source: str


class Row(msgspec.Struct, frozen=True):
    """A line of the table, in the order of its columns.

    Attributes:
        aaguid: Lower-case and hyphenated.
        maker: As in :class:`Model`.
        series: One series, or empty.
        name: As in :class:`Model`.
        form: The form factor as :class:`~keyvault_kit.keys.yubico.YubicoConfig` words it, or empty.
        firmware: Releases by their first two numbers, separated by blanks, or empty.
        certification: As in :class:`Model`.
        fips: 'yes', 'no' or empty.
        source: An address, or words.
    """

    aaguid: str
    maker: str
    series: str
    name: str
    form: str
    firmware: str
    certification: str
    fips: str
    source: str

    @property
    def is_general(self) -> bool:
        """Whether it speaks of all keys with this AAGUID."""
        return not self.form and not self.firmware


@cache
def table() -> Mapping[str, tuple[Row, ...]]:
    """The rows of the table by AAGUID; read once."""
    rows: dict[str, tuple[Row, ...]] = {}
    for line in _lines("models.csv"):
        row = Row(*line)
        rows[row.aaguid] = (*rows.get(row.aaguid, ()), row)
    return rows


@cache
def _vendors() -> Mapping[int, str]:
    return {int(number, 16): maker for number, maker, _ in _lines("vendors.csv")}


def _lines(name: str) -> list[list[str]]:
    text = resources.files(__package__).joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.reader(text.splitlines()))[1:]


def model_of(
    aaguid: str, firmware: str | None = None, product: str = "", form: str | None = None
) -> Model | None:
    """The model behind an AAGUID, as exactly as what is known of the key allows.

    Args:
        aaguid: Lower-case and hyphenated.
        firmware: '5.4.3', with or without a qualifier; None where it is not known.
        product: The USB product string; may be empty.
        form: The form factor in the words of :class:`~keyvault_kit.keys.yubico.YubicoConfig`.

    Returns:
        None for an AAGUID that the table does not hold.
    """
    rows = table().get(aaguid)
    if rows is None:
        return None
    single = [row for row in rows if not row.is_general]
    fitting = [row for row in single if _fits_firmware(row, firmware)]
    general = next((row for row in rows if row.is_general), None)
    if single and not fitting:
        # A release that the table does not know: only what holds for the AAGUID as such is said.
        return _model(rows, general or rows[0], firmware="", certification="")
    candidates = _by_product(
        [row for row in fitting if not form or row.form in {"", form}], product
    )
    if not candidates:
        candidates = fitting or list(rows)
    return _common(candidates, general, firmware_known=firmware is not None)


def maker_of(vendor_id: int, aaguid: str) -> str | None:
    """The maker, by the AAGUID, or else by the USB vendor id where that has one maker alone.

    The AAGUID counts first, because makers sell keys that others build, under the other's USB id.

    Args:
        vendor_id: USB vendor id.
        aaguid: Lower-case and hyphenated.

    Returns:
        None where neither tells.
    """
    rows = table().get(aaguid)
    return rows[0].maker if rows else _vendors().get(vendor_id)


def _fits_firmware(row: Row, firmware: str | None) -> bool:
    if firmware is None or not row.firmware:
        return True
    return ".".join(firmware.split(".")[:2]) in row.firmware.split()


def _by_product(rows: Sequence[Row], product: str) -> list[Row]:
    """The rows that a product string speaks of; all of them where it speaks of none."""
    words = product.casefold().split()
    for length in (None, 1):
        named = [row for row in rows if row.name.casefold().split()[:length] == words[:length]]
        if words and named:
            return named
    return list(rows)


def _common(candidates: Sequence[Row], general: Row | None, *, firmware_known: bool) -> Model:
    """What is true of all candidates.

    'YubiKey 5C NFC' is true of the 5C NFC CSPN too; what fits none of them so takes the general
    name.
    """
    shortest = min(candidates, key=lambda row: len(row.name))
    if all(f"{row.name} ".startswith(f"{shortest.name} ") for row in candidates):
        named = shortest
    else:
        named = general or shortest
    return _model(
        candidates,
        named,
        firmware=_agreed([row.firmware for row in candidates]).replace(" ", ", "),
        certification=_agreed([row.certification for row in candidates]) if firmware_known else "",
    )


def _model(candidates: Sequence[Row], named: Row, *, firmware: str, certification: str) -> Model:
    return Model(
        name=named.name,
        maker=named.maker,
        series=tuple(sorted({row.series for row in candidates if row.series})),
        firmware=firmware,
        certification=certification,
        fips=_UNKNOWN[_agreed([row.fips for row in candidates])],
        source=named.source,
    )


def _agreed(values: Sequence[str]) -> str:
    """The value, where all agree; nothing otherwise."""
    return values[0] if len(set(values)) == 1 else ""
