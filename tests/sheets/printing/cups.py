"""A CUPS of our own on loopback and a socket: no system service, no network, gone afterwards."""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from keyvault_kit.sheets.printer import Options, Queue, Waiting

BIN: Final = Path("/usr/lib/cups")
READY: Final = 30.0
"""Seconds that a server may take until it answers, on a busy machine."""

PATIENT: Final = Waiting(time.monotonic, time.sleep, timeout=60, grace=0.3, interval=0.02)
"""As long as a busy machine needs; of trouble one hears soon."""

TITLE: Final = "keyvault-sheet-00c0ffee"

# The backend keeps what it gets; files beside its output say how to behave.
KEEP: Final = """#!/bin/sh
if [ $# -eq 0 ]; then echo 'direct keep "Unknown" "keeps"'; exit 0; fi
out=${DEVICE_URI#keep:}
if [ -e "$out/reasons" ]; then echo "STATE: $(cat "$out/reasons")" >&2; fi
if [ -e "$out/stubborn" ]; then trap '' TERM; fi
: > "$out/started-$1"
while [ -e "$out/wait" ]; do sleep 0.05; done
cat ${6:+"$6"} > "$out/job-$1.half" && mv "$out/job-$1.half" "$out/job-$1.pdf"
printf '%s\\n' "$3" > "$out/job-$1.title"
printf '%s\\n' "$5" > "$out/job-$1.options"
if [ -e "$out/fail" ]; then exit "$(cat "$out/fail")"; fi
exit 0
"""

FILES: Final = """
ServerRoot {root}/etc
ServerBin {root}/bin
RequestRoot {root}/spool
TempDir {root}/spool/tmp
CacheDir {root}/cache
StateDir {root}/run
ServerKeychain {root}/ssl
AccessLog {root}/log/access_log
ErrorLog {root}/log/error_log
PageLog {root}/log/page_log
FileDevice Yes
User {user}
Group {group}
SystemGroup {system}
"""

DAEMON: Final = """
Listen {root}/run/cups.sock
{loopback}
Browsing No
WebInterface No
DefaultAuthType {auth}
DefaultEncryption Never
LogLevel {level}
PageLogFormat %p %u %j %T %P %C %{{job-name}}
PreserveJobFiles {files}
PreserveJobHistory {history}
DirtyCleanInterval {dirty}
MaxLogSize 0
<Location />
  Order allow,deny
  Allow from 127.0.0.1
</Location>
<Location /admin>
  Order allow,deny
  Allow from 127.0.0.1
</Location>
<Policy default>
  JobPrivateAccess default
  JobPrivateValues default
{limits}
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
"""

# As Debian ships it for jobs: whoever owns a job may do things to it.
OWNERS: Final = """
  <Limit Cancel-Job Send-Document Purge-Jobs>
    Require user @OWNER @SYSTEM
    Order deny,allow
  </Limit>
"""
# All that is done to jobs needs a name that is proven.
PROVEN: Final = """
  <Limit Create-Job Print-Job>
    AuthType Default
    Order deny,allow
  </Limit>
  <Limit Cancel-Job Send-Document Purge-Jobs>
    AuthType Default
    Require user @OWNER @SYSTEM
    Order deny,allow
  </Limit>
"""


