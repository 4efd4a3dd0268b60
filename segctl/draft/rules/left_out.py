"""Rules that a site can't say, or says otherwise: each with its place and why."""

from collections.abc import Iterator

from segctl.draft.audit.doubts import not_modelled
from segctl.draft.audit.given import Given, rules
from segctl.draft.result import LeftOut
from segctl.listing.rule import (
    Anybit,
    Aside,
    Assign,
    Bits,
    Choose,
    Decide,
    Ending,
    Expression,
    Join,
    Load,
    Lookup,
    Mapped,
    Match,
    Rule,
    Shift,
    Statement,
    Translate,
    Untrack,
)

_SAID = {
    *("ip saddr", "ip daddr", "ip6 saddr", "ip6 daddr", "ip protocol", "ip6 nexthdr", "meta l4proto", "meta nfproto"),
    *("meta protocol", "meta iifname", "meta oifname", "meta iif", "meta oif", "tcp dport", "udp dport", "sctp dport"),
    *("th dport", "icmp type", "icmpv6 type", "ct state", "ct direction", "tcp flags"),
}
TAKEN = {
    "fib saddr . iif oif",
    "fib daddr type",
    "fib saddr type",
    "fib daddr . iif type",
    "meta pkttype",
    "ip frag-off",
}
"""Asked, and taken for granted (endings.py)."""
LOGGING = ("log", "-j LOG", "-j NFLOG", "-j ULOG")


def left_out(given: Given) -> Iterator[LeftOut]:
    """In the order of the files."""
    own = _scratch(given)
    doubtful = {(one.place, one.rule): one.why for one in not_modelled(given, (), _no_places(given))}
    for _, chain, rule in rules(given.listing):
        place = given.span(rule)
        why = dict.fromkeys(word for statement in rule.statements for word in _words(statement, own))
        if doubt := doubtful.get((place, rule.text)):
            why[doubt] = None
        if why and not _says_nothing(rule):
            yield LeftOut(place, f"{chain.name}: {rule.text}", "; ".join(why))


def _no_places(given: Given) -> dict[int, str]:
    return {id(rule): "\0" for _, _, rule in rules(given.listing)}


def _says_nothing(rule: Rule) -> bool:
    """It only counts, or writes a line: whatever it asks, no packet fares otherwise."""
    return logs(rule) and not any(
        isinstance(one, Decide | Choose | Assign | Translate | Untrack) for one in rule.statements
    )


def marking(given: Given) -> int:
    """How many rules set a mark that others read."""
    own = _scratch(given)
    each = ((one.field for one in rule.statements if isinstance(one, Assign)) for _, _, rule in rules(given.listing))
    return sum(any(field in own for field in some) for some in each)


def logs(rule: Rule) -> bool:
    """Whether it writes a line."""
    return any(isinstance(one, Aside) and one.text.startswith(LOGGING) for one in rule.statements)


def _scratch(given: Given) -> set[str]:
    """The marks that some rule sets and some other reads: what the rules decide by them is imported."""
    written = {one.field for _, _, rule in rules(given.listing) for one in rule.statements if isinstance(one, Assign)}
    return written & fields_asked(given)


def _words(statement: Statement, own: set[str]) -> Iterator[str]:
    match statement:
        case Translate(text=text):
            yield f"NAT ({text}): keep it where it is; the site is about the source before, the destination after it"
        case Untrack():
            yield "notrack: segctl judges connections, and lets nothing untracked through"
        case Assign(field=field) if field not in own:
            yield f"sets {field}: keep it where it is"
        case Decide(verdict=verdict) if verdict.ending in (Ending.QUEUE, Ending.STOLEN):
            yield f"{verdict}: somebody outside the rules decides"
        case Match(left=key) | Anybit(left=key) | Lookup(key=key) | Choose(key=key):
            yield from (f"asks for {field}" for field in _fields(key) if field not in _SAID | TAKEN | own)


def fields_asked(given: Given) -> set[str]:
    """Every field that some rule reads."""
    out: set[str] = set()
    for _, _, rule in rules(given.listing):
        for statement in rule.statements:
            if isinstance(statement, Match | Anybit):
                out |= set(_fields(statement.left))
            elif isinstance(statement, Lookup | Choose):
                out |= set(_fields(statement.key))
            elif isinstance(statement, Assign):
                out |= set(_fields(statement.value))
    return out


def _fields(key: Expression) -> Iterator[str]:
    match key:
        case Load(field=field):
            yield field
        case Bits(of=of) | Shift(of=of) | Mapped(key=of):
            yield from _fields(of)
        case Join(parts=parts):
            for part in parts:
                yield from _fields(part)
