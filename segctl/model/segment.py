"""Segments and endpoints, as a site writes them."""

from dataclasses import dataclass, field
from datetime import date

from segctl.model.selector import Selectors
from segctl.model.span import Span
from segctl.model.strictness import Classification, Mode, Profile


@dataclass(frozen=True, slots=True)
class Waiver:
    """One exception on what offends: the code it silences, and why; past `until` (a day, in UTC) it is void."""

    code: str
    why: str
    span: Span
    until: date | None = None


Waivers = tuple[Waiver, ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One machine or workload with all its addresses (places on the address line) and its labels."""

    name: str
    addresses: tuple[int, ...]
    span: Span
    labels: dict[str, str] = field(default_factory=dict)
    address_spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """A named set of addresses with a strictness and a mode, or one of the built-in ones.

    `members` are as written: blocks, endpoint names, label selectors; what is really in it is policy's partition.
    `mode` is None only for a `world` whose mode the site does not say: it takes the other end's.
    """

    name: str
    span: Span
    profile: Profile
    mode: Mode | None
    members: Selectors = ()
    within: str | None = None
    within_span: Span | None = None
    classification: Classification | None = None
    owner: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    may_be_empty: bool = False
    waive: Waivers = ()
    built_in: bool = False
    budget: int | None = None  # how many addresses an intruder in it may reach before `check` complains
