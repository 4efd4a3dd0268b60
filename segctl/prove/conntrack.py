"""What conntrack can say of a packet."""

from collections.abc import Iterator

from segctl.listing.rule import STATES
from segctl.model.service import ICMP, ICMP6, TCP
from segctl.prove.axes import DIRECTION, FLAGS, HEAD, PROTO, STATE
from segctl.prove.space import Spans
from segctl.prove.values import complement

NONE: Spans = ((0, 0),)
REPLY: Spans = ((1, 1),)
# Which ICMP types begin a connection, and which are errors about one (net/netfilter/nf_conntrack_proto_icmp.c,
# nf_conntrack_proto_icmpv6.c): for conntrack no other packet of theirs is new or related.
BEGINNING = {4: (8, 13, 15, 17), 6: (128, 139)}
ERRORS = {4: (3, 4, 5, 11, 12), 6: (*range(1, 128), 137)}  # 137: a redirect quotes what it is about
UNTRACKED6 = (130, 131, 132, 133, 134, 135, 136, 143, 151, 152)
ANSWERING = {4: (0, 14, 16, 18), 6: (129, 140)}
CONNECTED = {family: (*BEGINNING[family], *ANSWERING[family]) for family in (4, 6)}  # that have a connection
_SOME = {0x02, 0x22, 0x12, 0x04, 0x14, 0x11, 0x31, 0x10, 0x30}  # SYN, RST, FIN, each with what it may bear; ACK
VALID: Spans = tuple((flags, flags) for flags in range(256) if flags & 0x37 in _SOME)
"""TCP flags of which conntrack finds none invalid (tcp_valid_flags in nf_conntrack_proto_tcp.c)."""
ICMP_OF = {4: ICMP, 6: ICMP6}


SWAP = "ct mark[31:32]"


def types(kinds: tuple[int, ...]) -> Spans:
    """The heads of ICMP messages of these types."""
    return tuple((kind << 8, kind << 8 | 0xFF) for kind in kinds)


def possible(family: int, untracks: bool) -> Iterator[dict[str, Spans]]:
    """What conntrack can say of a packet, as disjoint products (`ct mark` present: there is none yet)."""
    icmp, other = ((ICMP_OF[family],) * 2,), complement(((TCP, TCP), (ICMP_OF[family],) * 2), 0xFF)
    tcp: dict[str, Spans] = {PROTO: ((TCP, TCP),), FLAGS: VALID}
    errors, beginning = types(ERRORS[family]), types(BEGINNING[family])
    fresh: dict[str, Spans] = {DIRECTION: NONE, "ct mark": NONE}
    unanswered: dict[str, Spans] = {DIRECTION: NONE, SWAP: NONE}  # until it is, each packet is new, and bears a number

    def state(word: str) -> Spans:
        return ((STATES[word],) * 2,)

    yield {STATE: state("new"), PROTO: other} | unanswered
    yield {STATE: state("new")} | tcp | unanswered
    yield {STATE: state("new"), PROTO: icmp, HEAD: beginning} | unanswered
    yield {STATE: state("established"), PROTO: other}
    yield {STATE: state("established")} | tcp
    # who asks is the beginning: no answer without a question makes a connection, so that none can be taken swapped
    for direction, some in ((NONE, BEGINNING), (REPLY, ANSWERING)):
        yield {STATE: state("established"), PROTO: icmp, HEAD: types(some[family]), DIRECTION: direction, SWAP: NONE}
    yield {STATE: state("related"), PROTO: other}
    yield {STATE: state("related")} | tcp
    yield {STATE: state("related"), PROTO: icmp, HEAD: errors}
    yield {STATE: state("invalid")} | fresh
    if untracks:
        yield {STATE: state("untracked")} | fresh
    elif family == 6:
        yield {STATE: state("untracked"), PROTO: icmp, HEAD: types(UNTRACKED6)} | fresh
