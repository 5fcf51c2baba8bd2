"""Scans from outside are read in a process of their own, which ends."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
import qrcode
from PIL import Image

from keyvault_kit.assembly import read_sheet, scanning
from keyvault_kit.assembly.scanning import read_scan
from keyvault_kit.errors import InputError
from keyvault_kit.sheets import scan

TEXT = "KVK1 PASSWORD 01234567 bg1-pw1 1 00 Zoë 鍵"
STROKE = b"0 0 m 595 842 l S\n"
READER = """
import sys
from keyvault_kit.assembly.scanning import read_scan
read_scan(sys.stdin.buffer.read())
"""


def picture(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def code() -> bytes:
    out = BytesIO()
    qrcode.make(TEXT).save(out)
    return out.getvalue()


def endless(strokes: int = 50_000) -> bytes:
    """A PDF of less than a megabyte that takes pdfium a minute."""
    content = b"100 w\n" + STROKE * strokes
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    )
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % numbered for numbered in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer << /Root 1 0 R >>\n%%EOF\n"


def test_a_scan_says_what_it_says_here() -> None:
    assert read_scan(code()) == scan.read_codes(code()) == (TEXT,)
    assert read_scan(picture(Image.new("L", (300, 300), 255))) == ()


def test_what_cannot_be_read_is_said_in_the_same_words() -> None:
    for data in (b"", b"no scan", bytes(scan.MAX_BYTES + 1)):
        with pytest.raises(InputError) as here:
            scan.read_codes(data)
        with pytest.raises(InputError) as there:
            read_scan(data)
        assert str(there.value) == str(here.value)


def test_a_sheet_in_a_file_is_not_read_in_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "scan.png"
    file.write_bytes(code())
    monkeypatch.setattr(scan, "each_page", None)

    assert read_sheet(file) == (TEXT,)


def test_a_pdf_that_takes_for_ever_is_given_up() -> None:
    begun = time.monotonic()

    with pytest.raises(InputError, match="takes too long to be read") as caught:
        read_scan(endless(), seconds=1)

    assert "Scan the sheet again" in caught.value.mend
    assert time.monotonic() - begun < 10
    assert caught.value.__context__ is None  # which would hold what was read so far


@pytest.mark.parametrize(
    ("program", "what"),
    [
        ("import time; time.sleep(60)", "takes too long"),  # it waits, and uses no time
        ("import sys; sys.exit(70)", "breaks its decoder"),
        ("print('nonsense')", "breaks its decoder"),
    ],
)
def test_a_reader_that_gives_no_answer_is_an_error(
    program: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "_PROGRAM", program)

    with pytest.raises(InputError, match=what):
        read_scan(code(), seconds=1)


def test_a_scan_that_takes_too_much_memory_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    less = scanning._PROGRAM.replace("apart.main", "apart.MEMORY = 128 << 20\napart.main")
    monkeypatch.setattr(scanning, "_PROGRAM", less)

    assert read_scan(code()) == (TEXT,)
    with pytest.raises(InputError, match=r"too many pixels|too much memory"):
        read_scan(picture(Image.new("RGB", (6000, 6000))))


def test_where_no_process_can_be_started_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    with pytest.raises(InputError, match="no process can be started") as caught:
        read_scan(code())

    assert "Type what is printed" in caught.value.mend


def test_the_reader_may_do_little_and_dies_with_an_interrupt() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", READER], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as parent:
        assert parent.stdin
        parent.stdin.write(endless())
        parent.stdin.close()
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
        until(lambda: children.read_text() != "")
        child = Path("/proc", children.read_text().split()[0])
        until(lambda: limit(child, "Max file size") == "0")

        assert limit(child, "Max core file size") == "0"
        assert limit(child, "Max address space") == str(1 << 30)
        assert limit(child, "Max cpu time") == str(scanning.SECONDS)
        for said in ("cmdline", "environ"):
            assert STROKE.strip() not in (child / said).read_bytes()

        parent.send_signal(signal.SIGINT)
        parent.wait(20)

        assert parent.returncode == -signal.SIGINT
        assert not child.exists()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def limit(process: Path, name: str) -> str:
    """A soft limit of a process (proc_pid_limits(5))."""
    lines = (process / "limits").read_text().splitlines()
    return next(line[len(name) :].split()[0] for line in lines if line.startswith(name))
