"""The virtual machine: a Debian kernel under QEMU over the host's own files, read-only."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from tests.vm.host.packages import kernel_release, run

CHECKOUT: Final = Path(__file__).parents[3]
GUEST: Final = CHECKOUT / "tests/vm/guest"
# To mount the shared folders. What the keys need is loaded later, from the tree.
_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
_LINES_OF_LOG = 25
# What compiled wheels expect (x86-64-v2) and no more: wide vectors are slow to emulate.
CPU: Final = "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16,+aes,+pclmulqdq"


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """A virtual machine to run one command in.

    Attributes:
        folder: Where its files are; `kernel.log` there says how it booted.
        tree: The unpacked packages.
        rehearsal: The folder of a finished rehearsal: its ledger is copied for the person, and its
            software keys are those that are plugged in.
        limit: Seconds until it is given up.
        memory: MiB.
    """

    folder: Path
    tree: Path
    rehearsal: Path
    limit: float = 600
    memory: int = 1024

    @property
    def out(self) -> Path:
        """The one folder that it can write to, `/out` in there."""
        return self.folder / "out"

    def run(self, command: str) -> int:
        """Boot it, run a shell command as an unprivileged person, and show what that prints.

        Returns:
            The command's exit status.

        Raises:
            InputError: The machine cannot be started, did not come so far, or hung.
        """
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir(parents=True)
        log = self.folder / "kernel.log"
        log.unlink(missing_ok=True)
        try:
            subprocess.run(
                self._qemu(self._first_files(command), log),
                stdin=subprocess.DEVNULL,
                timeout=self.limit,
                check=True,
            )
            return int((self.out / "status").read_text(encoding="ascii"))
        except subprocess.TimeoutExpired as error:
            what = f"the virtual machine did not finish within {self.limit:.0f} s"
            raise InputError(what, mend=_end_of(log)) from error
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            raise InputError(f"the virtual machine failed: {error}", mend=_end_of(log)) from error

    def _qemu(self, first_files: Path, log: Path) -> list[str]:
        release = kernel_release(self.tree)
        return [
            "qemu-system-x86_64",
            # Emulation, wherever it runs: KVM inside a virtual machine is not to be had everywhere.
            *("-accel", "tcg", "-cpu", CPU, "-smp", "1", "-m", str(self.memory)),
            *("-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
            *("-kernel", str(self.tree / f"boot/vmlinuz-{release}"), "-initrd", str(first_files)),
            *("-append", "console=ttyS1 panic=-1 quiet random.trust_cpu=on mitigations=off"),
            *("-serial", "stdio", "-serial", f"file:{log}"),
            *_share("host", Path("/"), read_only=True),
            *_share("packages", self.tree, read_only=True),
            *_share("out", self.out, read_only=False),
        ]

    def _first_files(self, command: str) -> Path:
        """The initial RAM file system: busybox, `init`, the first modules and the settings."""
        root = self.folder / "first"
        shutil.rmtree(root, ignore_errors=True)
        for name in ("bin", "dev", "proc", "sys", "host", "packages", "top", "modules"):
            (root / name).mkdir(parents=True)
        shutil.copy(shutil.which("busybox") or "", root / "bin/busybox")
        shutil.copy(GUEST / "init", root / "init")
        (root / "init").chmod(0o755)
        modules = _modules(self.tree)
        for module in modules:
            shutil.copy(module, root / "modules")
        order = "\n".join(module.name for module in modules)
        (root / "modules/order").write_text(order, encoding="utf-8")
        (root / "settings").write_text(self._settings(command), encoding="utf-8")
        names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
        image = self.folder / "first.cpio"
        run("cpio", "-o", "-H", "newc", "-F", image, folder=root, stdin=names.encode())
        return image

    def _settings(self, command: str) -> str:
        python = Path(sys.executable)
        # A symbolic link in the environment leads to the interpreter, often below somebody's home.
        homes = {*CHECKOUT.parents, *python.resolve().parents, CHECKOUT}
        values = {
            "CHECKOUT": str(CHECKOUT),
            "PYTHON": str(python),
            "HOMES": " ".join(shlex.quote(str(home)) for home in sorted(homes)),
            "REHEARSAL": str(self.rehearsal),
            "COMMAND": command,
            "COLUMNS": str(shutil.get_terminal_size((100, 25)).columns),
        }
        return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def _share(name: str, path: Path, *, read_only: bool) -> tuple[str, str]:
    options = f"local,path={path},mount_tag={name},security_model=none,multidevs=remap"
    return "-virtfs", options + (",readonly=on" if read_only else "")


def _modules(tree: Path) -> list[Path]:
    """The files of the first modules with what they depend on, in the order of loading."""
    shown = run(
        *("modprobe", "--show-depends", "--dirname", tree, "--set-version", kernel_release(tree)),
        *("--all", *_MODULES),
    )
    files = [line.split()[1] for line in shown.splitlines() if line.startswith("insmod")]
    return [Path(file) for file in dict.fromkeys(files)]


def _end_of(log: Path) -> str:
    if not log.exists():
        return "It did not begin to boot."
    text = log.read_text(encoding="utf-8", errors="replace").partition("Call Trace")[0]
    return os.linesep.join([f"The end of {log}:", *text.splitlines()[-_LINES_OF_LOG:]])
