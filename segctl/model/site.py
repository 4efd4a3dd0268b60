"""A whole site, as written: immutable, with the place of everything."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from segctl.model.flow import Expectation, Flow, Guardrail, Management
from segctl.model.point import Point, PointKind
from segctl.model.segment import Endpoint, Segment
from segctl.model.selector import Labels, matches
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
    _carriers: dict[tuple[str, str], list[Endpoint]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def gateways(self) -> tuple[Point, ...]:
        return tuple(point for point in self.points.values() if point.kind is PointKind.GATEWAY)

    def carrying(self, labels: Labels) -> list[Endpoint]:
        """The endpoints that carry these labels. Who has what is noted at the first question: there are thousands."""
        if not self._carriers:
            for endpoint in self.endpoints.values():
                for pair in endpoint.labels.items():
                    self._carriers.setdefault(pair, []).append(endpoint)
        if not labels:
            return list(self.endpoints.values())
        key, values = labels[0]
        some = (endpoint for value in values for endpoint in self._carriers.get((key, value), ()))
        return [endpoint for endpoint in some if matches(labels, endpoint.labels)]

    def hosts(self) -> tuple[Point, ...]:
        return tuple(point for point in self.points.values() if point.kind is PointKind.HOST)
