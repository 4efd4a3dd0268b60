"""The language as data: every mapping's keys with type, default and meaning, once.

Readers check keys and shapes against these tables; the JSON Schema and the reference page are made of them. An `item`
in capitals is a type of single values (`grammar.py`), one in small letters the name of another table here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Many(StrEnum):
    """How many values a key takes. A LIST of one may be written as that one; LISTS are a mapping of names to lists."""

    ONE = "one"
    LIST = "list"
    MAP = "map"
    LISTS = "lists"


@dataclass(frozen=True, slots=True)
class Field:
    """One key. `default` is what a reader of the reference page sees; `choices` are all the words that it takes."""

    key: str
    item: str
    meaning: str
    many: Many = Many.ONE
    required: bool = False
    default: str = ""
    choices: tuple[str, ...] = ()
    least: int = 0  # fewest items of a list, fewest entries of a mapping; each of LISTS has one at least
    names: str = "NAME"  # the type of a mapping's keys
    also: "tuple[Field, ...]" = ()  # keys of a mapping that are words of the language, beside those that are names
    unless: tuple[str, str] | None = None  # (KEY, ""): required unless KEY is said; (KEY, WORD): refused with KEY: WORD


@dataclass(frozen=True, slots=True)
class Table:
    """All keys of one mapping; `called` as in "'x' is no key of …". `shapes` are the only keys that go together."""

    name: str
    called: str
    fields: Mapping[str, Field]
    required: tuple[str, ...] = field(default=())
    shapes: tuple[tuple[str, ...], ...] = field(default=())
    short: str = ""  # the key that a single value in the mapping's place stands for


def _table(name: str, called: str, *fields: Field, shapes: tuple[tuple[str, ...], ...] = (), short: str = "") -> Table:
    required = tuple(one.key for one in fields if one.required)
    return Table(name, called, {one.key: one for one in fields}, required, shapes, short)


def _choice(
    key: str,
    meaning: str,
    *choices: str,
    required: bool = False,
    default: str = "",
    unless: tuple[str, str] | None = None,
) -> Field:
    return Field(key, "CHOICE", meaning, required=required, default=default, choices=choices, unless=unless)


_LIST, _MAP, _LISTS = Many.LIST, Many.MAP, Many.LISTS
_LIKE = ("like", "")
_OWNER = Field("owner", "TEXT", "who answers for it")
_EMPTY = Field("may_be_empty", "BOOL", "it may be without an address; else that is an error", default="false")
_WAIVE = Field("waive", "waiver", "the exceptions: the code that is waived, and why", _MAP, names="CODE")
_FROM = Field("from", "SELECTOR", "who opens the connections", _LIST, required=True, least=1)
_TO = Field("to", "SELECTOR", "who is asked", _LIST, required=True, least=1)
_WHY = Field("why", "TEXT", "the reason, for reviewers")
_TICKET = Field("ticket", "TEXT", "where it was asked for")
_STRICTNESS = Field(
    "strictness", "PROFILE", "the profile: what holds where nothing is declared", default="that of `defaults`"
)
_MODE = Field("mode", "MODE", "`enforce`, `observe`, or `{enforce: [services]}`", default="that of `defaults`")
_LABELS = Field("labels", "LABEL", "for selectors, and for grouping in diagrams", _MAP)
_ENDPOINTS_WANTED = Field(
    "labels", "LABEL", "endpoints that carry all these labels; of several values, one is enough", _LISTS, least=1
)


SITE = _table(
    "site", "a site",
    Field("version", "VERSION", "the version of the language: 1", required=True),
    Field("site", "NAME", "the site's name: a point refuses the generations of another site", required=True),
    Field("include", "PATH", "paths or globs, relative to this file, inside the site's folder; a file is read once, "
          "same keys are merged", _LIST),
    Field("defaults", "defaults", "what a segment gets that does not say it; in one file only"),
    Field("strictness", "profile", "profiles beside the built-in ones", _MAP),
    Field("endpoints", "endpoint", "machines and workloads, by NAME; endpoints, segments and points share one name "
          "space", _MAP, also=(
              Field("from", "PATH", "a CSV with the columns name and addresses (apart by blanks); any further column "
                    "is a label", _LIST),
          )),
    Field("segments", "segment", "isolated sets of addresses, by NAME", _MAP, also=(
        Field("world", "built-in", "every address of no segment"),
        Field("points", "built-in", "the gateways' own addresses"),
        Field("quarantine", "quarantine", "what is cut off; empty unless it is given members"),
    )),
    Field("services", "SERVICE", "named lists of services; one of the catalogue's names overrides it, with a warning",
          _LISTS),
    Field("flows", "flow", "who may open connections to whom", _LIST),
    Field("guardrails", "guardrail", "what no flow and no default can allow", _LIST),
    Field("expect", "expectation", "the site's own tests, which `segctl check` runs", _LIST),
    Field("management", "management", "who must never be locked out of the points", _LIST),
    Field("points", "point", "where rules are loaded, by NAME", _MAP),
)  # fmt: skip
DEFAULTS = _table(
    "defaults", "`defaults`",
    Field("strictness", "PROFILE", "the profile of a segment that names none", default="guarded"),
    Field("mode", "MODE", "the mode of a segment that says none", default="enforce"),
)  # fmt: skip
PROFILE = _table(
    "profile", "a strictness profile",
    Field("like", "PROFILE", "start from this profile; without it every other key is required"),
    _choice("intra", "between two addresses of the segment", "allow", "deny", unless=_LIKE),
    _choice("ingress", "what comes in from other segments", "allow", "deny", unless=_LIKE),
    _choice("egress", "what goes out to other segments; with `intra: deny`, deny this or `ingress` too", "allow",
            "deny", unless=_LIKE),
    _choice("answer", "what the sender of a denied packet gets: nothing, or a TCP reset or ICMP's administratively "
            "prohibited", "drop", "reject", unless=_LIKE),
    _choice("log", "how much is logged", "none", "denies", "denies+new", "all", unless=_LIKE),
    _choice("wide", "`any`, `world` or a block of world's at the other end of a flow", "allow", "warn", "error",
            unless=_LIKE),
    _choice("why", "whether a flow that touches it needs a reason", "optional", "required", unless=_LIKE),
    _choice("tightening", "what happens to live connections that a new generation denies", "keep", "cut", unless=_LIKE),
    _choice("holds", "the most sensitive data it may have", "public", "internal", "confidential", "restricted", "any",
            unless=_LIKE),
    Field("quarantine", "BOOL", "true: its segments are cut off, but for flows with `remediation`", unless=_LIKE),
)  # fmt: skip
ENDPOINT = _table(
    "endpoint", "an endpoint",
    Field("addresses", "ADDR", "all its addresses; an address is of one endpoint only", _LIST, required=True, least=1),
    _LABELS,
)  # fmt: skip
SEGMENT = _table(
    "segment", "a segment",
    _STRICTNESS,
    _MODE,
    Field("members", "MEMBER", "its addresses", _LIST, required=True),
    Field("within", "OUTER", "a segment that covers all our members; they are ours then"),
    _choice("classification", "how sensitive its data is", "public", "internal", "confidential", "restricted",
            default="not classified"),
    _OWNER,
    Field("budget", "COUNT", "the blast radius, in addresses, above which `segctl check` complains",
          default="no limit"),
    _LABELS, _EMPTY, _WAIVE,
)  # fmt: skip
BUILT_IN = _table(
    "built-in", "a built-in segment",
    Field("strictness", "PROFILE", "the profile", default="`outside` of `world`, `point` of `points`"),
    Field("mode", "MODE", "`enforce`, `observe`, or `{enforce: [services]}`",
          default="of `world` the other end's, of `points` that of `defaults`"),
    _OWNER, _WAIVE,
)  # fmt: skip
QUARANTINE = _table(
    "quarantine", "`quarantine`",
    Field("strictness", "PROFILE", "the profile", default="`quarantine`"),
    _MODE,
    Field("members", "MEMBER", "what is cut off: taken out of whatever segment has it", _LIST),
    _OWNER, _WAIVE,
)  # fmt: skip
FLOW = _table(
    "flow", "a flow",
    Field("name", "NAME", "its name", default="made of from, to, services, since, until"),
    _FROM, _TO,
    Field("except", "SELECTOR", "taken out of `from`", _LIST, default="nothing"),
    Field("not_to", "SELECTOR", "taken out of `to`", _LIST, default="nothing"),
    Field("services", "SERVICE", "over what", _LIST, required=True, least=1),
    _WHY, _OWNER, _TICKET,
    Field("review_by", "DATE", "when somebody looks at it again: past it, a lint finding (PCI DSS 1.2.7)"),
    Field("since", "TIME", "when it begins"),
    Field("until", "TIME", "when it ends"),
    Field("remediation", "BOOL", "it holds for what is quarantined as well", default="false"),
    _EMPTY, _WAIVE,
)  # fmt: skip
GUARDRAIL = _table(
    "guardrail", "a guardrail",
    Field("name", "NAME", "its name", default="made of from, to, services"),
    Field("from", "SELECTOR", "who opens the connections; a segment means it and all within it", _LIST,
          required=True, least=1),
    Field("to", "SELECTOR", "who is asked; a segment means it and all within it", _LIST, required=True, least=1),
    Field("services", "SERVICE", "what is forbidden", _LIST, default="all", least=1),
    _WHY, _OWNER, _TICKET, _EMPTY, _WAIVE,
)  # fmt: skip
EXPECTATION = _table(
    "expectation", "an expectation",
    _FROM, _TO,
    Field("services", "SERVICE", "over what; `unreachable` is over any", _LIST, least=1, unless=("is", "unreachable")),
    _choice("is", "what must be so: allowed (every pair of addresses, each service), denied (none), or unreachable (in "
            "any number of hops)", "allowed", "denied", "unreachable", required=True),
    Field("at", "TIME", "the time that is asked about", default="now"),
)  # fmt: skip
MANAGEMENT = _table(
    "management", "a management entry",
    Field("from", "SELECTOR", "who must never be locked out; a segment means its own addresses", _LIST,
          required=True, least=1),
    Field("services", "SERVICE", "over what", _LIST, required=True, least=1),
)  # fmt: skip
_TARGET = _choice("target", "what the rules are written for", "nftables", "iptables", default="nftables")
_WHERE = Field("where", "WHERE", "this machine, a namespace of it, or a host that ssh reaches", default="local")
_KIND = _choice("kind", "`gateway`: filters what it forwards; `host`: itself alone", "gateway", "host", required=True)
GATEWAY = _table(
    "gateway", "a gateway",
    _KIND,
    Field("interfaces", "interface", "which segments live behind each, and our addresses there", _MAP, required=True,
          least=1, names="IFNAME"),
    _TARGET, _WHERE,
    Field("ha", "NAME", "the group's name: two gateways between the same segments are an error without it"),
    _WAIVE,
)  # fmt: skip
HOST = _table(
    "host", "a host point",
    _KIND,
    Field("endpoint", "ENDPOINT", "whose input and output it filters", required=True),
    _TARGET, _WHERE, _WAIVE,
)  # fmt: skip
INTERFACE = _table(
    "interface", "an interface",
    Field("segments", "SEGMENT", "which segments live behind it, through other routers too", _LIST, required=True,
          least=1),
    Field("addresses", "IFADDR", "our addresses there, each with the length of its network", _LIST),
    Field("links", "CHOICE", "link-local protocols of ours here", _LIST, default="none",
          choices=("vrrp", "ospf", "igmp", "bfd", "mdns", "dhcp-server", "dhcp-relay")),
    _WAIVE,
)  # fmt: skip
WAIVER = _table(
    "waiver", "a waiver",
    Field("why", "TEXT", "the reason", required=True),
    Field("until", "DATE", "past it, to its end in UTC, the waiver is void"),
    short="why",
)  # fmt: skip
SELECTOR = _table(
    "selector", "a selector",
    _ENDPOINTS_WANTED,
    Field("within", "SEGMENT", "the segment and all that lies within it"),
    Field("segments", "segment selector", "the segments that carry these labels"),
    shapes=(("labels",), ("within",), ("segments",)),
)  # fmt: skip
SEGMENT_SELECTOR = _table(
    "segment selector", "a selector of segments",
    Field("labels", "LABEL", "segments that carry all these labels; of several values, one is enough", _LISTS,
          required=True, least=1),
)  # fmt: skip
MEMBER = _table(
    "member", "a member",
    _ENDPOINTS_WANTED,
    Field("file", "PATH", "a text file: one CIDR, ADDR or RANGE a line, `#` comments; relative to this file"),
    Field("column", "TEXT", "the file is a CSV with a header line, and this column of it holds them"),
    shapes=(("labels",), ("file",), ("file", "column")),
)  # fmt: skip
MODE = _table(
    "mode", "a mode",
    Field("enforce", "SERVICE", "only these are enforced inbound, all else is observed", _LIST, required=True, least=1),
)  # fmt: skip
CATALOGUE_SERVICE = _table(
    "catalogue service", "a service of the catalogue",
    Field("is", "SERVICE", "literals", _LIST, required=True),
    Field("source", "TEXT", "who says so", required=True),
)  # fmt: skip

TABLES = {
    table.name: table
    for table in (
        SITE, DEFAULTS, PROFILE, ENDPOINT, SEGMENT, BUILT_IN, QUARANTINE, FLOW, GUARDRAIL, EXPECTATION, MANAGEMENT,
        GATEWAY, HOST, INTERFACE, WAIVER, SELECTOR, SEGMENT_SELECTOR, MEMBER, MODE, CATALOGUE_SERVICE,
    )
}  # fmt: skip
