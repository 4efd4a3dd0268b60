"""What counts as the same way, and what as a difference: the model's rules beside the kernel's words."""

import pytest

from segctl.listing.nft_text import parse
from segctl.listing.rule import Listing
from segctl.load.packets import parse_packet
from segctl.prove import follow
from segctl.prove.result import Live, Met
from segctl.prove.sidebyside import Told, beside, reads, untold

RULES = """\
table inet t {
	chain u {
		tcp dport 81 counter
		return
	}
	chain f {
		type filter hook forward priority 0; policy drop;
		jump u
		tcp dport 80 accept
		limit rate 1/second counter
		tcp dport 82 reject
	}
}
"""
HANDLES = {("inet", "t", "u"): (3, 4), ("inet", "t", "f"): (5, 6, 7, 8)}
LISTING = parse(RULES)
U, JUMP = Told("inet", "t", "u", 4, "return"), Told("inet", "t", "f", 5, "jump u")
ACCEPT, SOMETIMES, REJECT = (
    Told("inet", "t", "f", at, word) for at, word in ((6, "accept"), (7, "continue"), (8, "drop"))
)
END = Told("inet", "t", "f", None, "drop")
ELSEWHERE = Told("inet", "x", "c", None, "accept")


def side(port: int, told: list[Told], ending: str, listing: Listing = LISTING) -> Live:
    packet = parse_packet(f"in a out b 10.0.0.1 -> 10.0.0.2 tcp 1 -> {port}")
    return beside(listing, follow(listing, packet), told, ending, HANDLES, ())


@pytest.mark.parametrize(
    ("port", "told", "ending", "differs"),
    [
        (80, [JUMP, U, ACCEPT], "accept", ""),
        (80, [ELSEWHERE, JUMP, U, ACCEPT, ELSEWHERE], "accept", ""),  # the model names no policy that accepts
        (80, [JUMP, U, ACCEPT], "drop", "the model says accept, the kernel drop"),
        (80, [JUMP, U, ACCEPT], "", "ends without a verdict"),
        (80, [JUMP, ACCEPT], "accept", "inet t u, handle 4: only the model"),
        (80, [JUMP, U, END], "drop", "inet t f: only the kernel"),
        (80, [U, JUMP, ACCEPT], "accept", "only the"),
        (82, [JUMP, U, SOMETIMES, REJECT], "drop", ""),  # met now and then: this time
        (82, [JUMP, U, REJECT], "drop", ""),  # and this time not
        (82, [JUMP, U, ACCEPT, REJECT], "drop", "handle 6: only the kernel"),
        (83, [JUMP, U, END], "drop", ""),
    ],
)
def test_what_differs(port: int, told: list[Told], ending: str, differs: str) -> None:
    live = side(port, told, ending)
    assert live.agrees == (not differs), live
    assert differs in "; ".join(live.differs)


def test_the_lines_are_in_one_order_with_the_kernels_verdicts() -> None:
    live = side(81, [JUMP, Told("inet", "t", "u", 3, "continue"), U, SOMETIMES, END], "drop")
    assert [(line.met, line.verdict) for line in live.lines] == [
        (Met.BOTH, "jump u"), (Met.BOTH, "continue"), (Met.BOTH, "return"), (Met.BOTH, "continue"), (Met.BOTH, "drop"),
    ]  # fmt: skip
    assert live.notes == ("met now and then: limit rate 1/second (inet t f, line 10)",)


def test_a_rule_that_was_not_read_is_named() -> None:
    live = side(80, [JUMP, U, Told("ip", "new", "c", 9, "continue"), ACCEPT], "accept")
    assert [line.rule.text for line in live.lines if line.met is Met.KERNEL] == ["a rule that wasn't read"]


def test_a_rule_with_a_verdict_to_go_on_is_one() -> None:
    listing = parse(
        "table ip t {\n\tchain f {\n\t\ttype filter hook forward priority 0; policy accept;\n\t\tcontinue\n\t}\n}\n"
    )
    packet = parse_packet("in a out b 10.0.0.1 -> 10.0.0.2 tcp 1 -> 2")
    told = [Told("ip", "t", "f", 2, "continue"), Told("ip", "t", "f", None, "accept")]
    assert beside(listing, follow(listing, packet), told, "accept", {("ip", "t", "f"): (2,)}, ()).agrees


@pytest.mark.parametrize(
    ("words", "rule", "wanted"),
    [
        ("tcp 1 -> 2", "fib saddr type local drop", {"fib saddr type"}),
        ("tcp 1 -> 2", "ip ttl 3 drop", set()),
        ("tcp 1 -> 2", "udp length 3 drop", set()),  # not of this packet
        ("tcp 1 -> 2", "ip6 hoplimit 3 drop", set()),
        ("udp 1 -> 2", "udp length 3 drop", {"udp length"}),
        ("tcp 1 -> 2", "ct status assured drop", {"ct status"}),
        ("tcp 1 -> 2 untracked", "ct status assured drop", set()),
        ("tcp 1 -> 2", "ct state new tcp dport 3 meta mark 1 drop", set()),
    ],
)
def test_what_no_trace_tells_is_named(words: str, rule: str, wanted: set[str]) -> None:
    hook = "type filter hook forward priority 0; policy accept;"
    listing = parse(f"table inet t {{\n\tchain f {{\n\t\t{hook}\n\t\t{rule}\n\t}}\n}}\n")
    packet = parse_packet(f"in a out b 10.0.0.1 -> 10.0.0.2 {words}")
    read = reads(listing, packet.way, 4)
    assert read.hooks == {"forward"}
    assert {*untold(packet, read.fields)} == wanted
