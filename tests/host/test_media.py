"""Which media are plugged in: from a tree of files, with what the work itself needs left out."""

from pathlib import Path
from typing import Final

import pytest

from keyvault_kit.host import doctor
from keyvault_kit.host.media import blind, plugged_in

LEDGER: Final = Path("/srv/keyvault/ledger.db")
USB: Final = "pci0000:00/0000:00:14.0/usb1/1-{}/1-{}:1.0/host6/target6:0:0/6:0:0:0/block"


class Machine:
    """A workstation as files; it starts from an SSD, on which the ledger lies, too."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lines: list[str] = []
        self.ssd()
        self.mount("/", "8:2", "ext4", "/dev/sda2")

    # --- Disks

    def disk(self, name: str, number: str, bus: str, **files: str) -> None:
        """A disk, its files under `device` written with two underscores: `device__model`."""
        home = self.root / "sys/devices" / bus / name
        for file, text in {"size": "60063744", "ro": "0", "removable": "0", **files}.items():
            self.write(home / file.replace("__", "/"), f"{text}\n")
        self.link(f"sys/block/{name}", home)
        self.link(f"sys/dev/block/{number}", home)
        self.link(f"sys/class/block/{name}", home)

    def part(self, disk: str, name: str, number: str) -> None:
        home = (self.root / "sys/block" / disk).resolve() / name
        self.write(home / "partition", "1\n")
        self.link(f"sys/dev/block/{number}", home)
        self.link(f"sys/class/block/{name}", home)

    def ssd(self) -> None:
        self.disk("sda", "8:0", "pci0000:00/0000:00:17.0/ata1/host0/block")
        self.part("sda", "sda2", "8:2")

    def stick(self, name: str = "sdb", number: int = 16, port: int = 2, **files: str) -> None:
        """A USB stick with one partition."""
        maker = {"device__vendor": "SanDisk ", "device__model": "Ultra           "}
        self.disk(name, f"8:{number}", USB.format(port, port), **{**maker, **files})
        self.part(name, f"{name}1", f"8:{number + 1}")

    def mapped(self, name: str, number: str, slave: str) -> None:
        """An opened LUKS volume."""
        self.disk(name, number, "virtual/block")
        home = self.root / "sys/devices/virtual/block" / name / "slaves" / slave
        self.link(str(home.relative_to(self.root)), self.root / "sys/class/block" / slave)

    def looped(self, name: str, number: str, file: str) -> None:
        self.disk(name, number, "virtual/block", loop__backing_file=file)

    # --- Mounts

    def mount(self, point: str, number: str, kind: str, source: str, options: str = "rw") -> None:
        place = len(self.lines) + 20
        self.lines.append(
            f"{place} 1 {number} / {point} rw,nosuid shared:{place} - {kind} {source} {options}"
        )
        table = self.root / "proc/self/mountinfo"
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text("".join(f"{line}\n" for line in self.lines))

    # --- Files

    def write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def link(self, path: str, to: Path) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(to.resolve())

    def seen(self, ledger: Path = LEDGER) -> tuple[str, ...]:
        return plugged_in(ledger, self.root)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# --- What is a medium


def test_a_machine_without_any_has_none(machine: Machine) -> None:
    assert machine.seen() == ()


def test_a_stick_is_named_as_people_know_it(machine: Machine) -> None:
    machine.stick()
    machine.stick("sdc", 32, 3, device__vendor="", device__model="Dat\x1bbox")

    assert machine.seen() == ("sdb (SanDisk Ultra)", "sdc (Datbox)")


def test_a_stick_is_seen_also_where_it_is_not_mounted_and_calls_itself_fixed(
    machine: Machine,
) -> None:
    machine.stick(removable="0")

    assert machine.seen() == ("sdb (SanDisk Ultra)",)


def test_a_card_in_its_slot_is_one_and_the_memory_that_is_soldered_in_is_none(
    machine: Machine,
) -> None:
    slot = "pci0000:00/0000:00:1a.0/mmc_host/mmc0/mmc0:aaaa/block"
    machine.disk("mmcblk0", "179:0", slot, device__type="SD", device__name="SU16G")
    machine.disk("mmcblk1", "179:8", slot, device__type="MMC", device__name="DG4016")

    assert machine.seen() == ("mmcblk0 (SU16G)",)


def test_a_reader_without_a_card_is_none(machine: Machine) -> None:
    machine.stick(size="0")

    assert machine.seen() == ()


def test_onto_what_is_read_only_nothing_can_be_written(machine: Machine) -> None:
    machine.stick(ro="1")

    assert machine.seen() == ()


def test_disks_of_the_kernel_s_own_are_none(machine: Machine) -> None:
    machine.disk("zram0", "252:0", "virtual/block", removable="1")
    machine.looped("loop3", "7:3", "/srv/image")

    assert machine.seen() == ()


# --- What the work needs


def test_the_stick_with_the_ledger_is_left_out(machine: Machine) -> None:
    machine.stick()
    machine.stick("sdc", 32, 3)
    machine.mount("/srv/keyvault", "8:17", "ext4", "/dev/sdb1")

    assert machine.seen() == ("sdc (SanDisk Ultra)",)
    assert machine.seen(Path("/home/alice/ledger.db")) == (
        "sdb (SanDisk Ultra)",
        "sdc (SanDisk Ultra)",
    )


def test_an_encrypted_volume_with_the_ledger_is_found_below_its_mapping(machine: Machine) -> None:
    machine.stick()
    machine.mapped("dm-0", "253:0", "sdb1")
    machine.mount("/srv/keyvault", "253:0", "ext4", "/dev/mapper/ledger")

    assert machine.seen() == ()


def test_btrfs_which_has_a_number_of_its_own_is_found_by_its_source(machine: Machine) -> None:
    machine.stick()
    machine.mount("/srv/keyvault", "0:41", "btrfs", "/dev/sdb1", "rw,subvol=/")

    assert machine.seen() == ()


def test_a_mapping_of_btrfs_is_followed_by_its_name(machine: Machine) -> None:
    machine.stick()
    machine.mapped("dm-0", "253:0", "sdb1")
    machine.write(machine.root / "dev/dm-0", "")
    machine.link("dev/mapper/ledger", machine.root / "dev/dm-0")
    machine.mount("/srv/keyvault", "0:41", "btrfs", "/dev/mapper/ledger")

    assert machine.seen() == ()


def test_the_stick_from_which_a_live_system_runs_is_left_out(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.lines.clear()
    machine.stick()
    machine.stick("sdc", 32, 3)
    image = "/run/live/medium/live/filesystem.squashfs"
    machine.looped("loop0", "7:0", image)
    machine.mount("/run", "0:21", "tmpfs", "tmpfs")
    machine.mount("/run/live/medium", "8:17", "iso9660", "/dev/sdb1", "ro")
    machine.mount("/run/live/rootfs/filesystem.squashfs", "7:0", "squashfs", "/dev/loop0", "ro")
    layers = "lowerdir=/run/live/rootfs/filesystem.squashfs/,upperdir=/run/live/overlay/rw"
    machine.mount("/", "0:27", "overlay", "overlay", f"rw,{layers},workdir=/run/live/overlay/work")

    assert machine.seen(Path("/root/ledger.db")) == ("sdc (SanDisk Ultra)",)


def test_the_layers_of_a_live_system_lead_to_its_stick_wherever_it_is_mounted(
    tmp_path: Path,
) -> None:
    machine = Machine(tmp_path)
    machine.lines.clear()
    machine.stick()
    machine.looped("loop0", "7:0", "/our/medium/image.squashfs")
    machine.mount("/our/medium", "8:17", "vfat", "/dev/sdb1")
    machine.mount("/our/image", "7:0", "squashfs", "/dev/loop0", "ro")
    machine.mount("/", "0:27", "overlay", "overlay", "rw,lowerdir=/our/image:/our/image")

    assert machine.seen() == ()


def test_the_last_mount_on_a_folder_counts(machine: Machine) -> None:
    machine.stick()
    machine.mount("/srv/keyvault", "8:17", "ext4", "/dev/sdb1")
    machine.mount("/srv/keyvault", "8:2", "ext4", "/dev/sda2")

    assert machine.seen() == ("sdb (SanDisk Ultra)",)


def test_a_folder_with_a_blank_in_its_name_is_a_folder(machine: Machine) -> None:
    machine.stick()
    machine.mount(r"/srv/key\040vault", "8:17", "ext4", "/dev/sdb1")

    assert machine.seen(Path("/srv/key vault/ledger.db")) == ()


# --- What cannot be told


def test_without_a_table_of_mounts_nothing_is_held_against_anybody(machine: Machine) -> None:
    machine.stick()
    (machine.root / "proc/self/mountinfo").unlink()

    assert machine.seen() == ()
    assert "mountinfo cannot be read" in blind(machine.root)


def test_a_system_without_sys_says_so(tmp_path: Path) -> None:
    assert plugged_in(LEDGER, tmp_path) == ()
    assert blind(tmp_path) == "/sys/block is missing"


def test_the_doctor_tells_where_nothing_is_told_and_is_silent_elsewhere(
    machine: Machine,
) -> None:
    def checked() -> tuple[doctor.Finding, ...]:
        return doctor.check_media(doctor.Machine(1000, lambda _: True, machine.root))

    assert checked() == ()

    (machine.root / "proc/self/mountinfo").unlink()
    (finding,) = checked()
    assert "no secret waits" in finding.what
    assert "mountinfo cannot be read" in finding.why


def test_a_mount_that_is_not_understood_is_passed_over(machine: Machine) -> None:
    machine.stick()
    machine.lines.insert(0, "what is this")
    machine.mount("/run", "0:99", "tmpfs", "tmpfs")

    assert machine.seen() == ("sdb (SanDisk Ultra)",)
    assert blind(machine.root) == ""
