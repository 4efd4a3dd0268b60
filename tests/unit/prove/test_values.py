"""Bits of a value: which raw values they come from, by trying all of them."""

from hypothesis import given
from hypothesis import strategies as st

from segctl.prove.values import Of, blocks, complement, groups, preimage, register_cubes

BYTE = st.integers(0, 255)
SPAN = st.tuples(BYTE, BYTE).map(lambda pair: (min(pair), max(pair)))


@given(BYTE, BYTE, st.integers(0, 7), st.lists(SPAN, min_size=1, max_size=3))
def test_preimage(mask: int, flip: int, shift: int, spans: list[tuple[int, int]]) -> None:
    of = Of("x", mask, flip, shift)
    wanted = {raw for raw in range(256) if any(a <= ((raw & mask) ^ flip) >> shift <= b for a, b in spans)}
    found = {raw for first, last in preimage(of, tuple(spans), 255) for raw in range(first, last + 1)}
    assert found == wanted


@given(BYTE, BYTE, BYTE, BYTE)
def test_bits_of_bits(mask: int, flip: int, then: int, and_flip: int) -> None:
    once = Of("x", mask, flip).bitwise(then, and_flip)
    for raw in range(256):
        value = once if isinstance(once, int) else ((raw & once.mask) ^ once.flip) >> once.shift
        assert value == ((((raw & mask) ^ flip) & then) ^ and_flip)


@given(SPAN)
def test_blocks_make_up_their_range(span: tuple[int, int]) -> None:
    found = [value for first, care in blocks(*span, 8) for value in range(first, first + (~care & 255) + 1)]
    assert found == list(range(span[0], span[1] + 1))


@given(st.lists(SPAN, max_size=4))
def test_complement(spans: list[tuple[int, int]]) -> None:
    inside = {value for first, last in spans for value in range(first, last + 1)}
    outside = [value for first, last in complement(tuple(spans), 255) for value in range(first, last + 1)]
    assert outside == sorted(set(range(256)) - inside)


@given(st.integers(0, 0xFFFF), st.lists(SPAN, min_size=1, max_size=2))
def test_a_registers_bits_by_groups(mask: int, spans: list[tuple[int, int]]) -> None:
    """Values of the low byte alone are tried: the groups tell each bit of the mask from its neighbours."""
    parts = groups("m", 32, {mask, 0xFF})
    cubes = register_cubes(Of("m", mask & 0xFF), tuple(spans), parts)
    for raw in range(256):
        value = raw & mask & 0xFF
        inside = any(
            all(
                any(a <= (raw & part.mask) >> part.low <= b for a, b in cube.get(part.axis, ((0, 255),)))
                for part in parts
            )
            for cube in cubes
        )
        assert inside == any(first <= value <= last for first, last in spans)
