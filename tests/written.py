"""A site's types back as YAML text: what a user could have written to get them, for random sites."""

import json
from collections.abc import Iterable
from typing import Any

from segctl.model.flow import Flow, Guardrail, Management
from segctl.model.point import Interface, Point, PointKind
from segctl.model.ranges import show_address
from segctl.model.segment import Segment, Waivers
from segctl.model.selector import WORLD, Labelled, Labels, Named, SegmentsLabelled, Selector, Within
from segctl.model.service import Service
from segctl.model.site import Site
from segctl.model.strictness import LOG_WORDS, Mode, ModeKind, Profile


def written(site: Site, built_in: Iterable[str]) -> str:
    """The whole site; `built_in` are the profiles that it need not declare. JSON is YAML."""
    data = {
        "version": 1,
        "site": site.name,
        "defaults": {"mode": _mode(site.default_mode)},
        "strictness": {name: _profile(one) for name, one in site.profiles.items() if name not in set(built_in)},
        "endpoints": {
            one.name: {"addresses": [show_address(each) for each in one.addresses], "labels": one.labels}
            for one in site.endpoints.values()
        },
        "segments": {one.name: _segment(one) for one in site.segments.values()},
        "flows": [_flow(one) for one in site.flows],
        "guardrails": [_guardrail(one) for one in site.guardrails],
        "management": [_management(one) for one in site.management],
        "points": {one.name: _point(one) for one in site.points.values()},
    }
    return json.dumps(data, indent=1, ensure_ascii=False)


def _profile(one: Profile) -> dict[str, Any]:
    return {
        **{key: getattr(one, key).value for key in ("intra", "ingress", "egress", "answer", "tightening")},
        "log": next(word for word, level in LOG_WORDS.items() if level is one.log),
        "wide": one.wide.name.lower(),
        "why": "required" if one.why_required else "optional",
        "holds": one.holds.name.lower(),
        "quarantine": one.quarantine,
    }


def _mode(mode: Mode) -> Any:
    if mode.kind is ModeKind.SELECTIVE:
        return {"enforce": [part for name in mode.names for part in name.split("+")]}
    return mode.kind.value


def _segment(one: Segment) -> dict[str, Any]:
    out: dict[str, Any] = {"strictness": one.profile.name}
    if one.mode is not None:
        out["mode"] = _mode(one.mode)
    if one.name not in (WORLD, "points"):
        out["members"] = _selectors(one.members)
    if not one.built_in:
        out |= {"labels": one.labels, "may_be_empty": one.may_be_empty}
    return out | ({"within": one.within} if one.within else {})


def _selectors(them: Iterable[Selector]) -> list[Any]:
    return [_selector(one) for one in them]


def _selector(one: Selector) -> Any:
    match one:
        case Named():
            return one.name
        case Labelled():
            return {"labels": _wanted(one.labels)}
        case SegmentsLabelled():
            return {"segments": {"labels": _wanted(one.labels)}}
        case Within():
            return {"within": one.segment}
        case _:
            return one.text


def _wanted(labels: Labels) -> dict[str, Any]:
    return {key: values[0] if len(values) == 1 else list(values) for key, values in labels}


def _services(them: Iterable[Service]) -> list[str]:
    return [part for one in them for part in one.name.split("+")]


def _waive(waivers: Waivers) -> dict[str, str]:
    return {one.code: one.why for one in waivers}


def _flow(one: Flow) -> dict[str, Any]:
    times = {key: when.isoformat() for key, when in (("since", one.since), ("until", one.until)) if when is not None}
    return {
        "name": one.name, "from": _selectors(one.source), "to": _selectors(one.destination),
        "services": _services(one.services), "except": _selectors(one.source_except),
        "not_to": _selectors(one.destination_except), "why": one.why, "remediation": one.remediation,
        "may_be_empty": one.may_be_empty, "waive": _waive(one.waive), **times,
    }  # fmt: skip


def _guardrail(one: Guardrail) -> dict[str, Any]:
    out = {"name": one.name, "from": _selectors(one.source), "to": _selectors(one.destination),
           "may_be_empty": one.may_be_empty}  # fmt: skip
    return out | ({"services": _services(one.services)} if one.services else {})


def _management(one: Management) -> dict[str, Any]:
    return {"from": _selectors(one.source), "services": _services(one.services)}


def _point(one: Point) -> dict[str, Any]:
    if one.kind is PointKind.HOST:
        return {"kind": "host", "endpoint": one.endpoint}
    out = {"kind": "gateway", "interfaces": {name: _interface(each) for name, each in one.interfaces.items()}}
    return out | ({"ha": one.ha} if one.ha else {})


def _interface(one: Interface) -> dict[str, Any]:
    addresses = [f"{show_address(each.address)}/{each.length}" for each in one.addresses]
    return {"segments": list(one.segments), "addresses": addresses, "links": list(one.links)}
