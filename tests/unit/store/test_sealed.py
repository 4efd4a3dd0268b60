"""The first line of what is kept tells whether the rest is whole, and whether we know its form."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segctl.store import Damaged, Newer
from segctl.store.sealed import VERSION, seal, seal_json, unseal, unseal_json

CONTENT = json.dumps({"confirmed": 7, "pending": None}).encode() + b"\n\nlast\n"
SEALED = seal("standing", CONTENT)


def test_what_was_sealed_comes_back() -> None:
    assert SEALED.startswith(b"segctl standing 1 sha256:")
    assert unseal("standing", SEALED, "here") == CONTENT
    assert unseal_json("overrides", seal_json("overrides", [1, {"a": None}]), "here") == [1, {"a": None}]


@pytest.mark.parametrize("length", range(len(SEALED)))
def test_cut_off_anywhere(length: int) -> None:
    with pytest.raises(Damaged, match="here"):
        unseal("standing", SEALED[:length], "here")


def test_a_bit_that_turned() -> None:
    """The content is never another; in the head a bit more or less may be the version's, nothing else."""
    for at in random.Random(3).sample(range(8 * len(SEALED)), 400):
        turned = bytearray(SEALED)
        turned[at // 8] ^= 1 << at % 8
        try:
            assert unseal("standing", bytes(turned), "here") == CONTENT
        except (Damaged, Newer):
            continue
        assert at // 8 == SEALED.index(b" 1 ") + 1


def test_a_byte_more() -> None:
    with pytest.raises(Damaged):
        unseal("standing", SEALED + b"x", "here")


@pytest.mark.parametrize("kind", ["overrides", "standin", "", "standing standing"])
def test_another_kind(kind: str) -> None:
    with pytest.raises(Damaged):
        unseal(kind, SEALED, "here")


@pytest.mark.parametrize("version", [VERSION + 1, 99, 999_999_999])
def test_newer(version: int) -> None:
    newer = SEALED.replace(b" 1 ", f" {version} ".encode(), 1)
    with pytest.raises(Newer, match=f"form {version}"):
        unseal("standing", newer, "here")


@pytest.mark.parametrize("version", [b"9" * 5000, b"-1", b"1.0", b"0", b"", b"\xb2", "٣".encode()])
def test_no_version(version: bytes) -> None:
    with pytest.raises(Damaged):
        unseal("standing", SEALED.replace(b" 1 ", b" " + version + b" ", 1), "here")


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"\xff", b'{"a": 1} x'])
def test_sealed_rightly_and_yet_no_json(content: bytes) -> None:
    with pytest.raises(Damaged):
        unseal_json("standing", seal("standing", content), "here")


@given(st.binary(max_size=200))
def test_anything_else(data: bytes) -> None:
    with pytest.raises((Damaged, Newer)):
        unseal("standing", data, "here")
