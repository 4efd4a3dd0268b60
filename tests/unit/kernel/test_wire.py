"""Netlink's framing: what we pack we read, and what doesn't add up is never half-read."""

import pytest

from segctl.kernel.errors import NotUnderstood
from segctl.kernel.wire import NESTED, attribute, attributes, number, string, text


def test_an_attribute_is_padded_but_tells_its_own_length() -> None:
    assert attribute(3, b"abcde")[2:] == b"\3\0abcde\0\0\0"
    assert len(attribute(3, b"abcde")) == 12
    assert attributes(attribute(3, b"abcde") + attribute(4, b"")) == {3: b"abcde", 4: b""}


def test_the_nested_bit_is_no_part_of_the_type() -> None:
    inner = attribute(1, b"x") + text(2, "name")
    assert attributes(attributes(attribute(7 | NESTED, inner))[7]) == {1: b"x", 2: b"name\0"}


def test_strings_and_numbers() -> None:
    assert string(b"segctl_a\0\0") == "segctl_a"
    assert number(b"\0\0\1\2") == 0x102


@pytest.mark.parametrize("broken", [b"\x03\0\1\0", b"\xff\0\1\0abcd", attribute(1, b"ab")[:5]])
def test_lengths_that_do_not_fit(broken: bytes) -> None:
    with pytest.raises(NotUnderstood):
        attributes(broken)
