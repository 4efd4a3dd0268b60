"""What a kernel or a saved file says, as types: tables, chains, rules, sets; and what is not understood, by name.

Every value is a number, so that one algebra serves all: an address is its own value (IPv4 32 bits, IPv6 128), an
interface name its 16 bytes, zero-padded, read big-endian (so `eth*` is a range), a mark or class id its 32 bits
(class id `1:2` is 0x10002), a state or TCP flag its bit (`state_bits`, RFC 9293), a verdict a `Verdict`.
Words follow nft(8) and the kernel's nf_tables; what iptables says is put into the same words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

Span = tuple[int, int]
"""First and last value, both included."""


class Family(StrEnum):
    """The families of nf_tables; iptables' tables are `ip`, ip6tables' `ip6`."""

    INET = "inet"
    IP = "ip"
    IP6 = "ip6"
    NETDEV = "netdev"
    BRIDGE = "bridge"
    ARP = "arp"


class Ending(StrEnum):
    """What a verdict does with a packet, as nf_tables has it. REJECT drops and answers."""

    ACCEPT = "accept"
    DROP = "drop"
    REJECT = "reject"
    QUEUE = "queue"  # somebody in user space decides: never certain
    STOLEN = "stolen"  # dup/fwd/tproxy/synproxy and the like took the packet elsewhere: never certain
    RETURN = "return"
    CONTINUE = "continue"
    JUMP = "jump"
    GOTO = "goto"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An ending, and the chain that JUMP and GOTO lead to."""

    ending: Ending
    chain: str | None = None

    def __str__(self) -> str:
        return f"{self.ending} {self.chain}" if self.chain else str(self.ending)


# --- expressions: what a rule computes of a packet ---


@dataclass(frozen=True, slots=True)
class Load:
    """One field of a packet or of its connection, in nft's words: `ip saddr`, `meta mark`, `ct state`, `th dport`.

    `bits` is its width. A field that a packet doesn't have (a port of ICMP by `tcp dport`, `ip saddr` of IPv6, `ct
    mark` without a connection) ends the rule: it doesn't match, negated or not.
    """

    field: str
    bits: int


@dataclass(frozen=True, slots=True)
class Bits:
    """Bit operations with constants, `(of & mask) ^ flip`, as the kernel's bitwise expression does them."""

    of: "Expression"
    mask: int
    flip: int = 0


@dataclass(frozen=True, slots=True)
class Shift:
    """`of << by`, to the right if `by` is negative."""

    of: "Expression"
    by: int


@dataclass(frozen=True, slots=True)
class Join:
    """A concatenation."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a map answers to a key; a miss ends the rule. `map` is a set's name in the same table, or stands here."""

    key: "Expression"
    map: "str | Set"


@dataclass(frozen=True, slots=True)
class Constant:
    """A number."""

    value: int


@dataclass(frozen=True, slots=True)
class Strange:
    """An expression that isn't modelled, in the listing's own words."""

    text: str


Expression = Load | Bits | Shift | Join | Mapped | Constant | Strange


# --- statements: a rule is a sequence of these; the first that doesn't match ends it ---