def until(true: Callable[[], bool], what: str, seconds: float = READY) -> None:
    """Wait for something that will come, and fail with its name where it does not."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cups:
    """A cupsd with configuration, spool and logs of its own in a folder.

    Args:
        root: A new folder, with a short path, that others may enter.
        settings: What is not as usual in `DAEMON`.
    """

    def __init__(self, root: Path, **settings: str) -> None:
        self.root = root
        self.spool = root / "spool"
        self.socket = str(root / "run/cups.sock")
        self.address = f"127.0.0.1:{free_port()}"
        self.process: subprocess.Popen[bytes] | None = None
        self._settings = {
            "auth": "None",
            "level": "debug2",
            "files": "No",
            "history": "Yes",
            "dirty": "0",
            "limits": OWNERS,
            "loopback": "",
        } | settings
        for folder in ("etc", "bin/daemon", "bin/backend", "bin/filter", "spool/tmp", "cache"):
            (root / folder).mkdir(parents=True)
        for folder in ("run", "ssl", "log"):
            (root / folder).mkdir()
        shutil.copy(BIN / "daemon/cups-exec", root / "bin/daemon")
        shutil.copy(BIN / "backend/ipp", root / "bin/backend")
        # Without cups-filters an 'everywhere' queue takes the PDF as it is.
        (root / "etc/local.convs").write_text("application/pdf application/vnd.cups-pdf 0 -\n")
        keep = root / "bin/backend/keep"
        keep.write_text(KEEP)
        keep.chmod(0o700)  # closed to others: cupsd, where it is root, runs it as root

    def documents(self) -> list[str]:
        """What lies in the spool of jobs: all but control files, which hold no document."""
        files = (path for path in self.spool.iterdir() if path.is_file())
        return sorted(path.name for path in files if not path.name.startswith("c"))

    def logs(self) -> str:
        """All that CUPS wrote about its work, and its control files, which hold titles."""
        files = [*(self.root / "log").iterdir(), *self.spool.glob("c*")]
        return "".join(file.read_text(errors="replace") for file in files)

    def start(self) -> None:
        root = os.getuid() == 0
        names = {
            "root": str(self.root),
            "user": "lp" if root else pwd.getpwuid(os.getuid()).pw_name,
            "group": "lp" if root else grp.getgrgid(os.getgid()).gr_name,
            "system": "root" if root else "daemon",
        }
        files, daemon = self.root / "etc/cups-files.conf", self.root / "etc/cupsd.conf"
        files.write_text(FILES.format(**names))
        daemon.write_text(DAEMON.format(**names, **self._settings))
        command = ["/usr/sbin/cupsd", "-f", "-c", str(daemon), "-s", str(files)]
        with (self.root / "stderr").open("ab") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=errors)
        until(self._answers, "cupsd answers")

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.root / "stderr").read_text() + self.logs()
        try:
            with socket.socket(socket.AF_UNIX) as local:
                local.connect(self.socket)
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """As a crash does: with no time to put anything in order."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=READY)
        self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=READY)
            self.process = None

    def run(self, *command: str) -> str:
        """One of CUPS's own programs, on this server."""
        done = subprocess.run(
            command,
            env={"PATH": f"{os.environ['PATH']}:/usr/sbin", "CUPS_SERVER": self.socket},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def keeping(self, name: str = "keep", *options: str) -> "Keeper":
        """A new queue without a driver to the keeping backend."""
        out = self.root / f"out-{name}"
        out.mkdir()
        out.chmod(0o777)
        self.run("lpadmin", "-p", name, "-E", "-v", f"keep:{out}", *options)
        return Keeper(out)


class Keeper:
    """What stands for a printer: it keeps what it gets, and fails as it is told."""

    def __init__(self, out: Path) -> None:
        self.out = out

    def got(self, job: int) -> bytes:
        """What it was sent as a job."""
        return (self.out / f"job-{job}.pdf").read_bytes()

    def options(self, job: int) -> str:
        return (self.out / f"job-{job}.options").read_text()

    def title(self, job: int) -> str:
        return (self.out / f"job-{job}.title").read_text().strip()

    def tell(self, reasons: str) -> None:
        """Report this of the printer from the next job on."""
        (self.out / "reasons").write_text(reasons)

    def fail(self, status: int) -> None:
        """End the next jobs with an exit status (backend(7))."""
        (self.out / "fail").write_text(str(status))

    def hang(self) -> None:
        """Keep jobs waiting until `go`."""
        (self.out / "wait").touch()

    def be_stubborn(self) -> None:
        """Do not end when CUPS asks for it, as a backend that waits for a device does."""
        (self.out / "stubborn").touch()

    def go(self) -> None:
        for name in ("wait", "reasons", "fail"):
            (self.out / name).unlink(missing_ok=True)

    def await_start(self, job: int) -> None:
        until((self.out / f"started-{job}").exists, f"job {job} starts")

    def jobs(self) -> list[str]:
        """The jobs whose documents came through, in order."""
        return sorted(path.stem for path in self.out.glob("job-*.pdf"))


# What the printer runs for each job: keeps the document, is out of paper as long as it is told.
PRINT: Final = """#!/bin/sh
cp "$1" "{root}/printed.half" && mv "{root}/printed.half" "{root}/printed-$(date +%s%N).pdf"
env > "{root}/job.env"
while [ -e "{root}/empty" ]; do
  [ -e "{root}/said" ] || echo 'STATE: +media-empty-error' >&2
  : > "{root}/said"
  sleep 0.05
done
[ -e "{root}/said" ] && echo 'STATE: -media-empty-error' >&2
rm -f "{root}/said"
exit "$(cat "{root}/status" 2>/dev/null || echo 0)"
"""


class Printer:
    """An IPP Everywhere printer (`ippeveprinter`), with the D-Bus that it does not start without.

    Args:
        root: A new folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.uri = ""
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        (self.root / "spool").mkdir(exist_ok=True)
        bus, command = self.root / "bus", self.root / "print"
        command.write_text(PRINT.format(root=self.root))
        command.chmod(0o700)
        self._run("dbus-daemon", "--session", "--nofork", f"--address=unix:path={bus}")
        until(bus.exists, "the D-Bus is there")
        port = free_port()
        named = ("-n", "localhost", "-p", str(port), "-r", "off", "-2", "-f", "application/pdf")
        self._run(
            *("/usr/sbin/ippeveprinter", *named),
            *("-d", str(self.root / "spool"), "-c", str(command), "Office"),
        )
        self.uri = f"ipp://localhost:{port}/ipp/print"
        until(lambda: is_open(port), "the printer answers")

    def _run(self, *command: str) -> None:
        env = {
            "PATH": os.environ["PATH"],
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.root / 'bus'}",
            "TMPDIR": str(self.root),
        }
        with (self.root / "log").open("ab") as log:
            process = subprocess.Popen(
                command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._processes.append(process)

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
            process.wait(timeout=READY)
        self._processes.clear()

    def empty(self) -> None:
        """No paper in the tray."""
        (self.root / "empty").touch()

    def fill(self) -> None:
        (self.root / "empty").unlink()

    def printed(self) -> list[bytes]:
        """What it was sent, in order."""
        return [path.read_bytes() for path in sorted(self.root.glob("printed-*.pdf"))]

    def asked(self) -> dict[str, str]:
        """How the last job was to be printed: its attributes as environment variables."""
        lines = (self.root / "job.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if line.startswith("IPP_"))


def is_open(port: int) -> bool:
    """Whether something listens there, on loopback."""
    try:
        socket.create_connection(("localhost", port), timeout=5).close()
    except OSError:
        return False
    return True


def send(queue: Queue, sheet: bytes, options: Options | None = None) -> int:
    """Hand a sheet in; returns the job's number."""
    return queue.submit(sheet, title=TITLE, options=options or Options())


def waiting_as(queue: Queue, **changes: object) -> Queue:
    """The same queue, its jobs waited for in another way."""
    waiting = msgspec.structs.replace(PATIENT, **changes)
    return Queue(queue.name, queue._server, waiting, indirect=True)
