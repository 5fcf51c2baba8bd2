"""What CUPS's configuration says about where sheets would stay."""

from pathlib import Path

import pytest

from keyvault_kit.errors import RefusedError
from keyvault_kit.host.cups import (
    SOCKET,
    Places,
    check_spool,
    configured_server,
    demand_safe_spool,
)

SAFE = """\
LogLevel warn
PreserveJobFiles No
PreserveJobHistory Yes
DirtyCleanInterval 0
"""


class Workstation:
    """A root folder of which `memory` is a tmpfs, and all else a disk."""

    def __init__(self, root: Path) -> None:
        self.memory, self.disk = root / "memory", root / "disk"
        self.home = root / "home"
        self.places = Places(etc=root / "etc", mounts=root / "mountinfo")
        for folder in (self.memory / "tmp", self.disk, self.home / ".cups", self.places.etc):
            folder.mkdir(parents=True)
        self.places.mounts.write_text(
            f"1 1 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:30 / {self.memory} rw - tmpfs tmpfs rw\n"
        )
        self.set("cups-files.conf", f"RequestRoot {self.memory}\n")
        self.set("cupsd.conf", SAFE)

    def set(self, name: str, text: str) -> None:
        (self.places.etc / name).write_text(text)

    def found(self) -> tuple[str, ...]:
        return tuple(finding.what for finding in check_spool(self.places))


@pytest.fixture
def workstation(tmp_path: Path) -> Workstation:
    return Workstation(tmp_path)


def test_all_is_well_with_a_spool_in_memory_that_keeps_nothing(workstation: Workstation) -> None:
    assert check_spool(workstation.places) == ()
    assert demand_safe_spool(workstation.places, server=SOCKET, decided=False) == ()


def test_a_spool_on_a_disk(workstation: Workstation) -> None:
    workstation.set("cups-files.conf", f"RequestRoot {workstation.disk}\n")
    spool, temporary = workstation.found()
    assert f"spool {workstation.disk} lies on a disk (ext4)" in spool
    assert str(workstation.disk / "tmp") in temporary


@pytest.mark.parametrize("text", ["", "#RequestRoot /run/cups-spool\n", "RequestRoot\n"])
def test_a_spool_that_is_not_named_is_the_default(text: str, workstation: Workstation) -> None:
    workstation.set("cups-files.conf", text)
    assert "/var/spool/cups lies on a disk" in workstation.found()[0]


def test_without_any_configuration_the_defaults_count(workstation: Workstation) -> None:
    for name in ("cups-files.conf", "cupsd.conf"):
        (workstation.places.etc / name).unlink()
    found = " ".join(workstation.found())
    for part in ("/var/spool/cups", "/var/spool/cups/tmp", "keeps what it has", "may die"):
        assert part in found


def test_temporary_files_on_a_disk(workstation: Workstation) -> None:
    spool, disk = workstation.memory, workstation.disk
    workstation.set("cups-files.conf", f'requestroot "{spool}"\nTempDir {disk}\n')
    (only,) = workstation.found()
    assert f"temporary files {workstation.disk}" in only


def test_a_link_to_a_disk_is_a_disk(workstation: Workstation) -> None:
    link = workstation.memory / "spool"
    link.symlink_to(workstation.disk)
    workstation.set("cups-files.conf", f"RequestRoot {link}\n")
    assert "lies on a disk" in workstation.found()[0]


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("PreserveJobFiles Yes", "keeps what it has printed"),
        ("PreserveJobFiles 86400", "keeps what it has printed"),
        ("preservejobfiles 1h", "keeps what it has printed"),
        ("PreserveJobHistory No", "forgets a job"),
        ("DirtyCleanInterval 30", "may die"),
        ("LogLevel debug2", "debug2"),
        ("LogLevel debug", "debug"),
        ("LogLevel\tdebug  # for a while", "debug"),
    ],
)
def test_each_setting_that_keeps_or_loses_a_sheet(
    line: str, part: str, workstation: Workstation
) -> None:
    workstation.set("cupsd.conf", f"{SAFE}{line}\n")
    (only,) = workstation.found()
    assert part in only


