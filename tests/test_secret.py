"""A secret is wiped, and shows itself nowhere."""

import copy
import pickle
import traceback

import pytest

from keyvault_kit.secret import Secret


def test_a_secret_never_prints_itself() -> None:
    secret = Secret.from_text("31415926")

    for shown in (repr(secret), str(secret), f"{secret}", f"{secret:>20}", f"{[secret]}"):
        assert "31415926" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)
    with pytest.raises(TypeError):
        hash(secret)


def test_a_wiped_secret_is_gone_for_good() -> None:
    with Secret.from_text("31415926") as secret:
        assert secret.expose_text() == "31415926"
    assert bytes(secret._buffer) == bytes(8)
    with pytest.raises(ValueError, match="wiped") as caught:
        secret.expose()
    assert "31415926" not in "".join(traceback.format_exception(caught.value))


def test_secrets_are_compared_by_value_and_normalised() -> None:
    assert Secret.from_text("é") == Secret.from_text("é")
    assert Secret(b"a") != Secret(b"b")
    assert Secret(b"a") != b"a"
    assert len(Secret(b"abc")) == 3


def test_the_callers_buffer_is_copied() -> None:
    buffer = bytearray(b"secret")
    secret = Secret(buffer)
    buffer[:] = bytes(6)

    assert secret.expose() == b"secret"