@dataclass(frozen=True, slots=True)
class Match:
    """Whether an expression's value is in one of the spans (`negated`: in none)."""

    left: Expression
    spans: tuple[Span, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Anybit:
    """Whether any of these bits is set (`negated`: none is): nft's implicit `ct state new,established`."""

    left: Expression
    bits: int
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Lookup:
    """Whether a set has the key."""

    key: Expression
    set: "str | Set"
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Choose:
    """A verdict map: the verdict of the element that the key hits; a miss goes on in this rule."""

    key: Expression
    map: "str | Set"


@dataclass(frozen=True, slots=True)
class Decide:
    """A verdict. `text` are the words of a reject or queue."""

    verdict: Verdict
    text: str = ""


@dataclass(frozen=True, slots=True)
class Assign:
    """`field set value`: `meta mark`, `meta priority`, `ct mark`; or any other, which then is no field we follow."""

    field: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Maybe:
    """Matches now and then, for reasons outside the packet: limit, quota, time, numgen, connlimit, recent, owner."""

    text: str


@dataclass(frozen=True, slots=True)
class Update:
    """A packet adds to, updates or deletes from a set; it goes on in the rule, or not if the set is full."""

    set: str
    text: str


@dataclass(frozen=True, slots=True)
class Untrack:
    """`notrack`: conntrack won't look at the packet."""


@dataclass(frozen=True, slots=True)
class Translate:
    """Network address translation: the packet goes on (accepted) with other addresses or ports."""

    text: str


@dataclass(frozen=True, slots=True)
class Aside:
    """Counters, logs, comments and the like: they change nothing about the packet."""

    text: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """A statement that isn't modelled, in the listing's words: it may match or not, and do anything."""

    text: str


Statement = Match | Anybit | Lookup | Choose | Decide | Assign | Maybe | Update | Untrack | Translate | Aside | Opaque


# --- what holds them ---


class Element(NamedTuple):
    """One element: a span for each part of the key; of a map its answer.

    `expires` are the seconds that it still lives; None for ever. `negated` is ipset's `nomatch`.
    """

    key: tuple[Span, ...]
    value: int | Verdict | None = None
    expires: float | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Set:
    """A named set, map or verdict map, or one that stands within a rule (`name` is then the kernel's or empty).

    `parts` are the types of the key as nft names them, `answers` that of a map's answer (`verdict` for a verdict
    map), None for a set. `dynamic`: packets may change it. `fault`: why its elements can't be relied on.
    """

    name: str
    parts: tuple[str, ...]
    answers: str | None
    elements: tuple[Element, ...]
    dynamic: bool = False
    fault: str | None = None
    handle: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its statements in order, its words as the listing has them, its handle or, in a file, its line."""

    statements: tuple[Statement, ...]
    text: str
    handle: int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """Where a base chain hangs: `kind` filter, nat or route; `name` prerouting, input, forward, output, postrouting,
    ingress or egress; `policy` what becomes of a packet that reaches its end; `devices` of netdev chains.
    """

    kind: str
    name: str
    priority: int
    policy: Ending
    devices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain; without `hook` it runs only where another leads to it."""

    name: str
    rules: tuple[Rule, ...]
    hook: Hook | None = None
    handle: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `dormant`: its chains are on no hook. `engine` says who runs it: nf_tables or iptables-legacy."""

    family: Family
    name: str
    chains: Mapping[str, Chain]
    sets: Mapping[str, Set] = field(default_factory=dict)
    dormant: bool = False
    handle: int | None = None
    engine: str = "nf_tables"


@dataclass(frozen=True, slots=True)
class Listing:
    """All tables of a place. `gaps` say what could not be read or understood as a whole; `digest` hashes what was read.

    `interfaces` are the names by index, where they are known: `iif 2` in a rule means a name by them. `beside`: what
    else may decide on packets there, in words, which no table tells.
    """

    tables: tuple[Table, ...]
    gaps: tuple[str, ...] = ()
    digest: str = ""
    interfaces: Mapping[int, str] = field(default_factory=dict)
    beside: tuple[str, ...] = ()


class Unreadable(ValueError):
    """A file or answer that is no listing at all. `line` and `column` count from 1."""

    def __init__(self, message: str, line: int | None = None, help: str = "", column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.help = help


STATES = {"invalid": 1, "established": 2, "related": 4, "new": 8, "untracked": 64}
"""The bits of `ct state` (NF_CT_STATE_BIT, include/uapi/linux/netfilter/nf_conntrack_common.h)."""

DIRECTIONS = {"original": 0, "reply": 1}


def name_span(name: str) -> Span:
    """An interface name as a number; one that ends in `*` is the range of all that begin so (IFNAMSIZ 16)."""
    if name.endswith("*") and not name.endswith("\\*"):
        head = name[:-1].encode()
        return int.from_bytes(head.ljust(16, b"\0"), "big"), int.from_bytes(head.ljust(16, b"\xff"), "big")
    whole = int.from_bytes(name.replace("\\*", "*").encode().ljust(16, b"\0"), "big")
    return whole, whole


def name_of(value: int) -> str:
    """The interface name that a number stands for."""
    return value.to_bytes(16, "big").rstrip(b"\0").decode(errors="replace")
