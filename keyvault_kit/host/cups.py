"""Where CUPS keeps what it prints, and whether any of it would stay on a disk.

CUPS writes every document into its spool folder before it prints it, whichever way the document
came, and what was once on a disk can be read off it after it was deleted. So the spool lies in
memory, and CUPS keeps nothing there that is printed. The checks read files alone and change
nothing.

Sources: cups-files.conf(5), cupsd.conf(5), client.conf(5) of CUPS 2.4, for names and defaults.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from keyvault_kit.errors import RefusedError
from keyvault_kit.host.doctor import Finding
from keyvault_kit.host.memory import IN_MEMORY, MOUNTS, file_system, read_mounts

SOCKET: Final = "/run/cups/cups.sock"

_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")
_PORT: Final = 631
_OWN: Final = frozenset(
    {SOCKET, f"/var{SOCKET}", "::1", *_HOSTS, *(f"{host}:{_PORT}" for host in _HOSTS)}
)
"""Addresses at which none but root can put a CUPS, and where a system's own is by default."""

_SPOOL: Final = "/var/spool/cups"
_DOCUMENT: Final = re.compile(r"d[0-9]+-[0-9]+|[0-9a-f]{8}")
_NO: Final = ("no", "off", "false", "0")
_TELLS_ALL: Final = ("debug", "debug2")
_CLIENT: Final = "client.conf"


class Places(msgspec.Struct, frozen=True):
    """Where the system keeps what the checks read.

    Attributes:
        etc: CUPS's configuration folder.
        mounts: The kernel's table of mounts (proc_pid_mountinfo(5)).
    """

    etc: Path = Path("/etc/cups")
    mounts: Path = MOUNTS


def demand_safe_spool(places: Places, *, server: str, decided: bool) -> tuple[Finding, ...]:
    """Check, before a sheet with a secret is printed, that CUPS leaves nothing of it on a disk.

    Args:
        server: The address of the CUPS that is printed to, from `configured_server`.
        decided: Whether there is a recorded decision to print all the same.

    Returns:
        What was decided to be borne.

    Raises:
        RefusedError: There is something, and no decision; names all of it.
    """
    findings = check_spool(places, server)
    if findings and not decided:
        raise RefusedError(
            "CUPS may leave sheets on a disk: " + "; ".join(finding.what for finding in findings),
            mend=" ".join(dict.fromkeys(finding.mend for finding in findings)),
        )
    return findings


def check_spool(places: Places, server: str = SOCKET) -> tuple[Finding, ...]:
    """What in CUPS's configuration would keep a sheet, or lose sight of one.

    The configuration is that of the system's own CUPS: of another one nothing is known.
    """
    if server not in _OWN:
        return (_another(server, places),)
    findings: list[Finding] = []
    read: list[dict[str, str]] = []
    for name in ("cups-files.conf", "cupsd.conf"):
        try:
            read.append(_directives(places.etc / name))
        except OSError as error:
            read.append({})
            findings.append(_unreadable(places.etc / name, error))
    if not findings:  # else what they hold is not known, and their defaults say nothing
        files, daemon = read
        findings += [*_folders(files, places.mounts), *_keeping(daemon), *_logging(daemon)]
    return tuple(findings)


def configured_server(environment: Mapping[str, str], home: Path, places: Places) -> str:
    """The address of the CUPS that this user's programs print to (client.conf(5)).

    Returns:
        A socket's path or a host with or without a port; it may be another machine's, which
        `sheets.printer.Server` refuses.
    """
    named = environment.get("CUPS_SERVER", "")
    for file in (home / ".cups" / _CLIENT, places.etc / _CLIENT):
        if not named:
            try:
                named = _directives(file).get("servername", "")
            except OSError:
                continue  # what cannot be read by this user is not followed by CUPS's own either
    return (named if named.startswith("/") else named.partition("/")[0]) or SOCKET


