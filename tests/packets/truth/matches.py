"""Random matches and keys, as nft(8) writes them; what they speak of is noted, so that packets can have it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from segctl.listing.rule import Span
from tests.packets.truth.fields import FIELDS, Field
from tests.packets.truth.hints import Hints
from tests.packets.truth.kinds import Item, Kind

_FLAG_WORDS = ("fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr")
_STATE_WORDS = ("new", "established", "related", "invalid", "untracked")


@dataclass(slots=True)
class Scope:
    """Where a rule stands: its table's family, the hooks that lead to it, whether conntrack may be asked.

    `sets` are the declarations that the table needs by now. `version` and `layer` are what the rule at hand speaks of,
    `said` its matches.
    """

    rng: Random
    hints: Hints
    family: str
    hooks: frozenset[str]
    tracked: bool
    sets: list[str] = field(default_factory=list)
    version: int | None = None
    layer: str | None = None
    said: str = ""

    def begin_rule(self) -> None:
        """Choose what packets the next rule is about."""
        rng, self.said = self.rng, ""
        fixed = {"ip": 4, "ip6": 6}.get(self.family)
        self.version = fixed or rng.choice((4, 6, None, None))
        self.layer = rng.choice(("tcp", "tcp", "udp", "icmp", "ports", "sctp", "esp", None, None, None, None))

    def fields(self, *, keyed: bool = False) -> list[Field]:
        """Those that the rule at hand may look at."""
        return [one for one in FIELDS if self._fits(one) and (one.keyed or not keyed)]

    def _fits(self, one: Field) -> bool:
        if one.tracked and (not self.tracked or self.hooks & {"ingress", "egress"}):
            return False
        if "egress" in self.hooks and one.words.startswith("ether"):
            return False  # the header that it leaves with, another than it came with
        if one.family not in (None, self.family) or (one.layer == "icmp" and self.version is None):
            return False
        return one.version in (None, self.version) and one.layer in (None, self.layer)

    def field(self, *, keyed: bool = False) -> Field:
        some = self.fields(keyed=keyed)
        return self.rng.choices(some, [one.often for one in some])[0]

    def value(self, kind: Kind) -> Item:
        """One value: of marks and classes often one that another rule speaks of."""
        known = self.hints.values.get(kind.hint, ())
        if kind.name in ("mark", "classid") and known and self.rng.random() < 0.5:
            drawn = self.rng.choice(known)
            return Item(kind.show(drawn), (drawn, drawn))
        return kind.value(self.rng)

    def note(self, kind: Kind, item: Item) -> str:
        """The item's text; its ends are remembered for packets."""
        self.hints.note(kind.hint, *{*item.span})
        return item.text


def match(scope: Scope) -> str:
    """One match."""
    drawn = scope.rng.random()
    if drawn < 0.12:
        made = special(scope)
    elif drawn < 0.24:
        made = joined(scope)
    else:
        made = plain(scope, scope.field())
    scope.said += made
    return made


def plain(scope: Scope, one: Field) -> str:
    """A comparison of one field."""
    rng, kind = scope.rng, one.kind
    negated = "!= " if rng.random() < 0.3 else ""
    form = rng.choices(("value", "item", "set", "named", "order", "mask"), (30, 20, 20, 15, 8, 12))[0]
    if form == "named" and not one.keyed:
        form = "set"
    if form == "order" and kind.ranged and kind.bits <= 32:
        operator = rng.choice(("<", "<=", ">", ">="))
        value = kind.value(rng)
        most = (1 << kind.bits) - 1
        if not (operator == "<" and value.span[0] == 0) and not (operator == ">" and value.span[0] == most):
            return f"{one.words} {operator} {scope.note(kind, value)}"
    if form == "mask" and kind.masked:
        return masked(scope, one)
    if form == "set":
        return f"{one.words} {negated}{{ {', '.join(anonymous(scope, kind))} }}"
    if form == "named":
        return f"{one.words} {negated}@{named(scope, (one,))}"
    return f"{one.words} {negated}{scope.note(kind, scope.value(kind) if form == 'value' else kind.item(rng))}"


