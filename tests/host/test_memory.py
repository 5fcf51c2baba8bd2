"""Which folders are memory: what the kernel's table of mounts says, and what names in it may be."""

from pathlib import Path

import pytest

from keyvault_kit.host.memory import file_system, read_mounts

RUN = "23 1 0:21 / /run rw,nosuid shared:2 - tmpfs tmpfs rw,size=800m"


def stick(point: str) -> str:
    """A table in which a USB stick is mounted below a tmpfs, as the kernel writes it."""
    return (
        f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n{RUN}\n40 23 8:17 / {point} rw - vfat /dev/sdb1 rw\n"
    )


@pytest.mark.parametrize(
    ("point", "written"),
    [
        ("/run/media/u/Lönn", "/run/media/u/Lönn"),
        ("/run/media/u/鍵", "/run/media/u/鍵"),
        ("/run/media/u/my stick", r"/run/media/u/my\040stick"),
        ("/run/media/u/a\tb", r"/run/media/u/a\011b"),
        ("/run/media/u/a\nb", r"/run/media/u/a\012b"),
        ("/run/media/u/a\\b", r"/run/media/u/a\134b"),
        (r"/run/media/u/a\040b", r"/run/media/u/a\134040b"),
        (r"/run/media/u/a\x41", r"/run/media/u/a\134x41"),
        ("/run/media/u/no\u00a0break", "/run/media/u/no\u00a0break"),
        ("/run/media/u/next\u0085line", "/run/media/u/next\u0085line"),
        ("/run/media/u/two\u2028lines", "/run/media/u/two\u2028lines"),
    ],
)
def test_a_disk_below_a_tmpfs_is_a_disk_whatever_its_name(point: str, written: str) -> None:
    assert file_system(Path(point, "sheets"), stick(written)) == "vfat"
    assert file_system(Path(f"{point}2"), stick(written)) == "tmpfs"


def test_a_name_that_is_not_utf_8_is_a_name_too(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_bytes(stick("NAME").encode().replace(b"NAME", b"/run/media/L\xf6nn"))

    assert file_system(Path("/run/media/L\udcf6nn/sheets"), read_mounts(table)) == "vfat"


def test_the_last_mount_on_a_folder_counts() -> None:
    table = f"{RUN}\n24 23 8:1 / /run/sheets rw - ext4 /dev/sda1 rw\n"
    table += "25 24 0:40 / /run/sheets rw - tmpfs tmpfs rw\n"

    assert file_system(Path("/run/sheets/now"), table) == "tmpfs"
