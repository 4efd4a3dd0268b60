"""Flows that open from a segment with classified data to one that may hold only what is less sensitive."""

from collections.abc import Iterator

from segctl.ask.lint.owners import Touches
from segctl.model.diagnostic import Diagnostic, Note
from segctl.model.segment import Segment
from segctl.model.selector import WORLD
from segctl.model.strictness import Classification
from segctl.policy import Policy
from segctl.policy.waive import waived

CODE = "classified-down"


def classified_down(policy: Policy, touches: Touches) -> Iterator[Diagnostic]:
    """From confidential on `world` is left out: the law itself complains of it (classification-world and -flow)."""
    segments = policy.site.segments
    classified = {name for name, one in segments.items() if one.classification}
    if not classified:
        return
    for one in policy.flows.items:
        here = classified & touches(one.source)
        if not here or waived(one.said.waive, CODE, "classification"):
            continue
        for name in sorted(touches(one.destination) - here):
            source = _above(segments[name], [segments[each] for each in sorted(here)])
            if source is not None and source.classification is not None:
                level = source.classification.name.lower()
                what = f"flow '{one.said.name}' opens from '{source.name}' ({level}) to '{name}', which may hold less"
                help = f"let '{name}' ask instead, send through a segment that may, or waive it"
                yield Diagnostic(
                    one.said.span, CODE, what, help, (Note(source.span, f"'{source.name}' is declared here"),)
                )
                break


def _above(target: Segment, sources: list[Segment]) -> Segment | None:
    """The first of these that is classified above what the target is meant for."""
    level = target.classification if target.classification is not None else target.profile.holds
    told = Classification.CONFIDENTIAL if target.name == WORLD else Classification.ANY  # from there on by the law
    return next((one for one in sources if one.classification is not None and level < one.classification < told), None)
