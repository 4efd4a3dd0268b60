"""The built-in data, `segments/strictness.yaml` and `segments/services.yaml`, read when it is first asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from segctl.load.events import parse
from segctl.load.fields import CATALOGUE_SERVICE
from segctl.load.findings import Findings
from segctl.load.literals import IcmpTypes, read_literal
from segctl.load.profiles import read_profiles
from segctl.load.record import record, scalar
from segctl.load.scalars import read_text
from segctl.load.text import decode
from segctl.load.values import Map, Scalar, Value
from segctl.model.diagnostic import SiteError
from segctl.model.ranges import NOTHING, Ranges
from segctl.model.service import Service
from segctl.model.span import Span
from segctl.model.strictness import Profile

_FOLDER = Path(__file__).parent.parent / "segments"  # a link in the clone, a folder once installed


@dataclass(frozen=True, slots=True)
class Entry:
    """A service of the catalogue: its literals as written, who says so, and where that stands."""

    name: str
    literals: tuple[str, ...]
    source: str
    span: Span

    def traffic(self) -> Ranges:
        """Its literals' traffic together."""
        out = NOTHING
        for literal in self.literals:
            out = out | read_literal(literal, catalogue().icmp_types)
        return out


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All services by name; and the names of ICMP types with the numbers that each family gives them."""

    services: Mapping[str, Entry]
    icmp_types: IcmpTypes


@cache
def catalogue() -> Catalogue:
    """The services; a broken file of ours is a `SiteError` like any other."""
    findings = Findings()
    top = built_in("services.yaml", findings)
    services = {key.text: _entry(key, value, findings) for key, value in _part(top, "services")}
    types = {key.text: _numbers(value) for key, value in _part(top, "icmp-types")}
    if findings.failed():
        raise SiteError(findings.sorted())
    return Catalogue({name: entry for name, entry in services.items() if entry}, types)


@cache
def catalogue_services() -> Mapping[str, Service]:
    """Every service of the catalogue, ready to use."""
    return {name: Service(name, entry.traffic(), entry.span) for name, entry in catalogue().services.items()}


@cache
def catalogue_profiles() -> Mapping[str, Profile]:
    """The strictness profiles that every site has."""
    findings = Findings()
    profiles = read_profiles(_part(built_in("strictness.yaml", findings), "strictness"), {}, findings)
    if findings.failed():
        raise SiteError(findings.sorted())
    return profiles


def built_in(name: str, findings: Findings) -> Value | None:
    """One of our own YAML files, located as `segctl/segments/NAME`."""
    shown = f"segctl/segments/{name}"
    text = decode((_FOLDER / name).read_bytes(), shown, findings)
    return None if text is None else parse(text, shown, findings)


def _part(top: Value | None, key: str) -> tuple[tuple[Scalar, Value], ...]:
    part = top.entries.get(key) if isinstance(top, Map) else None
    return tuple(part[1].entries.values()) if part and isinstance(part[1], Map) else ()


def _entry(key: Scalar, value: Value, findings: Findings) -> Entry | None:
    found = record(value, CATALOGUE_SERVICE, findings)
    if found is None:
        return None
    literals = (scalar(item, read_text, findings) for item in found.items("is"))
    source = found.text("source")
    return Entry(key.text, tuple(one for one in literals if one), source or "", key.span)


def _numbers(value: Value) -> dict[str, int]:
    """`{icmp4: 8, icmp6: 128, source: …}` without the source."""
    entries = value.entries if isinstance(value, Map) else {}
    return {
        kind: int(entry.text)
        for kind, (_, entry) in entries.items()
        if kind in ("icmp4", "icmp6") and isinstance(entry, Scalar) and entry.text.isdigit()
    }
