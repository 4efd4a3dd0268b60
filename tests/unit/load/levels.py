"""Which codes a schema of one file can see: a table that says for each of them why, or why not."""

from enum import StrEnum


class Level(StrEnum):
    """Whether the schema refuses a file that gets the code."""

    ALWAYS = "always"
    NEVER = "never"
    PARTLY = "partly"


_SHAPE = "keys, shapes and words are what a schema is for"
_TEXT = "a pattern says what such a text looks like"
_YAML = "the editor's own YAML parser says it, before there is anything to hold against a schema"
_ELSEWHERE = "it takes another place of the site, or another file"
_NUMBERS = "it takes reckoning, which patterns can't"
_MEANING = "it is about what the site means"

_ROWS = {
    (Level.ALWAYS, _SHAPE): "unknown-key missing-key wrong-type no-value choice version wrong-kind waive-code reserved",
    (Level.ALWAYS, _TEXT): "name text time date address prefix-zero range port protocol icmp service outside",
    (Level.PARTLY, "a word that no service can have is refused, one that none has is not"): "unknown-service",
    (Level.PARTLY, "an empty list of services is refused, an end before the beginning is not"): "impossible",
    (Level.PARTLY, "a word is refused; 1e3 and 0x10 are whole numbers to an editor"): "count",
    (Level.NEVER, _YAML): "yaml tab too-deep duplicate-key anchor tag documents key-type encoding character",
    (Level.NEVER, _NUMBERS): "host-bits mapped special",
    (Level.NEVER, _ELSEWHERE): (
        "include unreadable too-big unsafe-file not-found csv other-site one-file-only duplicate-name "
        "duplicate-address unknown-name unknown-profile cycle two-gateways service-override equal-statements"
    ),
    (Level.NEVER, _MEANING): "profile-open",
}
LEVELS = {code: level for (level, _), codes in _ROWS.items() for code in codes.split()}

EXCEPTIONS = {  # case: why the schema takes it, though it refuses others of its code
    "time-before-time": _NUMBERS,
    "range-reversed": _NUMBERS,
    "port-reversed": _NUMBERS,
    "every-v4-as-range": _NUMBERS,
    "every-v6-as-range": _NUMBERS,
    "name-null": "a key is its text, whatever YAML takes it for",
    "interface-address-network": _NUMBERS,
    "interface-address-broadcast": _NUMBERS,
}
REFUSED = {  # of the codes that are partly so
    "flow-of-no-service", "management-over-nothing", "service-of-nothing", "expect-of-no-service",
    "service-star", "service-bare-port", "service-lookalike", "budget-zero", "budget-quoted", "budget-word",
    "budget-fraction",
}  # fmt: skip