def masked(scope: Scope, one: Field) -> str:
    """Some bits of a field, compared."""
    rng, kind = scope.rng, one.kind
    mask = kind.mask(rng)
    value = scope.value(kind).span[0]
    scope.hints.note(kind.hint, value, value & mask)
    operator = rng.choice(("==", "!="))
    wanted = value & mask if rng.random() < 0.9 else value
    show = kind.show if kind.prefixed else hex
    return f"{one.words} & {show(mask)} {operator} {show(wanted)}"


def anonymous(scope: Scope, kind: Kind, most: int = 4) -> list[str]:
    """Disjoint elements of a set in a rule."""
    return [scope.note(kind, item) for item in disjoint_items(scope.rng, kind, scope.rng.randint(2, most), True)]


def disjoint_items(rng: Random, kind: Kind, count: int, intervals: bool) -> list[Item]:
    """Items of which no two share a value; at least one."""
    found: list[Item] = []
    for _ in range(count):
        item = kind.item(rng) if intervals else kind.value(rng)
        if not any(_meet(item.span, other.span) for other in found):
            found.append(item)
    return found


def _meet(one: Span, other: Span) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def rows(scope: Scope, parts: Sequence[Field], count: int, intervals: bool) -> list[str]:
    """Disjoint elements of a concatenation (or of one field)."""
    rng = scope.rng
    found: list[list[Item]] = []
    for _ in range(count):
        row = [part.kind.item(rng) if intervals else part.kind.value(rng) for part in parts]
        if not any(all(_meet(a.span, b.span) for a, b in zip(row, other, strict=True)) for other in found):
            found.append(row)
    texts = []
    for row in found:
        for part, item in zip(parts, row, strict=True):
            scope.note(part.kind, item)
        texts.append(" . ".join(item.text for item in row))
    return texts


def key_fields(scope: Scope, most: int = 3) -> tuple[Field, ...]:
    """What a concatenated key is made of."""
    chosen: list[Field] = []
    for _ in range(scope.rng.randint(2, most)):
        one = scope.field(keyed=True)
        if all(one.words != other.words for other in chosen):
            chosen.append(one)
    return tuple(chosen)


def words_of(parts: Sequence[Field]) -> str:
    return " . ".join(part.words for part in parts)


def ordered(parts: Sequence[Field]) -> bool:
    """Whether an interval set may have that key: nft 1.0.6 segfaults when it lists one of `ct_state` alone."""
    return len(parts) > 1 or parts[0].kind.name != "ct_state"


def named(scope: Scope, parts: Sequence[Field]) -> str:
    """Declare a set for that key; its name."""
    rng = scope.rng
    intervals = rng.random() < 0.5 and ordered(parts)
    name = f"s{len(scope.sets)}"
    flags = [word for word, there in (("interval", intervals), ("timeout", rng.random() < 0.15)) if there]
    elements = rows(scope, parts, rng.randint(0 if rng.random() < 0.1 else 1, 6), intervals)
    if "timeout" in flags:
        elements = [f"{one} timeout 1h" if rng.random() < 0.6 else one for one in elements]
    if not intervals and rng.random() < 0.04:
        elements.append("*")
    scope.sets.append(declaration("set", name, parts, "", flags, elements))
    return name


def declaration(
    what: str, name: str, parts: Sequence[Field], answers: str, flags: Sequence[str], elements: Sequence[str]
) -> str:
    """A set or map in a table, on one line."""
    key = " . ".join(part.kind.name for part in parts)
    typed = f"type {key}" if "integer" not in key else f"typeof {words_of(parts)}"
    said = [typed + (f" : {answers}" if answers else "")]
    said += [f"flags {', '.join(flags)}"] if flags else []
    said += [f"elements = {{ {', '.join(elements)} }}"] if elements else []
    return f"{what} {name} {{ {'; '.join(said)}; }}"


def joined(scope: Scope) -> str:
    """A concatenation looked up."""
    parts = key_fields(scope)
    negated = "!= " if scope.rng.random() < 0.25 else ""
    if scope.rng.random() < 0.6:
        return f"{words_of(parts)} {negated}@{named(scope, parts)}"
    elements = rows(scope, parts, scope.rng.randint(1, 5), scope.rng.random() < 0.4)
    return f"{words_of(parts)} {negated}{{ {', '.join(elements)} }}"


