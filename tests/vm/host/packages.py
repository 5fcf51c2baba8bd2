"""Debian packages, fetched and unpacked beside the system: a kernel, udev, and FIDO programs.

Nothing is installed. They are unpacked into one tree that the virtual machine lays over the host's
own, and stay there until `make clean`.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from keyvault_kit.errors import InputError

KERNEL: Final = "linux-image-amd64"
PACKAGES: Final = (
    *("udev", "libudev1", "libkmod2", "libcap2"),
    *(
        "systemd",
        "libsystemd-shared",
    ),  # of which the rules for seats are wanted, and udev's library
    *("acl", "libacl1"),
    *("fido2-tools", "libfido2-1", "libcbor0.8", "libssl3"),
    *("yubikey-manager", "python3-ykman", "python3-fido2", "python3-pyscard", "libpcsclite1"),
    *("python3-cryptography", "python3-cffi-backend", "python3-click", "python3-colorama"),
    *("python3-six", "python3-pkg-resources"),
)
TOOLS: Final = {
    "apt-get": "apt",
    "busybox": "busybox-static",
    "cpio": "cpio",
    "depmod": "kmod",
    "dpkg-deb": "dpkg",
    "modprobe": "kmod",
    "qemu-system-x86_64": "qemu-system-x86",
    "tar": "tar",
}
_MERGED = ("bin", "lib", "lib64", "sbin")
_STAMP = "unpacked"

# Where Debian keeps depmod and modprobe is not on everybody's path.
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def demand_tools() -> None:
    """Check that every program is there that the machine is made with.

    Raises:
        InputError: Some are missing; says how to install them.
    """
    missing = [name for name in TOOLS if shutil.which(name, path=_PATH) is None]
    if missing:
        packages = " ".join(sorted({TOOLS[name] for name in missing}))
        raise InputError(
            f"the virtual machine needs {', '.join(missing)}",
            mend=f"On Debian 12, as root: apt-get install --no-install-recommends {packages}",
        )


def run(*command: str | Path, folder: Path | None = None, stdin: bytes | None = None) -> str:
    """What a program prints.

    Raises:
        InputError: It failed; says what it said.
    """
    done = subprocess.run(
        [shutil.which(command[0], path=_PATH) or command[0], *command[1:]],
        cwd=folder,
        input=stdin,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise InputError(
            f"{' '.join(map(str, command))} failed: {said}",
            mend="Where it is about packages: run 'apt-get update' as root, and try again.",
        )
    return done.stdout.decode()


def unpacked(folder: Path, say: Callable[[str], None]) -> Path:
    """The tree of all packages, fetched and unpacked at the first use.

    Args:
        folder: For what is fetched and unpacked.
        say: Told what takes long.

    Raises:
        InputError: Something cannot be fetched.
    """
    tree, stamp = folder / "tree", folder / _STAMP
    wanted = "\n".join((KERNEL, *PACKAGES))
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return tree
    for stale in (tree, folder / "debs"):
        shutil.rmtree(stale, ignore_errors=True)
    say("fetching a kernel, udev and FIDO programs of Debian")
    _unpack(_fetch(folder / "debs"), tree)
    run("depmod", "--basedir", tree, kernel_release(tree))
    stamp.write_text(wanted, encoding="utf-8")
    return tree


def kernel_release(tree: Path) -> str:
    """The release of the kernel in the tree, as `uname -r` prints it."""
    (modules,) = (tree / "usr/lib/modules").iterdir()
    return modules.name


def _fetch(folder: Path) -> list[Path]:
    folder.mkdir(parents=True)
    # The kernel itself has its version in its name, which changes with security updates.
    depends = run("apt-cache", "depends", KERNEL)
    image = re.search(r"Depends: (linux-image-\S+)", depends)
    if image is None:
        raise InputError(f"apt knows no {KERNEL}", mend="Run 'apt-get update' as root.")
    run("apt-get", "download", "-qq", image[1], *PACKAGES, folder=folder)
    return sorted(folder.glob("*.deb"))


def _unpack(packages: list[Path], tree: Path) -> None:
    # As on the host, so that the tree can be laid over it: /lib is a link to /usr/lib.
    for name in _MERGED:
        (tree / "usr" / name).mkdir(parents=True)
        (tree / name).symlink_to(f"usr/{name}")
    for package in packages:
        with subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE
        ) as files:
            subprocess.run(
                ["tar", "-x", "--keep-directory-symlink", "--no-same-owner", "-C", tree],
                stdin=files.stdout,
                check=True,
            )
