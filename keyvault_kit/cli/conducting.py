"""How a ceremony is gone through from the command line: printed before, dry, or done."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from keyvault_kit.ceremonies import engine, forms
from keyvault_kit.ceremonies.paperwork import usual_paper
from keyvault_kit.ceremonies.plan import Ceremony
from keyvault_kit.cli.at_work import AtWork
from keyvault_kit.cli.output import say
from keyvault_kit.errors import EXIT_FINDINGS
from keyvault_kit.host.files import write_new
from keyvault_kit.sheets.geometry import Paper

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Conduct:
    """What is wanted of a ceremony.

    Attributes:
        script: Only write its script to this new file.
        dry: Only tell each step, and what stands in the way.
    """

    script: Path | None = None
    dry: bool = False

    @property
    def only_looks(self) -> bool:
        """Whether nothing is done."""
        return self.dry or self.script is not None


def conduct_options(command: F) -> F:
    """The options that print a ceremony or go through it dry; the command takes them as `how`."""

    @click.option(
        "--script",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Only write the script of the ceremony to this new file, as a PDF.",
    )
    @click.option("--dry-run", "dry", is_flag=True, help="Only tell the steps; do nothing.")
    @functools.wraps(command)
    def wrapped(
        *args: Any,  # noqa: ANN401 - whatever the command takes
        script: Path | None,
        dry: bool,
        **rest: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        if script and dry:
            raise click.UsageError("a ceremony is printed with --script or told with --dry-run")
        return command(*args, how=Conduct(script, dry), **rest)

    return wrapped  # type: ignore[return-value]


def conduct(it: AtWork, ceremony: Ceremony, how: Conduct, paper: Paper | None = None) -> int:
    """Print a ceremony, go through it dry, or do it to its end; go on where it was cut short.

    Args:
        paper: What its script is printed on; the organisation's usual one where it is None.

    Returns:
        The exit status: 1 where a dry run met something that stands in the way.
    """
    if how.script is not None:
        _write_script(it, ceremony, how.script, paper or usual_paper(it.register))
        return 0
    if how.dry:
        return _walk_through(it, ceremony)
    it.run(ceremony)
    return 0


def _write_script(it: AtWork, ceremony: Ceremony, file: Path, paper: Paper) -> None:
    day = it.station.clock().date()
    write_new(file, forms.script_of(it.station.book, ceremony, paper, day=day))
    say(f"Written to {file}.")


def _walk_through(it: AtWork, ceremony: Ceremony) -> int:
    troubles = engine.walk_through(ceremony, it.station, it.people)
    for trouble in troubles:
        say(f"In the way: {trouble}.")
    say("Nothing was done." if troubles else "Nothing was done; nothing stands in the way by now.")
    return EXIT_FINDINGS if troubles else 0