def special(scope: Scope) -> str:
    """What has words of its own: flags, states, routes, extension headers, raw bytes."""
    rng = scope.rng
    some = [_tcp_flags, _tcp_flags]
    if scope.layer not in (None, "tcp"):
        some = []
    if scope.tracked and not scope.hooks & {"ingress", "egress"}:
        some += [_states, _states, _states]
    if scope.version in (6, None) and scope.family != "ip":
        some.append(_extension)
    if scope.version == 4:
        some.append(_fragment4)
    if scope.hooks <= {"prerouting", "input", "forward"}:
        some.append(_route)
    some.append(_raw)
    return rng.choice(some)(scope)


def _tcp_flags(scope: Scope) -> str:
    rng = scope.rng
    scope.layer = "tcp"
    some = rng.sample(_FLAG_WORDS, rng.randint(1, 4))
    value = rng.sample(some, rng.randint(0, len(some)))
    mask, wanted = "|".join(some), "|".join(value) or "0x0"
    return rng.choice(
        (
            f"tcp flags & ({mask}) {rng.choice(('==', '!='))} {wanted}",
            f"tcp flags & (fin|syn|rst|ack) {rng.choice(('==', '!='))} syn",
            f"tcp flags {','.join(some)}",
            f"tcp flags {rng.choice(('==', '!='))} {some[0]}",
            f"tcp flags {rng.choice(_FLAG_WORDS)}",
            f"tcp flags {{ syn, ack, {rng.choice(('psh | ack', 'fin | ack', 'rst'))} }}",
            f"tcp option maxseg {rng.choice(('exists', 'missing'))}",
        )
    )


def _states(scope: Scope) -> str:
    rng = scope.rng
    some = rng.sample(_STATE_WORDS, rng.randint(1, 3))
    return rng.choice(
        (
            f"ct state {','.join(some)}",
            f"ct state {{ {', '.join(some)} }}",
            f"ct state != {{ {', '.join(some)} }}",
            f"ct state & ({'|'.join(some)}) {rng.choice(('==', '!='))} 0",
            f"ct state != {some[0]}",
        )
    )


def _extension(scope: Scope) -> str:
    rng = scope.rng
    header = rng.choice(("hbh", "dst", "rt", "frag"))
    return rng.choice(
        (
            f"exthdr {header} {rng.choice(('exists', 'missing'))}",
            f"{header} nexthdr {rng.choice(('6', '17', '58', '{ 6, 43, 60 }', '!= 60'))}",
            f"rt type {rng.choice(('0', '2', '!= 4', '{ 0, 4 }'))}",
            f"{rng.choice(('hbh', 'dst'))} hdrlength {rng.choice(('0', '1', '!= 0', '> 0'))}",
            f"frag more-fragments {rng.choice(('0', '1'))}",
            f"frag frag-off {rng.choice(('0', '3', '!= 0'))}",
        )
    )


def _fragment4(scope: Scope) -> str:
    rng = scope.rng
    mask = rng.choice(("0x1fff", "0x2000", "0x3fff", "0x4000"))
    return f"ip frag-off & {mask} {rng.choice(('==', '!='))} 0"


def _route(scope: Scope) -> str:
    """What the routes say of an address; nft_fib_validate() says where it may be asked."""
    rng = scope.rng
    end = rng.choice(("saddr", "daddr"))
    return rng.choice(
        (
            f"fib {end} type {rng.choice(('local', 'unicast', '!= local', '{ local, multicast }'))}",
            f"fib saddr . iif oif {rng.choice(('exists', 'missing'))}",
            f"fib {end} oifname {rng.choice(('le0', '!= ri1'))}",
            f"fib {end} oif {rng.choice(('exists', 'missing'))}",
        )
    )


def _raw(scope: Scope) -> str:
    rng = scope.rng
    return rng.choice(
        (
            f"@nh,48,8 {rng.choice(('6', '!= 17', '58', '0'))}",
            f"@nh,0,4 {rng.choice(('4', '6', '!= 6'))}",
            f"@th,0,8 {rng.choice(('0', '!= 0', '8', '128'))}",
            f"@th,32,16 & 0xff {rng.choice(('==', '!='))} {rng.choice(('0', '1', '3'))}",
            f"@th,16,16 {scope.note(*_port(scope))}",
        )
    )


def _port(scope: Scope) -> tuple[Kind, Item]:
    kind = next(one.kind for one in FIELDS if one.words == "th dport")
    return kind, kind.item(scope.rng)
