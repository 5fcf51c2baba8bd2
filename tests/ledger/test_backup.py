"""Backups: made while others write, opened by stock age, and never over another file."""

import sqlite3
import stat
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from keyvault_kit.errors import InputError, LedgerError, MismatchError, RefusedError
from keyvault_kit.ledger import age
from keyvault_kit.ledger.backup import back_up
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.secret import Secret

AtATerminal = Callable[[list[str], list[str]], None]
Bodies = Callable[[int], list[bytes]]
Read = Callable[[Path], list[bytes]]

IDENTITY = age.identity_from(b"A" * 32)


def plain(data: bytes) -> bytes:
    return data


def encrypted(data: bytes) -> bytes:
    return age.encrypt(data, [age.recipient_of(IDENTITY)])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_backup_is_the_ledger(read: Read, ledger: Ledger, bodies: Bodies, tmp_path: Path) -> None:
    ledger.append(bodies(100))
    target = tmp_path / "backup.age"

    assert back_up(ledger, target, encrypted) == 100

    copy = tmp_path / "copy.db"
    copy.write_bytes(age.decrypt(target.read_bytes(), IDENTITY))
    assert read(copy) == bodies(100)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert names(tmp_path) == ["backup.age", "copy.db", "ledger.db"]


@pytest.mark.needs("age")
def test_stock_age_opens_a_backup(ledger: Ledger, bodies: Bodies, tmp_path: Path) -> None:
    ledger.append(bodies(100))
    key, target, copy = (tmp_path / name for name in ("key", "backup.age", "copy.db"))
    key.write_bytes(IDENTITY.expose())
    back_up(ledger, target, encrypted)

    subprocess.run(["age", "-d", "-i", str(key), "-o", str(copy), str(target)], check=True)

    with Ledger.open(copy) as opened:
        opened.check()
        assert opened.root() == ledger.root()


@pytest.mark.needs("age", "setsid")
def test_stock_age_opens_a_backup_by_its_passphrase(
    at_a_terminal: AtATerminal, read: Read, ledger: Ledger, bodies: Bodies, tmp_path: Path
) -> None:
    ledger.append(bodies(10))
    passphrase = Secret.from_text("gravel tuba oxide lemur quartz nine")
    target, copy = tmp_path / "backup.age", tmp_path / "copy.db"
    back_up(ledger, target, lambda data: age.encrypt_with_passphrase(data, passphrase))

    at_a_terminal(["age", "-d", "-o", str(copy), str(target)], [passphrase.expose_text()])
    assert read(copy) == bodies(10)


@pytest.mark.usefixtures("links")
def test_a_backup_fits_a_stick(read: Read, ledger: Ledger, bodies: Bodies, tmp_path: Path) -> None:
    ledger.append(bodies(3))
    target = tmp_path / "backup"
    assert back_up(ledger, target, plain) == 3
    assert read(target) == bodies(3)
    assert names(tmp_path) == ["backup", "ledger.db"]


def test_a_backup_is_never_overwritten(ledger: Ledger, bodies: Bodies, tmp_path: Path) -> None:
    ledger.append(bodies(3))
    target = tmp_path / "backup.age"
    target.write_bytes(b"mine")
    with pytest.raises(InputError, match="exists already"):
        back_up(ledger, target, plain)
    assert target.read_bytes() == b"mine"


@pytest.mark.usefixtures("links")
def test_nor_is_one_that_somebody_makes_meanwhile(
    ledger: Ledger, bodies: Bodies, tmp_path: Path
) -> None:
    ledger.append(bodies(3))
    target = tmp_path / "backup.age"

    def encrypt_slowly(data: bytes) -> bytes:
        target.write_bytes(b"theirs")
        return data

    with pytest.raises(InputError, match="exists already"):
        back_up(ledger, target, encrypt_slowly)
    assert target.read_bytes() == b"theirs"
    assert names(tmp_path) == ["backup.age", "ledger.db"]


def test_a_damaged_ledger_is_not_backed_up(
    ledger: Ledger, path: Path, bodies: Bodies, tmp_path: Path
) -> None:
    ledger.append(bodies(9))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP TRIGGER entry_is_never_changed")
        database.execute("UPDATE entry SET body = x'00' WHERE seq = 5")
    with pytest.raises(LedgerError, match="entry 5 was changed"):
        back_up(ledger, tmp_path / "backup.age", plain)
    assert names(tmp_path) == ["ledger.db"]


def test_a_folder_that_is_missing_is_said_so(
    ledger: Ledger, bodies: Bodies, tmp_path: Path
) -> None:
    ledger.append(bodies(3))
    with pytest.raises(InputError, match=r"cannot write .*No such file"):
        back_up(ledger, tmp_path / "missing" / "backup.age", plain)


def test_an_encryption_that_fails_leaves_nothing(
    ledger: Ledger, bodies: Bodies, tmp_path: Path
) -> None:
    ledger.append(bodies(3))
    with pytest.raises(RefusedError, match="fewer than 12"):
        back_up(
            ledger,
            tmp_path / "backup.age",
            lambda data: age.encrypt_with_passphrase(data, Secret.from_text("short")),
        )
    assert names(tmp_path) == ["ledger.db"]


def test_a_backup_cut_short_or_for_somebody_else_is_named(
    ledger: Ledger, bodies: Bodies, tmp_path: Path
) -> None:
    ledger.append(bodies(300))
    back_up(ledger, tmp_path / "backup.age", encrypted)
    data = (tmp_path / "backup.age").read_bytes()

    with pytest.raises(LedgerError, match="cut short"):
        age.decrypt(data[:-1], IDENTITY)
    with pytest.raises(MismatchError, match="not encrypted to this identity"):
        age.decrypt(data, age.identity_from(b"B" * 32))
