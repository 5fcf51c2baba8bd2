"""`doctor keys`: from a tree of files to the one thing that is missing."""

from pathlib import Path

import pytest

from keyvault_kit.host import udev
from keyvault_kit.host.doctor import Checkup, Finding, Machine, can_open, check_keys, shipped_rule
from keyvault_kit.host.hidraw import is_fido

# The report descriptors of a YubiKey's two interfaces: FIDO, and the start of its keyboard.
FIDO = bytes.fromhex("06d0f10901a1010920150026ff007508954081020921150026ff00750895409102c0")
KEYBOARD = bytes.fromhex("05010906a101050719e029e715002501")

# As systemd ships them, shortened to what speaks of security keys.
READS_DESCRIPTORS = 'SUBSYSTEM=="hidraw", IMPORT{program}="fido_id"\n'
STOCK = 'ENV{ID_SECURITY_TOKEN}=="?*", TAG+="uaccess"\n'
SEAT_LATE = 'TAG=="uaccess", ENV{MAJOR}!="", RUN{builtin}+="uaccess"\n'

CUSTODIAN, SOMEBODY = 1000, 1001


class Tree:
    """A workstation as files, on which all is well and nothing is plugged in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.openable: set[Path] = set()
        (root / "sys/class/hidraw").mkdir(parents=True)
        self.write("usr/lib/udev/rules.d/60-fido-id.rules", READS_DESCRIPTORS)
        self.write("usr/lib/udev/rules.d/73-seat-late.rules", SEAT_LATE)
        self.write("etc/udev/rules.d/70-keyvault-kit.rules", shipped_rule().read_text())
        self.write("run/udev/control", "")
        self.sit(CUSTODIAN)

    def write(self, path: str, data: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data if isinstance(data, bytes) else data.encode())
        return file

    def remove(self, path: str) -> None:
        (self.root / path).unlink()

    def sit(self, user: int, seat: str = "seat0") -> None:
        self.write(f"run/systemd/seats/{seat}", f"IS_SEAT0=1\nACTIVE=3\nACTIVE_UID={user}\n")

    def plug(
        self,
        number: int = 3,
        *,
        openable: bool = True,
        tagged: bool = True,
        descriptor: bytes = FIDO,
    ) -> None:
        device = f"sys/class/hidraw/hidraw{number}"
        self.write(f"{device}/dev", f"241:{number}\n")
        self.write(f"{device}/device/report_descriptor", descriptor)
        self.write(
            f"{device}/device/uevent",
            "DRIVER=hid-generic\nHID_ID=0003:00001050:00000407\nHID_NAME=Yubico YubiKey FIDO\n",
        )
        self.write(f"run/udev/data/c241:{number}", "I:1\nG:uaccess\n" if tagged else "I:1\n")
        node = self.write(f"dev/hidraw{number}", "")
        if openable:
            self.openable.add(node)

    def check(self, user: int = CUSTODIAN) -> Checkup:
        return check_keys(Machine(user, self.openable.__contains__, self.root))

    def only_finding(self) -> Finding:
        (finding,) = self.check().findings
        return finding


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


# --- All is well


def test_a_key_that_opens_is_shown_and_nothing_is_missing(tree: Tree) -> None:
    tree.plug(3)
    tree.plug(12)
    tree.plug(4, descriptor=KEYBOARD)

    found = tree.check()

    assert [(key.node, key.openable) for key in found.keys] == [
        ("/dev/hidraw3", True),
        ("/dev/hidraw12", True),
    ]
    assert found.keys[0].product == "Yubico YubiKey FIDO"
    assert found.findings == ()


def test_a_key_that_opens_needs_no_rule_and_no_session(tree: Tree) -> None:
    tree.plug()
    tree.remove("etc/udev/rules.d/70-keyvault-kit.rules")
    tree.remove("run/systemd/seats/seat0")

    assert tree.check().findings == ()


def test_a_good_workstation_without_a_key_misses_nothing(tree: Tree) -> None:
    assert tree.check() == Checkup((), ())


def test_the_rules_of_systemd_alone_are_enough(tree: Tree) -> None:
    tree.remove("etc/udev/rules.d/70-keyvault-kit.rules")
    tree.write("usr/lib/udev/rules.d/70-uaccess.rules", STOCK)

    assert tree.check().findings == ()


# --- A key that cannot be opened: one finding, which names it


def test_without_a_rule_the_kits_own_is_to_be_installed(tree: Tree) -> None:
    tree.plug(openable=False, tagged=False)
    tree.remove("etc/udev/rules.d/70-keyvault-kit.rules")

    finding = tree.only_finding()

    assert finding.what == "Yubico YubiKey FIDO at /dev/hidraw3 cannot be opened by user 1000"
    assert "no udev rule" in finding.why
    assert f"cp {shipped_rule()} /etc/udev/rules.d/" in finding.mend


def test_a_rule_that_comes_too_late_is_named(tree: Tree) -> None:
    tree.plug(openable=False, tagged=False)
    file = tree.root / "etc/udev/rules.d/70-keyvault-kit.rules"
    file.rename(file.with_name("99-keys.rules"))

    finding = tree.only_finding()

    assert "99-keys.rules comes too late" in finding.why
    assert "sorts before" in finding.mend


def test_a_rule_that_came_after_the_key_wants_a_replug(tree: Tree) -> None:
    tree.plug(openable=False, tagged=False)

    finding = tree.only_finding()

    assert "was not there yet when the key was plugged in" in finding.why
    assert "plug the key in again" in finding.mend.lower()


@pytest.mark.parametrize("mask", ["", None])
def test_a_masked_rule_is_no_rule(tree: Tree, mask: str | None) -> None:
    tree.plug(openable=False, tagged=False)
    tree.remove("etc/udev/rules.d/70-keyvault-kit.rules")
    tree.write("usr/lib/udev/rules.d/70-uaccess.rules", STOCK)
    if mask is None:
        (tree.root / "etc/udev/rules.d/70-uaccess.rules").symlink_to("/dev/null")
    else:
        tree.write("etc/udev/rules.d/70-uaccess.rules", mask)

    assert "no udev rule" in tree.only_finding().why


def test_a_tag_that_nothing_acts_upon_gives_no_rights(tree: Tree) -> None:
    tree.plug(openable=False, tagged=False)
    tree.remove("usr/lib/udev/rules.d/73-seat-late.rules")

    assert "73-seat-late.rules is missing" in tree.only_finding().why


def test_whoever_does_not_sit_at_the_console_is_told_who_does(tree: Tree) -> None:
    tree.plug(openable=False)
    tree.sit(SOMEBODY)

    finding = tree.only_finding()

    assert finding.why == "user 1000 does not sit at seat0: user 1001 does"
    assert "not by ssh" in finding.mend


def test_a_seat_where_nobody_sits_is_said_to_be_empty(tree: Tree) -> None:
    tree.plug(openable=False)
    tree.write("run/systemd/seats/seat0", "IS_SEAT0=1\n")

    assert tree.only_finding().why.endswith("nobody does")


def test_the_seat_is_the_keys_own(tree: Tree) -> None:
    tree.plug(openable=False)
    tree.write("run/udev/data/c241:3", "E:ID_SEAT=seat-desk2\nG:uaccess\n")

    assert "does not sit at seat-desk2" in tree.only_finding().why


def test_without_a_login_manager_nobody_sits_anywhere(tree: Tree) -> None:
    tree.plug(openable=False)
    tree.remove("run/systemd/seats/seat0")
    (tree.root / "run/systemd/seats").rmdir()

    assert "neither systemd-logind nor elogind" in tree.only_finding().why


def test_where_all_is_as_it_should_be_a_replug_is_the_mend(tree: Tree) -> None:
    tree.plug(openable=False)

    finding = tree.only_finding()

    assert "no access control list" in finding.why
    assert "again" in finding.mend


def test_without_udev_there_is_nobody_to_give_rights(tree: Tree) -> None:
    tree.plug(openable=False)
    tree.remove("run/udev/control")

    assert "udev does not run" in tree.only_finding().why


def test_a_missing_node_is_the_first_thing_to_mend(tree: Tree) -> None:
    tree.plug(openable=False, tagged=False)
    tree.remove("dev/hidraw3")

    finding = tree.only_finding()

    assert "the node is missing" in finding.why
    assert "devtmpfs" in finding.mend


def test_root_who_cannot_open_a_key_is_in_a_container(tree: Tree) -> None:
    tree.plug(openable=False)

    (finding,) = tree.check(user=0).findings

    assert "container" in finding.why
    assert "--device=/dev/hidraw3" in finding.mend


def test_each_key_has_a_finding_of_its_own(tree: Tree) -> None:
    tree.plug(3, openable=False)
    tree.plug(4, openable=False, tagged=False)
    tree.plug(5)

    found = tree.check()

    assert [key.openable for key in found.keys] == [False, False, True]
    assert len(found.findings) == 2


# --- No key yet: whether one could be opened


def test_without_a_key_a_missing_rule_is_found_before_it_is_needed(tree: Tree) -> None:
    tree.remove("etc/udev/rules.d/70-keyvault-kit.rules")

    assert "no udev rule" in tree.only_finding().what


def test_without_a_key_an_absent_session_is_found_before_it_is_needed(tree: Tree) -> None:
    tree.sit(SOMEBODY)

    assert tree.only_finding().what == "user 1000 does not sit at seat0"


def test_root_needs_neither_rule_nor_session(tree: Tree) -> None:
    tree.remove("etc/udev/rules.d/70-keyvault-kit.rules")
    tree.sit(SOMEBODY)

    assert tree.check(user=0).findings == ()


# --- The kernel and USB


def test_a_kernel_without_hidraw_is_told_what_to_load(tree: Tree) -> None:
    (tree.root / "sys/class/hidraw").rmdir()

    finding = tree.only_finding()

    assert "no raw access to HID" in finding.what
    assert "modprobe" in finding.mend


def test_a_usb_device_that_is_held_back_is_named(tree: Tree) -> None:
    tree.write("sys/bus/usb/devices/1-2/authorized", "0\n")
    tree.write("sys/bus/usb/devices/1-2/product", "YubiKey \x1b[2JFIDO\n")
    tree.write("sys/bus/usb/devices/1-3/authorized", "1\n")

    finding = tree.only_finding()

    assert finding.what == "the USB device YubiKey [2JFIDO is not let in"
    assert "/sys/bus/usb/devices/1-2/authorized" in finding.why


def test_a_hid_interface_without_a_driver_is_named(tree: Tree) -> None:
    tree.write("sys/bus/usb/devices/1-2/idVendor", "1050\n")
    tree.write("sys/bus/usb/devices/1-2/idProduct", "0402\n")
    tree.write("sys/bus/usb/devices/1-2:1.0/bInterfaceClass", "03\n")
    tree.write("sys/bus/usb/devices/1-4:1.0/bInterfaceClass", "03\n")
    (tree.root / "sys/bus/usb/devices/1-4:1.0/driver").mkdir()

    finding = tree.only_finding()

    assert finding.what == "the USB device 1050:0402 has a HID interface without a driver"
    assert "modprobe usbhid" in finding.mend


def test_a_driver_is_missed_only_where_no_key_is_there(tree: Tree) -> None:
    tree.write("sys/bus/usb/devices/1-2:1.0/bInterfaceClass", "03\n")
    tree.plug()

    assert tree.check().findings == ()


# --- What is a key, and which rules speak of it


@pytest.mark.parametrize(
    ("descriptor", "is_key"),
    [
        (FIDO, True),
        (KEYBOARD, False),
        (b"\xfe\x02\x00\x00\x00" + FIDO, True),  # behind a long item
        (bytes.fromhex("07d0f10000" + "0901"), True),  # the page in four bytes
        (bytes.fromhex("06d0f1" + "0902"), False),  # another usage of the page
        (bytes.fromhex("0901" + "06d0f1"), False),  # the usage belongs to no page
        (FIDO[:4], False),
        (b"", False),
        (b"\xfe", False),
    ],
)
def test_a_key_is_known_by_usage_page_and_usage(descriptor: bytes, is_key: bool) -> None:  # noqa: FBT001
    assert is_fido(descriptor) is is_key


@pytest.mark.parametrize(
    ("rule", "vendor", "speaks"),
    [
        ('ENV{ID_FIDO_TOKEN}=="1", TAG+="uaccess"', None, True),
        ('SUBSYSTEM=="hidraw", ATTRS{idVendor}=="1050", TAG+="uaccess"', 0x1050, True),
        ('KERNEL=="hidraw*", ATTRS{idVendor}=="096e|1050", TAG += "uaccess"', 0x1050, True),
        ('ATTRS{idVendor}=="20A0", TAG+="uaccess"', 0x20A0, True),
        ('ATTRS{idVendor}=="096e", TAG+="uaccess"', 0x1050, False),
        ('ATTRS{idVendor}=="1050", MODE="0660"', 0x1050, False),
        ('SUBSYSTEM=="usb", ATTRS{idVendor}=="1050", TAG+="uaccess"', 0x1050, False),
        ('# ATTRS{idVendor}=="1050", TAG+="uaccess"', 0x1050, False),
        ('ATTRS{idVendor}=="1050", \\\n  TAG+="uaccess"', 0x1050, True),
    ],
)
def test_a_rule_speaks_of_a_key_by_what_it_is_or_by_its_maker(
    tree: Tree,
    rule: str,
    vendor: int | None,
    speaks: bool,  # noqa: FBT001 - what is expected
) -> None:
    tree.remove("etc/udev/rules.d/70-keyvault-kit.rules")
    tree.write("etc/udev/rules.d/70-local.rules", rule + "\n")

    rules = udev.rules_for_keys(tree.root, vendor)

    assert rules.early == (("70-local.rules",) if speaks else ())


def test_a_rule_about_tokens_needs_somebody_who_reads_descriptors(tree: Tree) -> None:
    tree.remove("usr/lib/udev/rules.d/60-fido-id.rules")
    tree.remove("etc/udev/rules.d/70-keyvault-kit.rules")
    tree.write("usr/lib/udev/rules.d/70-uaccess.rules", STOCK)

    assert udev.rules_for_keys(tree.root, None).early == ()


def test_without_fido_id_the_kits_own_rule_speaks_of_the_makers_it_lists(tree: Tree) -> None:
    tree.remove("usr/lib/udev/rules.d/60-fido-id.rules")

    assert udev.rules_for_keys(tree.root, 0x1050).early == ("70-keyvault-kit.rules",)
    assert udev.rules_for_keys(tree.root, 0xFFFF).early == ()


def test_opening_is_tried_and_leaves_nothing_open(tmp_path: Path) -> None:
    node = tmp_path / "node"

    assert not can_open(node)
    node.touch()
    assert can_open(node)
    open_files = [link.resolve() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert node not in open_files


def test_everything_can_be_gone_and_the_check_still_ends(tmp_path: Path) -> None:
    found = check_keys(Machine(CUSTODIAN, lambda _: False, tmp_path))

    assert found.keys == ()
    assert len(found.findings) == 3
