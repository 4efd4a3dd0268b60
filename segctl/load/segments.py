"""Segments, the site's own and the built-in ones, and `defaults`."""

from collections.abc import Mapping
from dataclasses import dataclass

from segctl.load.context import Context
from segctl.load.fields import BUILT_IN, DEFAULTS, MODE, QUARANTINE, SEGMENT
from segctl.load.members import read_members
from segctl.load.record import Record, record, scalar
from segctl.load.scalars import read_text
from segctl.load.selectors import read_labels, read_segment_name
from segctl.load.values import Map, Scalar, Value, shorten
from segctl.load.waivers import read_waivers
from segctl.model import selector as words
from segctl.model.diagnostic import Note
from segctl.model.flow import traffic_of
from segctl.model.segment import Segment
from segctl.model.span import Span
from segctl.model.strictness import ENFORCE, OBSERVE, Classification, Mode, ModeKind, Profile

_BUILT_IN_PROFILES = {words.WORLD: "outside", words.POINTS: "point", words.QUARANTINE: "quarantine"}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a segment gets that doesn't say it."""

    profile: Profile
    mode: Mode = ENFORCE


def read_defaults(values: list[tuple[Scalar, Value]], context: Context) -> Defaults:
    """`defaults`, said in one file only."""
    guarded = context.profiles["guarded"]
    for key, _ in values[1:]:
        note = Note(values[0][0].span, "they stand here already")
        context.findings.add(key.span, "one-file-only", "`defaults` are said in one file only", "", note)
    found = record(values[0][1], DEFAULTS, context.findings) if values else None
    if found is None:
        return Defaults(guarded)
    return Defaults(read_profile(found, context) or guarded, read_mode(found.value("mode"), context) or ENFORCE)


def read_segments(
    pairs: Mapping[str, tuple[Scalar, Value]], defaults: Defaults, top: Span, context: Context
) -> dict[str, Segment]:
    """The segments whose names are declared; the three built-in ones come last, whether the site says them or not."""
    out: dict[str, Segment] = {}
    for name, (key, value) in pairs.items():
        if name not in words.BUILT_IN:
            out[name] = _segment(key, value, defaults, context)
    for name in words.BUILT_IN:
        out[name] = _built_in(name, pairs.get(name), defaults, top, context)
    _find_rings(out, context)
    return out


def read_profile(found: Record, context: Context) -> Profile | None:
    """The profile that `strictness` names."""
    name, value = found.name("strictness"), found.value("strictness")
    if name is None or value is None:
        return None
    profile = context.profiles.get(name)
    if profile is None and context.findings.complete:
        help = context.findings.meant(name, context.profiles, f"the profiles are {', '.join(context.profiles)}")
        context.findings.add(value.span, "unknown-profile", f"there is no profile '{shorten(name)}'", help)
    return profile


def read_mode(value: Value | None, context: Context) -> Mode | None:
    """enforce, observe or {enforce: [SERVICE, …]}."""
    if value is None:
        return None
    if isinstance(value, Map):
        found = record(value, MODE, context.findings)
        if found is None or "enforce" not in value.entries:
            return None
        items = found.items("enforce")
        services = context.services.many(items)
        if not items:
            span = found.map.entries["enforce"][1].span
            context.findings.add(span, "no-value", "nothing is enforced", "say `mode: observe`, or name services")
        return Mode(ModeKind.SELECTIVE, traffic_of(services), tuple(service.name for service in services))
    text = scalar(value, read_text, context.findings)
    if text in ("enforce", "observe"):
        return ENFORCE if text == "enforce" else OBSERVE
    if text is not None:
        help = "it is enforce, observe, or {enforce: [services]}"
        context.findings.add(value.span, "choice", f"'{shorten(text)}' is no mode", help)
    return None


def _segment(key: Scalar, value: Value, defaults: Defaults, context: Context) -> Segment:
    findings = context.findings
    found = record(value, SEGMENT, findings)
    if found is None:
        return Segment(key.text, key.span, defaults.profile, defaults.mode)
    outer = found.value("within")
    classification = found.choice("classification")
    return Segment(
        key.text,
        key.span,
        read_profile(found, context) or defaults.profile,
        read_mode(found.value("mode"), context) or defaults.mode,
        read_members(found.items("members"), context),
        _outer(outer, context),
        outer.span if outer else None,
        Classification[classification.upper()] if classification else None,
        found.text("owner"),
        read_labels(found, findings),
        found.flag("may_be_empty"),
        read_waivers(found, findings),
        budget=found.count("budget"),
    )


def _outer(value: Value | None, context: Context) -> str | None:
    """`within` names a segment of the site's own."""
    name = read_segment_name(value, context) if value is not None else None
    if name in words.BUILT_IN and value is not None:
        context.findings.add(value.span, "reserved", f"nothing lies within `{name}`", "leave `within` out")
        return None
    return name


def _built_in(name: str, said: tuple[Scalar, Value] | None, defaults: Defaults, top: Span, context: Context) -> Segment:
    """`world` without a mode of its own has none: it takes the other end's; the others take that of `defaults`."""
    profile = context.profiles[_BUILT_IN_PROFILES[name]]
    mode = None if name == words.WORLD else defaults.mode
    table = QUARANTINE if name == words.QUARANTINE else BUILT_IN
    found = record(said[1], table, context.findings) if said else None
    if said is None or found is None:
        return Segment(name, top, profile, mode, built_in=True)
    return Segment(
        name,
        said[0].span,
        read_profile(found, context) or profile,
        read_mode(found.value("mode"), context) or mode,
        read_members(found.items("members"), context) if name == words.QUARANTINE else (),
        owner=found.text("owner"),
        waive=read_waivers(found, context.findings),
        built_in=True,
    )


def _find_rings(segments: dict[str, Segment], context: Context) -> None:
    """A ring of `within` is told once, at the first of its members; then it is cut, so nobody walks it for ever."""
    settled: set[str] = set()
    for name in list(segments):
        chain: dict[str, None] = {}
        at: str | None = name
        while at is not None and at in segments and at not in settled:
            if at in chain:
                names = list(chain)
                ring = [*names[names.index(at) :], at]
                segment = segments[at]
                text = " → ".join(ring[:6] + ["…"] * (len(ring) > 6))
                last = segments[ring[-2]]
                notes = () if last is segment else (Note(last.within_span or last.span, f"'{last.name}' lies in it"),)
                what = f"segments within each other: {text}"
                place = segment.within_span or segment.span
                context.findings.add(place, "cycle", what, "leave one `within` out", *notes)
                break
            chain[at] = None
            at = segments[at].within
        settled.update(chain)
