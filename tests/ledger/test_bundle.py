"""Bundles: what goes in comes out, and nothing that is hostile gets far."""

import json
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.custody.commitments import commit_bytes
from keyvault_kit.errors import InputError, KeyvaultError, LedgerError, MismatchError
from keyvault_kit.ledger import age
from keyvault_kit.ledger.bundle import FORMAT, LARGEST, MOST, Signed, pack, read_bundle, unpack
from keyvault_kit.ledger.store import Detail

Change = Callable[[dict[str, Any]], object]


def row(salt: bytes, text: str, keep_until: str | None) -> Detail:
    return Detail(commit_bytes(salt, text.encode()), salt, text.encode(), keep_until)


def dumped(value: object) -> bytes:
    """Canonical JSON, written by the standard library."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


ROW = row(b"salt of sixteen.", '{"name":"Ada Ångström"}', "2031-12-31")
SIGNED = Signed(b'{"register":"00"}', {"ada": "-----BEGIN SSH SIGNATURE-----\n"}, (ROW,))

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,20}", fullmatch=True)
DAYS = st.none() | st.dates().map(str)
ROWS = st.builds(row, st.binary(min_size=16, max_size=16), TEXT, DAYS)
PROPOSALS = st.builds(
    Signed,
    TEXT.map(str.encode),
    st.dictionaries(IDS, TEXT, max_size=3),
    st.lists(ROWS, max_size=3).map(tuple),
)


@given(items=st.lists(PROPOSALS, max_size=4))
def test_what_is_packed_is_unpacked(items: list[Signed]) -> None:
    data = pack(items)
    assert unpack(data) == tuple(items)
    assert dumped(json.loads(data)) == data
    assert json.loads(data)["format"] == FORMAT == "keyvault-kit/bundle/v1"


def test_the_form_is_readable_and_stays() -> None:
    assert json.loads(pack([SIGNED])) == {
        "format": "keyvault-kit/bundle/v1",
        "proposals": [
            {
                "details": [
                    {
                        "commitment": ROW.commitment,
                        "keep_until": "2031-12-31",
                        "row": '{"name":"Ada Ångström"}',
                        "salt": b"salt of sixteen.".hex(),
                    }
                ],
                "message": '{"register":"00"}',
                "signatures": {"ada": "-----BEGIN SSH SIGNATURE-----\n"},
            }
        ],
    }


def test_a_bundle_is_carried_encrypted() -> None:
    ada, bob = age.identity_from(b"A" * 32), age.identity_from(b"B" * 32)
    sealed = age.encrypt(pack([SIGNED]), [age.recipient_of(ada)])

    assert read_bundle(sealed, lambda data: age.decrypt(data, ada)) == (SIGNED,)
    with pytest.raises(MismatchError):
        read_bundle(sealed, lambda data: age.decrypt(data, bob))


# --- What does not fit


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.update(more=1),
        lambda it: it["proposals"][0].update(more=1),
        lambda it: it["proposals"][0]["details"][0].update(more=1),
        lambda it: it.pop("format"),
        lambda it: it.pop("proposals"),
        lambda it: it["proposals"][0].pop("message"),
        lambda it: it["proposals"][0].pop("signatures"),
        lambda it: it["proposals"][0].pop("details"),
        lambda it: it["proposals"][0].update(message=7),
        lambda it: it["proposals"][0].update(signatures=["ada"]),
        lambda it: it["proposals"][0].update(signatures={"../ada": "A"}),
        lambda it: it["proposals"][0].update(signatures={"ada\n": "A"}),
        lambda it: it["proposals"][0].update(signatures={"ada": "A" * 4097}),
        lambda it: it["proposals"][0]["details"][0].update(keep_until="31.12.2031"),
        lambda it: it["proposals"][0]["details"][0].update(salt="00"),
        lambda it: it["proposals"][0]["details"][0].update(salt="0" * 32 + "\n"),
        lambda it: it["proposals"][0]["details"][0].update(salt="x" * 32),
        lambda it: it["proposals"][0]["details"][0].update(commitment="00"),
    ],
)
def test_what_is_no_bundle_is_said_so(change: Change) -> None:
    fields = json.loads(pack([SIGNED]))
    change(fields)
    with pytest.raises(InputError, match="no bundle of proposals"):
        unpack(dumped(fields))


@pytest.mark.parametrize("field", ["salt", "row", "commitment"])
def test_a_row_that_is_not_the_committed_one_is_named(field: str) -> None:
    fields = json.loads(pack([SIGNED]))
    changed = {"salt": "0" * 32, "row": '{"name":"Eve"}', "commitment": "0" * 64}
    fields["proposals"][0]["details"][0][field] = changed[field]
    with pytest.raises(LedgerError, match="a row of the bundle is not the one"):
        unpack(dumped(fields))


def test_another_format_is_not_read() -> None:
    fields = json.loads(pack([SIGNED])) | {"format": "keyvault-kit/bundle/v2"}
    with pytest.raises(InputError, match="another format than keyvault-kit/bundle/v1"):
        unpack(dumped(fields))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data + b"\n",
        lambda data: data.replace(b'{"format"', b'{ "format"'),
        lambda data: data.replace(b'"format":', b'"format":"other","format":'),
        lambda data: data.replace(b'{"ada":', b'{"ada":"forged","ada":'),
        lambda data: data.replace(b'"message":', b'"message":"","message":'),
        lambda data: data.replace("Å".encode(), b"\\u00c5"),
        lambda data: data.replace(b'"2031-12-31"', b"null"),
        lambda data: json.dumps(
            dict(reversed(json.loads(data).items())), separators=(",", ":"), ensure_ascii=False
        ).encode(),
    ],
)
def test_two_ways_to_write_one_bundle_are_refused(change: Callable[[bytes], bytes]) -> None:
    data = pack([SIGNED])
    assert change(data) != data
    with pytest.raises(InputError, match="not in canonical form"):
        unpack(change(data))


@pytest.mark.parametrize(
    "data", [b"", b"null", b"[]", b"\xff\xfe", b'{"format":"\xc3"}', b'{"format":"\\ud800"}']
)
def test_what_is_not_even_json_is_said_so(data: bytes) -> None:
    with pytest.raises(InputError, match="no bundle of proposals"):
        unpack(data)


@pytest.mark.parametrize(
    "begin",
    [b"", b'{"format":', b'{"proposals":', b'{"proposals":[', b'{"more":', b'{"proposals":[{"x":'],
)
@pytest.mark.parametrize("brace", [b"{", b"[", b'{"":', b'"', b"9"])
def test_braces_without_end_are_refused_at_once(begin: bytes, brace: bytes) -> None:
    began = time.monotonic()
    with pytest.raises(InputError, match="no bundle of proposals"):
        unpack((begin + brace * LARGEST)[:LARGEST])
    assert time.monotonic() - began < 1


def test_a_hundred_megabytes_of_braces_are_not_looked_at() -> None:
    data = b"{" * 100_000_000
    began = time.monotonic()
    with pytest.raises(InputError, match="has 100000000 bytes, and 4194304 is the most"):
        unpack(data)
    assert time.monotonic() - began < 0.1


def test_too_many_proposals_are_refused_on_both_sides() -> None:
    small = Signed(b"{}", {})
    assert len(unpack(pack([small] * MOST))) == MOST
    with pytest.raises(InputError, match=f"<= {MOST}"):
        pack([small] * (MOST + 1))
    fields = json.loads(pack([small]))
    fields["proposals"] *= MOST + 1
    with pytest.raises(InputError, match=f"<= {MOST}"):
        unpack(dumped(fields))


def test_what_could_not_be_read_is_not_packed() -> None:
    for signed, told in (
        (Signed(b"\xff", {}), "message of a proposal is not UTF-8"),
        (Signed(b"x" * LARGEST, {}), "bytes, and"),
        (Signed(b"", {"not an id": "A"}), "no bundle"),
        (Signed(b"", {}, (Detail(ROW.commitment, b"short", ROW.row),)), "no bundle"),
        (Signed(b"", {}, (Detail(ROW.commitment, ROW.salt, b"\xff"),)), "row of a proposal"),
        (Signed(b"", {}, (msgspec.structs.replace(ROW, keep_until="soon"),)), "no bundle"),
    ):
        with pytest.raises(InputError, match=told):
            pack([signed])
    with pytest.raises(LedgerError, match="not the one"):
        pack([Signed(b"", {}, (Detail(ROW.commitment, ROW.salt, b"{}"),))])


@given(data=st.data())
def test_a_changed_bundle_is_refused_or_says_something_else(data: st.DataObject) -> None:
    whole = pack([SIGNED])
    changed = bytearray(whole)
    for place in data.draw(st.sets(st.integers(0, len(whole) - 1), min_size=1, max_size=3)):
        changed[place] ^= data.draw(st.integers(1, 255))
    try:
        read = unpack(bytes(changed))
    except KeyvaultError as error:
        assert isinstance(error, (InputError, LedgerError))  # noqa: PT017 - or it reads
    else:
        assert read != (SIGNED,)
        assert pack(read) == bytes(changed)
