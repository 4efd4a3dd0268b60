"""What nft's rules ask for and its listing leaves out, put back where it can be told.

A field of ICMP asks for its IP version, in tables of several, unless the rule has asked for one before; `icmp mtu` and
its like ask for the message's type; `reject` for what it can answer. All of it was read from `nft --debug=netlink`.
It can't be told in one case: `meta l4proto icmp icmp type …` is listed as `icmp type …` too, though nothing asks for
IPv4 there. Read is what nft makes of the words.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from segctl.listing.fields import IMPLIED_TYPE, IPV4, IPV6, NEEDS
from segctl.listing.rule import (
    Anybit,
    Assign,
    Bits,
    Choose,
    Expression,
    Family,
    Join,
    Load,
    Lookup,
    Mapped,
    Match,
    Shift,
    Statement,
)

_VERSION = {"icmp": IPV4, "icmpv6": IPV6}
_ETHERTYPE = {IPV4: 0x0800, IPV6: 0x86DD}
_TCP = 6


def loads(expression: Expression) -> Iterator[str]:
    """The fields that an expression is computed of."""
    match expression:
        case Load(field=field):
            yield field
        case Bits(of=of) | Shift(of=of):
            yield from loads(of)
        case Join(parts=parts):
            for part in parts:
                yield from loads(part)
        case Mapped(key=key):
            yield from loads(key)


def completed(said: Iterable[Statement], family: Family) -> Iterator[Statement]:
    """The statements of a rule with what they imply before each."""
    known = family in (Family.IP, Family.IP6, Family.ARP)
    for statement in said:
        for field in loads(_read(statement)):
            version = _VERSION.get(field.split()[0])
            if version is not None and not known:
                known = True
                yield of_version(version, family)
            if field in IMPLIED_TYPE:
                kind = IMPLIED_TYPE[field]
                yield Match(Load(f"{field.split()[0]} type", 8), ((kind, kind),))
            known |= field in NEEDS and NEEDS[field].nfproto is not None
        yield statement
        known |= _asks(statement, family)


def of_version(version: int, family: Family) -> Match:
    """Whether a packet is IPv4 or IPv6, as tables of this family ask."""
    if family is Family.INET:
        return Match(Load("meta nfproto", 8), ((version, version),))
    kind = _ETHERTYPE[version]
    return Match(Load("meta protocol", 16), ((kind, kind),))


def of_reject(about: Any, family: Family) -> Iterator[Match]:
    """What a reject of a kind asks for: TCP to reset it, an IP version whose ICMP answers."""
    kind = about.get("type") if isinstance(about, dict) else None
    if kind == "tcp reset":
        yield Match(Load("meta l4proto", 8), ((_TCP, _TCP),))
    elif kind in _VERSION and family not in (Family.IP, Family.IP6):
        yield of_version(_VERSION[kind], family)


def _read(statement: Statement) -> Expression:
    """What a statement computes."""
    match statement:
        case Match(left=expression) | Anybit(left=expression) | Lookup(key=expression):
            return expression
        case Choose(key=expression):
            return expression
        case Assign(field=field, value=expression):
            return Join((expression, Load(field, 0)))
    return Join(())


def _asks(statement: Statement, family: Family) -> bool:
    """Whether nft takes the IP version for known behind a statement: it does so by the field, whatever the values."""
    if not isinstance(statement, Match) or statement.negated or not isinstance(statement.left, Load):
        return False
    fields = ("meta nfproto", "ether type") if family is Family.INET else ("meta protocol", "ether type", "vlan type")
    return statement.left.field in fields