@pytest.mark.parametrize("value", ["No", "off", "FALSE", "0"])
def test_each_way_to_say_no(value: str, workstation: Workstation) -> None:
    workstation.set("cupsd.conf", SAFE.replace("Files No", f"Files {value}"))
    assert workstation.found() == ()


def test_what_stands_in_a_section_or_behind_a_hash_does_not_count(
    workstation: Workstation,
) -> None:
    extra = "<Policy default>\nLogLevel debug2\n</Policy>\n# PreserveJobFiles Yes\n"
    workstation.set("cupsd.conf", f"{SAFE}{extra}")
    assert workstation.found() == ()


def test_documents_that_were_left_in_the_spool(workstation: Workstation) -> None:
    for name in ("c00001", "a00001"):
        (workstation.memory / name).touch()
    assert workstation.found() == ()
    for name in ("d00001-001", "0000001f"):  # of a job; of one that had not come in whole
        (workstation.memory / name).touch()
    (only,) = workstation.found()
    assert "holds documents now (2)" in only


def test_a_file_that_cannot_be_read_takes_a_decision(workstation: Workstation) -> None:
    file = workstation.places.etc / "cupsd.conf"
    file.unlink()
    file.mkdir()  # not even root reads a folder as a file
    (only,) = check_spool(workstation.places)
    assert "is not known" in only.what
    assert "decision" in only.mend
    with pytest.raises(RefusedError):
        demand_safe_spool(workstation.places, server=SOCKET, decided=False)


def test_a_system_that_does_not_say_what_lies_where(workstation: Workstation) -> None:
    workstation.places.mounts.unlink()
    (only,) = workstation.found()
    assert "is not known" in only


def test_a_refusal_names_all_of_it_and_a_decision_bears_it(workstation: Workstation) -> None:
    workstation.set("cups-files.conf", f"RequestRoot {workstation.disk}\n")
    workstation.set("cupsd.conf", SAFE.replace("Files No", "Files Yes"))
    with pytest.raises(RefusedError) as caught:
        demand_safe_spool(workstation.places, server=SOCKET, decided=False)
    for finding in check_spool(workstation.places):
        assert finding.what in caught.value.what
        assert finding.mend in caught.value.mend
    borne = demand_safe_spool(workstation.places, server=SOCKET, decided=True)
    assert borne == check_spool(workstation.places)


# --- Which server


@pytest.mark.parametrize(
    "server",
    [SOCKET, "/var/run/cups/cups.sock", "localhost", "localhost:631", "127.0.0.1", "[::1]:631"],
)
def test_the_systems_own_server_is_what_the_configuration_speaks_of(
    server: str, workstation: Workstation
) -> None:
    assert demand_safe_spool(workstation.places, server=server, decided=False) == ()


@pytest.mark.parametrize(
    "server", ["localhost:6310", "/home/eve/evil.sock", "/run/cups/../../tmp/x", "[::1]:8631"]
)
def test_of_another_server_nothing_is_known_and_it_takes_a_decision(
    server: str, workstation: Workstation
) -> None:
    with pytest.raises(RefusedError) as caught:
        demand_safe_spool(workstation.places, server=server, decided=False)
    assert server in caught.value.what
    assert "CUPS_SERVER" in caught.value.mend
    (borne,) = demand_safe_spool(workstation.places, server=server, decided=True)
    assert "is not known" in borne.what


def test_the_server_is_the_socket_unless_somebody_names_another(workstation: Workstation) -> None:
    assert configured_server({}, workstation.home, workstation.places) == SOCKET


def test_the_environment_counts_before_the_users_file_and_that_before_the_systems(
    workstation: Workstation,
) -> None:
    workstation.set("client.conf", "# ours\nServerName system.example\n")
    asked = (workstation.home, workstation.places)
    assert configured_server({}, *asked) == "system.example"
    (workstation.home / ".cups/client.conf").write_text("servername user.example:8631\n")
    assert configured_server({}, *asked) == "user.example:8631"
    assert configured_server({"CUPS_SERVER": "/run/other.sock"}, *asked) == "/run/other.sock"


def test_the_version_behind_a_server_is_no_part_of_its_address(workstation: Workstation) -> None:
    environment = {"CUPS_SERVER": "localhost:631/version=1.1"}
    assert configured_server(environment, workstation.home, workstation.places) == "localhost:631"
