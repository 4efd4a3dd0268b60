"""What conntrack can say of a packet."""

from collections.abc import Iterator

from segctl.listing.rule import STATES
from segctl.model.service import ICMP, ICMP6
from segctl.prove.axes import DIRECTION, HEAD, PROTO, STATE
from segctl.prove.space import Spans
from segctl.prove.values import complement

NONE: Spans = ((0, 0),)
# Which ICMP types begin a connection, and which are errors about one (net/netfilter/nf_conntrack_proto_icmp.c,
# nf_conntrack_proto_icmpv6.c): for conntrack no other packet of theirs is new or related.
BEGINNING = {4: (8, 13, 15, 17), 6: (128, 139)}
ERRORS = {4: (3, 4, 5, 11, 12), 6: (*range(1, 128), 137)}  # 137: a redirect quotes what it is about
UNTRACKED6 = (130, 131, 132, 133, 134, 135, 136, 143, 151, 152)
CONNECTED = {4: (0, 8, 13, 14, 15, 16, 17, 18), 6: (128, 129, 139, 140)}  # that have an inverse, and so a connection
ICMP_OF = {4: ICMP, 6: ICMP6}


def types(kinds: tuple[int, ...]) -> Spans:
    """The heads of ICMP messages of these types."""
    return tuple((kind << 8, kind << 8 | 0xFF) for kind in kinds)


def possible(family: int, untracks: bool) -> Iterator[dict[str, Spans]]:
    """What conntrack can say of a packet, as disjoint products (`ct mark` present: no connection has set one)."""
    icmp, other = ((ICMP_OF[family],) * 2,), complement(((ICMP_OF[family],) * 2,), 0xFF)
    errors, beginning = types(ERRORS[family]), types(BEGINNING[family])
    fresh: dict[str, Spans] = {DIRECTION: NONE, "ct mark": NONE}

    def state(word: str) -> Spans:
        return ((STATES[word],) * 2,)

    yield {STATE: state("new"), PROTO: other} | fresh
    yield {STATE: state("new"), PROTO: icmp, HEAD: beginning} | fresh
    yield {STATE: state("established"), PROTO: other}
    yield {STATE: state("established"), PROTO: icmp, HEAD: types(CONNECTED[family])}
    yield {STATE: state("related"), PROTO: other}
    yield {STATE: state("related"), PROTO: icmp, HEAD: errors}
    yield {STATE: state("invalid")} | fresh
    if untracks:
        yield {STATE: state("untracked")} | fresh
    elif family == 6:
        yield {STATE: state("untracked"), PROTO: icmp, HEAD: types(UNTRACKED6)} | fresh
