"""A rehearsal from end to end: begun or resumed in its folder, and marked as finished."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec

from keyvault_kit.assembly import SOFTWARE_MODELS
from keyvault_kit.ceremonies import engine
from keyvault_kit.ceremonies.engine import Watcher
from keyvault_kit.ceremonies.plans import (
    founding,
)
from keyvault_kit.custody import organisation as organisations
from keyvault_kit.custody.organisation import Organisation
from keyvault_kit.errors import InputError
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.rehearsal.cast import Cast
from keyvault_kit.rehearsal.day import Rehearsal
from keyvault_kit.rehearsal.folder import RehearsalFolder, open_folder
from keyvault_kit.rehearsal.outcome import Outcome
from keyvault_kit.rehearsal.people import Say
from keyvault_kit.rehearsal.year import YearRehearsal

SAMPLE: Final = "organisation.toml"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a rehearsal is asked for.

    Attributes:
        out: The folder; new, empty, or of an unfinished rehearsal.
        organisation: The organisation file's text and name; the sample where there is none.
        seed: For the same rehearsal every time; a random one where there is none.
        year: Whether it tells a whole year of the accounts, and not their day only.
    """

    out: Path
    organisation: tuple[str, str] | None = None
    seed: int | None = None
    year: bool = False


def sample_organisation() -> str:
    """The organisation file that ships with the kit."""
    return resources.files(__package__).joinpath(SAMPLE).read_text(encoding="utf-8")


def rehearse(
    options: Options, *, now: datetime, say: Say, watch: Watcher = engine.nobody
) -> Outcome:
    """Run a rehearsal, or resume it, and leave its papers in the folder.

    Args:
        now: The time; the rehearsal's own clock begins there, unless a seed settles it.
        say: Takes the lines of the progress.
        watch: Told of every moment of every step.

    Raises:
        InputError: The organisation file or the folder cannot be used.
        RefusedError: The folder holds something else, a ceremony was refused, or a year takes
            more people.
    """
    text, name = options.organisation or (None, SAMPLE)
    default = sample_organisation()
    given = organisations.parse(default if text is None else text, name)
    _check_models(given, name)
    founding.check_printable(given, name)
    if options.year:
        Cast(given).check(name)
    with open_folder(
        options.out,
        organisation=text,
        default=default,
        seed=options.seed,
        now=now,
        year=options.year,
    ) as folder:
        organisation = organisations.parse(folder.begun.organisation, name)
        with _ledger(folder) as ledger:
            kind = YearRehearsal if folder.begun.year else Rehearsal
            outcome = kind(folder, organisation, ledger, say, watch).go()
        folder.finish()
    return outcome


def _check_models(organisation: Organisation, name: str) -> None:
    for i, key in enumerate(organisation.keys):
        if key.model not in SOFTWARE_MODELS:
            raise InputError(
                f"{name}: keys[{i}].model: there is no software key {key.model!r}",
                mend=f"Choose one of {', '.join(SOFTWARE_MODELS)}.",
            )


@contextmanager
def _ledger(folder: RehearsalFolder) -> Iterator[Ledger]:
    path = folder.path / "ledger.db"
    with Ledger.open(path) if path.exists() else Ledger.create(path) as ledger:
        yield ledger
