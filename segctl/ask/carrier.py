"""Whose a place in a site's files is: the flow, the segment, the interface … that is written there."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from segctl.model.diagnostic import Diagnostic
from segctl.model.selector import show_selectors
from segctl.model.site import Site
from segctl.model.span import Span


@dataclass(slots=True)
class Carriers:
    """Each is written from its own place up to the next one's; called as `all_waivers` does."""

    site: Site
    _starts: list[Span] = field(init=False)
    _names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        rows = sorted(_written(self.site))
        self._starts = [span for span, _ in rows]
        self._names = [name for _, name in rows]

    def of(self, finding: Diagnostic) -> str:
        """What a finding complains of; '' if it is of the site, or of a line in a list of members."""
        if finding.code == "no-points":
            return "segment 'points'"  # which can waive it
        span = finding.span
        if finding.code == "equal-statements" and finding.notes and finding.notes[0].span is not None:
            span = finding.notes[0].span  # the second one isn't kept
        at = bisect_right(self._starts, span) - 1
        return self._names[at] if at >= 0 and self._starts[at].file == span.file else ""


def _written(site: Site) -> Iterator[tuple[Span, str]]:
    for segment in site.segments.values():
        if segment.span != site.span:  # a built-in one that isn't written has the site's place
            yield segment.span, f"segment '{segment.name}'"
    yield from ((one.span, f"endpoint '{one.name}'") for one in site.endpoints.values())
    yield from ((one.span, f"service '{one.name}'") for one in site.services.values() if one.made_of)
    yield from ((one.span, f"flow '{one.name}'") for one in site.flows)
    yield from ((one.span, f"guardrail '{one.name}'") for one in site.guardrails)
    yield from ((one.span, f"management '{one.name}'") for one in site.management)
    for said in site.expectations:
        yield said.span, f"expectation of {show_selectors(said.source)} to {show_selectors(said.destination)}"
    for point in site.points.values():
        yield point.span, f"point '{point.name}'"
        for interface in point.interfaces.values():
            yield interface.span, f"interface '{interface.name}' of '{point.name}'"
