"""A folder of files that belong together: whole, or with nothing to work from."""

from pathlib import Path

import pytest

from keyvault_kit.errors import InputError, InternalError
from keyvault_kit.host.delivery import SUMS, Comparison, compare, deliver

FILES = {"index.json": b"1", "a/one.txt": b"one", "a/two.txt": b"two"}


def held(folder: Path) -> dict[str, bytes]:
    found = (it for it in folder.rglob("*") if it.is_file() and it.name != SUMS)
    return {it.relative_to(folder).as_posix(): it.read_bytes() for it in found}


def test_what_is_delivered_lies_there_and_nothing_else(tmp_path: Path) -> None:
    deliver(tmp_path / "out", FILES, start=("index.json",))
    assert held(tmp_path / "out") == FILES
    assert compare(tmp_path / "out", FILES) == Comparison(same=tuple(sorted(FILES)))


def test_a_folder_that_is_not_there_or_empty_is_empty(tmp_path: Path) -> None:
    assert compare(tmp_path / "out", FILES).empty
    assert compare(tmp_path, FILES) == Comparison(missing=tuple(sorted(FILES)))


def test_a_later_delivery_removes_what_the_earlier_one_brought_and_keeps_the_rest(
    tmp_path: Path,
) -> None:
    deliver(tmp_path, FILES, start=())
    (tmp_path / "a/two.txt").write_bytes(b"changed")
    (tmp_path / "mine").write_bytes(b"mine")
    later = {"index.json": b"2"}
    assert compare(tmp_path, later) == Comparison(
        other=("index.json",), stale=("a/one.txt",), foreign=("a/two.txt", "mine")
    )
    deliver(tmp_path, later, start=())
    assert held(tmp_path) == {"index.json": b"2", "a/two.txt": b"changed", "mine": b"mine"}


def test_a_list_of_hashes_that_is_none_makes_nothing_ours(tmp_path: Path) -> None:
    (tmp_path / SUMS).write_bytes(b"\xff\n" + b"0" * 64 + b"  ../../etc/passwd\nnonsense\n")
    (tmp_path / "mine").write_bytes(b"mine")
    assert compare(tmp_path, {}) == Comparison(foreign=("mine",))


def test_a_delivery_that_breaks_off_leaves_nothing_to_start_from(tmp_path: Path) -> None:
    deliver(tmp_path, FILES, start=("index.json",))
    (tmp_path / "a/two.txt").unlink()
    (tmp_path / "a/two.txt").mkdir()
    with pytest.raises(InputError, match=r"cannot write .*two\.txt"):
        deliver(tmp_path, FILES, start=("index.json",))
    assert set(held(tmp_path)) == {"a/one.txt"}
    assert not (tmp_path / SUMS).exists()


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"theirs")
    out = tmp_path / "out"
    out.mkdir()
    (out / "index.json").symlink_to(elsewhere)
    assert compare(out, FILES).other == ("index.json",)
    deliver(out, FILES, start=())
    assert held(out) == FILES
    assert elsewhere.read_bytes() == b"theirs"


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../b", ".hidden", "a//b", "", "a b"])
def test_a_name_that_leads_elsewhere_is_our_own_fault(name: str, tmp_path: Path) -> None:
    with pytest.raises(InternalError, match="no name of a file"):
        deliver(tmp_path / "out", {name: b""}, start=())
    assert not (tmp_path / "out").exists()
