"""A whole site, as written: immutable, with the place of everything."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from segctl.model.flow import Expectation, Flow, Guardrail, Management
from segctl.model.point import Point, PointKind
from segctl.model.segment import Endpoint, Segment
from segctl.model.service import Service
from segctl.model.span import Span
from segctl.model.strictness import ENFORCE, Mode, Profile


@dataclass(frozen=True, slots=True)
class Site:
    """One policy repository.

    `segments` holds the built-in `world`, `points` and `quarantine` as well; mappings are in the order of the files.
    """

    name: str
    span: Span
    profiles: Mapping[str, Profile]
    segments: Mapping[str, Segment]
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    flows: tuple[Flow, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    management: tuple[Management, ...] = ()
    points: Mapping[str, Point] = field(default_factory=dict)
    default_mode: Mode = ENFORCE

    def gateways(self) -> tuple[Point, ...]:
        return tuple(point for point in self.points.values() if point.kind is PointKind.GATEWAY)

    def hosts(self) -> tuple[Point, ...]:
        return tuple(point for point in self.points.values() if point.kind is PointKind.HOST)
