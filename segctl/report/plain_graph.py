"""The segment graph as plain values for JSON (`segctl/graph/1`): all of it, nothing folded."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import networkx

from segctl.model.ranges import show_addresses
from segctl.model.segment import Waiver
from segctl.model.span import Span

SCHEMA = "segctl/graph/1"
ALL = 1 << 30
NODE = ("strictness", "mode", "v4", "v6", "within", "owner", "classification", "labels", "built_in", "intra",
        "intra_observed", "inside_uncovered", "bound", "out", "into")  # fmt: skip
EDGE = ("kind", "name", "why", "owner", "ticket", "state", "remediation", "partial", "partly", "observed", "uncovered",
        "waived")  # fmt: skip


def plain_graph(graph: "networkx.MultiDiGraph[str]") -> dict[str, object]:
    """Segments and edges by name; what each word means stands in `segctl/ask/graph.py` and docs/graph.md."""
    register = graph.graph["register"]
    edges = sorted(graph.edges(keys=True, data=True), key=lambda edge: edge[:3])
    return {
        "schema": SCHEMA,
        "site": register.site,
        "at": _time(register.at),
        "points": graph.graph["points"],
        "segments": [_segment(name, data) for name, data in sorted(graph.nodes.items())],
        "edges": [_edge(source, target, data) for source, target, _, data in edges],
        "waivers": [{"on": on, **_waiver(waiver, past)} for on, waiver, past in register.waivers],
    }


def _segment(name: str, data: Mapping[str, Any]) -> dict[str, object]:
    said = {"name": name, **{key: data[key] for key in NODE}}
    return {**said, "waivers": _waivers(data["waivers"]), "place": _place(data["span"])}


def _edge(source: str, target: str, data: Mapping[str, Any]) -> dict[str, object]:
    return {
        "from": source,
        "to": target,
        **{key: data[key] for key in EDGE},
        "from_part": data["source_words"],
        "to_part": data["destination_words"],
        "from_addresses": show_addresses(data["source"], ALL) if data["partial"] else None,
        "to_addresses": show_addresses(data["destination"], ALL) if data["partial"] else None,
        "services": list(data["services"]),
        "enforced": list(data["enforced"]),
        "since": _time(data["since"]),
        "until": _time(data["until"]),
        "waivers": _waivers(data["waivers"]),
        "place": _place(data["span"]),
    }


def _waivers(judged: Iterable[tuple[Waiver, bool]]) -> list[dict[str, object]]:
    return [_waiver(waiver, past) for waiver, past in judged]


def _waiver(waiver: Waiver, past: bool) -> dict[str, object]:
    until = waiver.until.isoformat() if waiver.until else None
    return {"code": waiver.code, "why": waiver.why, "until": until, "void": past, "place": _place(waiver.span)}


def _time(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _place(span: Span | None) -> str | None:
    return str(span) if span else None
