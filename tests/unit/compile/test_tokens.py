"""Nothing that holds syntax becomes a token, and nothing but tokens and integers reaches a rule template."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segctl.compile import render
from segctl.compile.tokens import AddressRange, ClassId, InterfaceName, Jump, Mark, Name, Span, Word
from segctl.model.ranges import parse_address


@pytest.mark.parametrize(
    ("token", "text"),
    [
        (Name("flow_port"), "flow_port"),
        (Word("would-deny"), "would-deny"),
        (InterfaceName("eth0.100"), '"eth0.100"'),
        (Mark(0x101), "0x00000101"),
        (ClassId(0x10002), "1:2"),
        (AddressRange(parse_address("10.0.0.0"), parse_address("10.0.0.255")), "10.0.0.0/24"),
        (AddressRange(parse_address("10.0.0.1"), parse_address("10.0.0.1")), "10.0.0.1"),
        (AddressRange(parse_address("10.0.0.1"), parse_address("10.0.0.2")), "10.0.0.1-10.0.0.2"),
        (AddressRange(parse_address("fd00::"), parse_address("fd00::ffff")), "fd00::/112"),
        (Jump("goto", Name("deny_drop")), "goto deny_drop"),
        (Span(22, 22), "22"),
        (Span(8000, 8100), "8000-8100"),
    ],
)
def test_tokens_say_what_nft_reads(token: object, text: str) -> None:
    assert str(token) == text


@pytest.mark.parametrize("make", [Name, Word, InterfaceName])
@pytest.mark.parametrize("bad", ["", "a b", "a;b", "a{", 'a"', "a\n", "é", "-a", "a" * 40, "$a", "a#b", "\uff41"])
def test_no_syntax_in_a_name(make: Callable[[str], object], bad: str) -> None:
    with pytest.raises(ValueError):
        make(bad)


@pytest.mark.parametrize("bad", [-1, 1 << 32])
def test_marks_are_32_bits(bad: int) -> None:
    for make in (Mark, ClassId):
        with pytest.raises(ValueError):
            make(bad)


@pytest.mark.parametrize(("first", "last"), [(-1, 3), (5, 4), (0, 65536)])
def test_ranges_of_ports_are_in_order_and_16_bits(first: int, last: int) -> None:
    with pytest.raises(ValueError):
        Span(first, last)


@given(st.one_of(st.text(), st.floats(), st.booleans(), st.none(), st.lists(st.integers()), st.binary()))
def test_finalize_lets_nothing_else_through(value: object) -> None:
    with pytest.raises(render.UnsafeText):
        render._only_tokens(value)


def test_templates_have_neither_filters_nor_foreign_globals() -> None:
    environment = render._environment()
    assert environment.filters == {}
    assert sorted(environment.globals) == ["as_class", "as_mark", "as_name", "as_word"]