def _directives(path: Path) -> dict[str, str]:
    """The directives outside of sections, names in lower case; the last of each counts.

    Raises:
        OSError: The file is there and cannot be read.
    """
    try:
        lines = path.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return {}  # CUPS then goes by its defaults
    found: dict[str, str] = {}
    depth = 0
    for line in lines:
        name, *rest = line.partition("#")[0].split(maxsplit=1) or [""]
        if name.startswith("<"):
            depth += -1 if name.startswith("</") else 1
        elif name and not depth:
            found[name.lower()] = "".join(rest).strip().strip('"')
    return found


def _another(server: str, places: Places) -> Finding:
    return Finding(
        f"where {server} keeps what it prints is not known",
        f"it is not this system's own CUPS, whose configuration is in {places.etc}",
        f"Take CUPS_SERVER out of the environment and ServerName out of {_CLIENT}, so that sheets"
        f" go to {SOCKET}.",
    )


def _unreadable(path: Path, error: OSError) -> Finding:
    return Finding(
        f"what {path} says about the spool is not known",
        f"it cannot be read: {error.strerror}",
        "As root: set 'ConfigFilePerm 0644' in cups-files.conf and restart CUPS; or check as root,"
        " and record a decision.",
    )


def _folders(files: Mapping[str, str], mounts: Path) -> Iterator[Finding]:
    """The folders through which a sheet passes."""
    spool = files.get("requestroot") or _SPOOL
    temporary = files.get("tempdir") or str(Path(spool) / "tmp")
    try:
        table = read_mounts(mounts)
    except OSError as error:
        yield Finding(
            f"what {spool} lies on is not known",
            f"{mounts} cannot be read: {error.strerror}",
            "Print on Linux, with /proc mounted.",
        )
        return
    for folder, what in ((spool, "spool"), (temporary, "folder for temporary files")):
        kind = file_system(Path(folder).resolve(), table)
        if kind not in IN_MEMORY:
            yield Finding(
                f"CUPS's {what} {folder} lies on a disk ({kind})",
                "what was deleted there can still be read off the disk",
                f"As root: mount a tmpfs on {folder}, by a line in /etc/fstab.",
            )
    yield from _left_behind(Path(spool))


def _left_behind(spool: Path) -> Iterator[Finding]:
    """Documents that lie in the spool now: of jobs, and of what was on its way in.

    Only root, or whoever CUPS works as, may look; to others the spool says nothing.
    """
    try:
        documents = [path for path in spool.iterdir() if _DOCUMENT.fullmatch(path.name)]
    except OSError:
        return
    if documents:
        yield Finding(
            f"CUPS's spool {spool} holds documents now ({len(documents)})",
            "jobs wait there, or were left when CUPS died",
            "As root: 'cancel -a -x'. What is still there then belongs to no job: delete it.",
        )


def _keeping(daemon: Mapping[str, str]) -> Iterator[Finding]:
    """What CUPS keeps of jobs, and when it writes down that it has them."""
    if daemon.get("preservejobfiles", "86400").lower() not in _NO:
        yield Finding(
            "CUPS keeps what it has printed",
            "PreserveJobFiles is not 'No' in cupsd.conf; the default is a day",
            "Set 'PreserveJobFiles No' in cupsd.conf and restart CUPS.",
        )
    if daemon.get("preservejobhistory", "yes").lower() in _NO:
        yield Finding(
            "CUPS forgets a job as soon as it has ended, however it ended",
            "PreserveJobHistory is 'No' in cupsd.conf",
            "Set 'PreserveJobHistory Yes' in cupsd.conf and restart CUPS.",
        )
    if daemon.get("dirtycleaninterval", "30") != "0":
        yield Finding(
            "CUPS may die with a sheet in its spool of which it knows nothing afterwards",
            "DirtyCleanInterval is not 0 in cupsd.conf: it writes its jobs down later",
            "Set 'DirtyCleanInterval 0' in cupsd.conf and restart CUPS.",
        )


def _logging(daemon: Mapping[str, str]) -> Iterator[Finding]:
    level = daemon.get("loglevel", "warn").lower()
    if level in _TELLS_ALL:
        yield Finding(
            f"CUPS logs all that filters and drivers say ({level})",
            "LogLevel is for finding faults in cupsd.conf, and drivers may quote what they print",
            "Set 'LogLevel warn' in cupsd.conf and restart CUPS.",
        )
