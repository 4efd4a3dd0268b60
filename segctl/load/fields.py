"""The language as data: every mapping's keys with type, default and meaning, once.

Readers check keys and shapes against these tables; the JSON Schema and the reference page are made of them. An `item`
in capitals is a type of single values (docs: language page), one in small letters the name of another table here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Many(StrEnum):
    """How many values a key takes. A LIST of one may be written as that one."""

    ONE = "one"
    LIST = "list"
    MAP = "map"


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


@dataclass(frozen=True, slots=True)
class Table:
    """All keys of one mapping; `called` as in "'x' is no key of …"."""

    name: str
    called: str
    fields: Mapping[str, Field]
    required: tuple[str, ...] = field(default=())


def _table(name: str, called: str, *fields: Field) -> Table:
    return Table(name, called, {one.key: one for one in fields}, tuple(one.key for one in fields if one.required))


def _choice(key: str, meaning: str, *choices: str, required: bool = False, default: str = "") -> Field:
    return Field(key, "CHOICE", meaning, required=required, default=default, choices=choices)


_LIST, _MAP = Many.LIST, Many.MAP
_OWNER = Field("owner", "TEXT", "who answers for it")
_EMPTY = Field("may_be_empty", "BOOL", "it may be without an address; else that is an error", default="false")
_WAIVE = Field("waive", "waiver", "the exceptions: the code that is waived, and why", _MAP)
_FROM = Field("from", "SELECTOR", "who opens the connections", _LIST, required=True)
_TO = Field("to", "SELECTOR", "who is asked", _LIST, required=True)
_WHY = Field("why", "TEXT", "the reason, for reviewers")
_TICKET = Field("ticket", "TEXT", "where it was asked for")
_STRICTNESS = Field(
    "strictness", "PROFILE", "the profile: what holds where nothing is declared", default="that of `defaults`"
)
_MODE = Field("mode", "MODE", "enforce, observe, or {enforce: [services]}", default="that of `defaults`")
_LABELS = Field("labels", "TEXT", "NAME: text, for selectors and diagrams", _MAP)

SITE = _table(
    "site", "a site",
    Field("version", "VERSION", "the version of the language: 1", required=True),
    Field("site", "NAME", "the site's name: a point refuses the generations of another site", required=True),
    Field("include", "PATH", "paths or globs, relative to this file, inside the site's folder", _LIST),
    Field("defaults", "defaults", "what a segment gets that does not say it"),
    Field("strictness", "profile", "profiles beside the built-in ones", _MAP),
    Field("endpoints", "endpoint", "machines and workloads; `from:` names CSV files of them", _MAP),
    Field("segments", "segment", "isolated sets of addresses", _MAP),
    Field("services", "SERVICE", "named lists of services", _MAP),
    Field("flows", "flow", "who may open connections to whom", _LIST),
    Field("guardrails", "guardrail", "what no flow and no default can allow", _LIST),
    Field("expect", "expectation", "the site's own tests", _LIST),
    Field("management", "management", "who must never be locked out of the points", _LIST),
    Field("points", "point", "where rules are loaded", _MAP),
)  # fmt: skip
DEFAULTS = _table(
    "defaults", "`defaults`",
    Field("strictness", "PROFILE", "the profile of a segment that names none", default="guarded"),
    Field("mode", "MODE", "the mode of a segment that says none", default="enforce"),
)  # fmt: skip
PROFILE = _table(
    "profile", "a strictness profile",
    Field("like", "PROFILE", "start from this profile; without it every other key is required"),
    _choice("intra", "between two addresses of the segment", "allow", "deny"),
    _choice("ingress", "what comes in from other segments", "allow", "deny"),
    _choice("egress", "what goes out to other segments", "allow", "deny"),
    _choice("answer", "what the sender of a denied packet gets", "drop", "reject"),
    _choice("log", "how much is logged", "none", "denies", "denies+new", "all"),
    _choice("wide", "`any`, `world` or a block of world's at the other end of a flow", "allow", "warn", "error"),
    _choice("why", "whether a flow that touches it needs a reason", "optional", "required"),
    _choice("tightening", "what happens to live connections that a new generation denies", "keep", "cut"),
    _choice("holds", "data classified up to", "public", "internal", "confidential", "restricted", "any"),
    Field("quarantine", "BOOL", "only flows for remediation hold"),
)  # fmt: skip
ENDPOINT = _table(
    "endpoint", "an endpoint",
    Field("addresses", "ADDR", "all its addresses; an address is of one endpoint only", _LIST, required=True),
    _LABELS,
)  # fmt: skip
SEGMENT = _table(
    "segment", "a segment",
    _STRICTNESS,
    _MODE,
    Field("members", "MEMBER", "its addresses", _LIST, required=True),
    Field("within", "SEGMENT", "a segment that covers all our members; they are ours then"),
    _choice("classification", "how sensitive its data is", "public", "internal", "confidential", "restricted",
            default="not classified"),
    _OWNER, _LABELS, _EMPTY, _WAIVE,
)  # fmt: skip
BUILT_IN = _table("built-in", "a built-in segment", _STRICTNESS, _MODE, _OWNER, _WAIVE)
QUARANTINE = _table(
    "quarantine", "`quarantine`",
    _STRICTNESS, _MODE,
    Field("members", "MEMBER", "what is cut off: taken out of whatever segment has it", _LIST),
    _OWNER, _WAIVE,
)  # fmt: skip
FLOW = _table(
    "flow", "a flow",
    Field("name", "NAME", "its name", default="made of from, to, services, since, until"),
    _FROM, _TO,
    Field("except", "SELECTOR", "taken out of `from`", _LIST, default="nothing"),
    Field("not_to", "SELECTOR", "taken out of `to`", _LIST, default="nothing"),
    Field("services", "SERVICE", "what may be asked for", _LIST, required=True),
    _WHY, _OWNER, _TICKET,
    Field("review_by", "DATE", "past it, it is a lint finding"),
    Field("since", "TIME", "when it begins"),
    Field("until", "TIME", "when it ends"),
    Field("remediation", "BOOL", "it holds in quarantine as well", default="false"),
    _EMPTY, _WAIVE,
)  # fmt: skip
GUARDRAIL = _table(
    "guardrail", "a guardrail",
    Field("name", "NAME", "its name", default="made of from, to, services"),
    _FROM, _TO,
    Field("services", "SERVICE", "what is forbidden", _LIST, default="all"),
    _WHY, _OWNER, _TICKET, _EMPTY, _WAIVE,
)  # fmt: skip
EXPECTATION = _table(
    "expectation", "an expectation",
    _FROM, _TO,
    Field("services", "SERVICE", "over what; required but for `unreachable`", _LIST),
    _choice("is", "what must be so", "allowed", "denied", "unreachable", required=True),
    Field("at", "TIME", "the time that is asked about", default="now"),
)  # fmt: skip
MANAGEMENT = _table(
    "management", "a management entry",
    Field("from", "SELECTOR", "who must never be locked out", _LIST, required=True),
    Field("services", "SERVICE", "over what", _LIST, required=True),
)  # fmt: skip
_TARGET = _choice("target", "what the rules are written for", "nftables", "iptables", default="nftables")
_WHERE = Field("where", "WHERE", "local, netns:NAME or ssh:[USER@]HOST[:PORT]", default="local")
_KIND = _choice("kind", "gateway: filters what it forwards; host: itself", "gateway", "host", required=True)
GATEWAY = _table(
    "gateway", "a gateway",
    _KIND,
    Field("interfaces", "interface", "which segments live behind each, and our addresses there", _MAP, required=True),
    _TARGET, _WHERE,
    Field("ha", "NAME", "a group: two gateways between the same segments need one"),
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
    Field("segments", "SEGMENT", "which segments live behind it, through other routers too", _LIST, required=True),
    Field("addresses", "IFADDR", "our addresses there, each with the length of its network", _LIST),
    Field("links", "CHOICE", "link-local protocols of ours here", _LIST, default="none",
          choices=("vrrp", "ospf", "igmp", "bfd", "mdns", "dhcp-server", "dhcp-relay")),
    _WAIVE,
)  # fmt: skip
WAIVER = _table(
    "waiver", "a waiver",
    Field("why", "TEXT", "the reason", required=True),
    Field("until", "DATE", "past it, to its end in UTC, the waiver is void"),
)  # fmt: skip
SELECTOR = _table(
    "selector", "a selector",
    Field("labels", "TEXT", "endpoints that carry all these labels", _MAP),
    Field("within", "SEGMENT", "the segment and all that lies within it"),
    Field("segments", "segment selector", "the segments that carry these labels"),
)  # fmt: skip
SEGMENT_SELECTOR = _table(
    "segment selector", "a selector of segments",
    Field("labels", "TEXT", "segments that carry all these labels", _MAP, required=True),
)  # fmt: skip
MEMBER = _table(
    "member", "a member",
    Field("labels", "TEXT", "endpoints that carry all these labels", _MAP),
    Field("file", "PATH", "a text file: one CIDR, ADDR or RANGE a line, # comments; relative to this file"),
    Field("column", "TEXT", "the file is a CSV, and this column of it holds them"),
)  # fmt: skip
MODE = _table(
    "mode", "a mode",
    Field("enforce", "SERVICE", "only these are enforced inbound, all else is observed", _LIST, required=True),
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
