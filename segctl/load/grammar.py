"""The types of single values as data: what each means, examples, and a pattern as exact as one text alone allows.

A pattern is written in what Python, ECMAScript and RE2 read alike, without anchors: it is for the whole text. Readers
know more (`blocks`, `scalars`, `literals`): host bits, the order of a range, whether a name is anybody's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from segctl.load.catalogue import catalogue, catalogue_profiles
from segctl.load.context import NO_INTERFACE
from segctl.load.scalars import LONGEST_TEXT, NAME
from segctl.load.services import ALL
from segctl.load.waivers import DEMANDS
from segctl.model.selector import BUILT_IN

ANYTHING, WORDS = ("boolean", "number"), ("boolean",)


@dataclass(frozen=True, slots=True)
class Type:
    """One type. `also`: what an editor may take such a text for (YAML's core schema: 5 is a number, true a boolean)."""

    name: str
    meaning: str
    examples: tuple[str, ...] = ()
    pattern: str = ""
    also: tuple[str, ...] = ()
    shape: str = ""  # a second pattern that it must match
    but: tuple[str, ...] = ()  # words that it can't be
    longest: int = 0
    words: tuple[str, ...] = ()  # all that it can be, in place of a pattern
    table: str = ""  # the table of the mapping that may stand in its place
    offers: tuple[str, ...] = ()  # what an editor proposes


_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_V4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
_HEX = "[0-9A-Fa-f]{1,4}"
_V4_LENGTH, _V6_LENGTH = "(?:3[0-2]|[12][0-9]|[1-9])", "(?:12[0-8]|1[01][0-9]|[1-9][0-9]|[1-9])"


def _either(parts: Iterable[str]) -> str:
    return f"(?:{'|'.join(parts)})"


def _numbers(numbers: Iterable[int]) -> str:
    """These numbers and no others, in tens."""
    tens: dict[str, str] = {}
    for text in map(str, sorted(numbers)):
        tens[text[:-1]] = tens.get(text[:-1], "") + text[-1]
    return _either(f"{ten}[{units}]" for ten, units in tens.items())


def _v6() -> str:
    """RFC 4291, section 2.2: in full, with `::` for one group or more, and with the last two groups as IPv4."""
    plain = [f"(?:{_HEX}:){{7}}{_HEX}", f"(?:{_HEX}:){{1,7}}:", f":(?::{_HEX}){{1,7}}", "::"]
    plain += [f"(?:{_HEX}:){{1,{7 - after}}}(?::{_HEX}){{1,{after}}}" for after in range(1, 7)]
    mixed = [f"(?:{_HEX}:){{6}}", f"(?:{_HEX}:){{1,5}}:", f":(?::{_HEX}){{1,5}}:", "::"]
    mixed += [f"(?:{_HEX}:){{1,{5 - after}}}(?::{_HEX}){{1,{after}}}:" for after in range(1, 5)]
    return _either([*plain, _either(mixed) + _V4])


_V6 = _v6()
_ADDR, _CIDR = f"(?:{_V4}|{_V6})", f"(?:{_V4}/{_V4_LENGTH}|{_V6}/{_V6_LENGTH})"
_RANGE = f"(?:{_V4}-{_V4}|{_V6}-{_V6})"
_BLOCK = f"(?:{_V4}(?:/{_V4_LENGTH}|-{_V4})?|{_V6}(?:/{_V6_LENGTH}|-{_V6})?)"
_NAME = NAME.pattern.removesuffix(r"\Z")
_IFNAME = _NAME.replace("62", "14")
_YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_LEAP = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_DATE = (
    rf"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    rf"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
)
_CLOCK, _ZONE = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_TIME = rf"{_DATE}[Tt]{_CLOCK}:[0-5][0-9](?:\.[0-9]{{1,6}})?{_ZONE}"
_UNFIT = r"\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
_BLANK = r" \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"  # what Unicode calls space, and is not unfit
_TEXT = f"[{_BLANK}]*[^{_UNFIT}{_BLANK}][^{_UNFIT}]*"
_STEP = r"(?:\.|[^/.][^/]*|\.[^/.][^/]*|\.\.[^/]+)"  # anything but `..`
_BELOW = rf"(?:\.|[^/.~][^/]*|\.[^/.][^/]*|\.\.[^/]+)(?:/{_STEP}?)*"
_PORT = "(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})"
_PROTOCOL = _numbers(set(range(256)) - {0, 1, 6, 17, 43, 44, 58, 60, 132})  # as `literals` says
_HOST = r"(?:[A-Za-z0-9][A-Za-z0-9_.-]{0,252}|\[[0-9A-Fa-f:.]+\])"
_WHERE = rf"local|netns:{_NAME}|ssh:(?:[A-Za-z_][A-Za-z0-9_.-]{{0,31}}@)?{_HOST}(?::{_PORT})?"


@cache
def types() -> Mapping[str, Type]:
    """All types by name, in the order of the reference page."""
    return {one.name: one for one in (*_plain(), *_addresses(), _service(), *_named())}


def _plain() -> tuple[Type, ...]:
    return (
        Type("NAME", "A letter, then letters, digits, `_`, `.`, `-` (ASCII, at most 63); the case is kept.",
             ("web", "db-2", "shop.eu"), _NAME, WORDS),
        Type("TEXT", "One line of at most 500 characters, not blank, none of them a control or direction character.",
             ("the shop reads its orders",), _TEXT, ANYTHING, longest=LONGEST_TEXT),
        Type("LABEL", "TEXT, as a label's value.", ("prod", "5"), _TEXT, ANYTHING, longest=LONGEST_TEXT),
        Type("BOOL", "`true` or `false`, without quotes; `yes` and `on` are words.", ("true",)),
        Type("COUNT", "A whole number from 1 on, of at most 15 digits, in decimal and without quotes.", ("40",)),
        Type("VERSION", "`1`, without quotes.", ("1",)),
        Type("DATE", "YYYY-MM-DD; it lasts to its end in UTC.", ("2027-06-30",), _DATE),
        Type("TIME", "RFC 3339 with its zone, to the second or finer.",
             ("2027-01-31T18:00:00Z", "2027-01-31T19:00:00+01:00"), _TIME),
        Type("PATH", "A path below the site's folder, relative to the file that it stands in: no `..`, no way out by a "
             "link. In `include` it may be a pattern, as `parts/*.yaml`; one without a match is an error.",
             ("parts/*.yaml", "lists/web.txt"), _TEXT, ANYTHING, _BELOW, longest=LONGEST_TEXT),
        Type("WHERE", "Where a point is: `local`, `netns:NAME`, or `ssh:[USER@]HOST[:PORT]`.",
             ("local", "netns:gw", "ssh:root@gw.example:2222"), _WHERE,
             offers=("local", "netns:", "ssh:")),
    )  # fmt: skip


def _addresses() -> tuple[Type, ...]:
    return (
        Type("ADDR", "One IPv4 or IPv6 address; not a special one (loopback, link-local, multicast, broadcast, "
             "IPv4-mapped).", ("10.0.1.11", "fd00:1::11"), _ADDR),
        Type("CIDR", "A network without host bits; not /0.", ("10.0.1.0/24", "fd00:1::/64"), _CIDR),
        Type("RANGE", "ADDR-ADDR: first and last address, of one family.", ("10.0.1.10-10.0.1.19",), _RANGE),
        Type("IFADDR", "ADDR/LENGTH: an interface's own address with the length of its network.",
             ("10.0.1.1/24", "fd00:1::1/64"), _CIDR),
        Type("SELECTOR", "Whom a statement names: a segment, an endpoint, a point, `world`, `any`, an ADDR, CIDR or "
             "RANGE, or a mapping. Only an expectation may name special addresses.",
             ("web", "any", "10.0.9.0/28"), f"(?:{_NAME}|{_BLOCK})", WORDS,
             table="selector", offers=("any", "world", "points")),
        Type("MEMBER", "What a segment consists of: an ADDR, CIDR or RANGE, the name of an endpoint, or a "
             "mapping.", ("10.0.1.0/24", "web1"), f"(?:{_NAME}|{_BLOCK})", WORDS, table="member"),
    )  # fmt: skip


def _service() -> Type:
    """The names of ICMP types, and the services that an editor offers, are the catalogue's."""
    types, services = catalogue().icmp_types, catalogue().services
    of = {kind: sorted(name for name, numbers in types.items() if kind in numbers) for kind in ("icmp4", "icmp6")}
    literals = [
        f"(?:tcp|udp|sctp)/(?:any|{_PORT}(?:-{_PORT})?)",
        f"icmp/{_either(['any', *sorted(types)])}",
        *(f"{kind}/{_either(['any', _OCTET, *names])}" for kind, names in of.items()),
        f"proto/{_PROTOCOL}",
    ]
    return Type(
        "SERVICE",
        "`tcp/PORT`, `tcp/FIRST-LAST`, `tcp/any`, likewise `udp` and `sctp`; `icmp/NAME` in each family that has the "
        "type, `icmp4/TYPE` and `icmp6/TYPE` by name or number in one, `icmp/any`; `proto/NUMBER`, a whole protocol "
        "without a word of its own; a name under `services` or in the catalogue; `all`.",
        ("tcp/443", "udp/5000-5010", "icmp/echo-request", "proto/47", "https", ALL),
        f"(?:{_NAME}|{'|'.join(literals)})",
        WORDS,
        offers=(ALL, "tcp/443", "udp/53", "icmp/echo-request", "icmp/any", "tcp/any", "udp/any", "proto/47", *services),
    )


def _named() -> tuple[Type, ...]:
    return (
        Type("PROFILE", "The NAME of a strictness profile: a built-in one, or one of the site's own.",
             ("guarded", "strict"), _NAME, WORDS, offers=tuple(catalogue_profiles())),
        Type("MODE", "`enforce`; `observe`: decide and log, but let through; or a mapping.",
             words=("enforce", "observe"), table="mode"),
        Type("SEGMENT", "The NAME of a segment, built-in ones too.", ("web", "world"), _NAME, WORDS, offers=("world",)),
        Type("OUTER", "The NAME of a segment of the site's own.", ("corp",), _NAME, WORDS,
             but=BUILT_IN),
        Type("ENDPOINT", "The NAME of an endpoint.", ("web1",), _NAME, WORDS),
        Type("IFNAME", "An interface's NAME, at most 15 characters; not `lo`, `all` or `default`.",
             ("eth0", "br-lan.10"), _IFNAME, WORDS, but=tuple(NO_INTERFACE)),
        Type("CODE", "The code of a warning or lint finding (`segctl codes` lists them), or one of the law's demands: "
             f"{', '.join(f'`{code}`' for code in sorted(DEMANDS))}.", ("uncovered", "binding")),
    )  # fmt: skip
