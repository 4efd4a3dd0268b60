"""A point's rules as they are carried to it: text for nft, elements as bytes, the meaning of each number."""

from datetime import datetime

from segctl.compile.hold import compile_hold, remediation
from segctl.compile.pack import pack
from segctl.compile.point import compile_point
from segctl.compile.render import render_exceptions, render_structure
from segctl.compile.ruleset import Ruleset
from segctl.model.generation import Loadable, Side
from segctl.model.moment import milliseconds
from segctl.model.point import PointKind
from segctl.model.ranges import Ranges
from segctl.policy.policy import Policy


def loadable(policy: Policy, name: str, at: datetime, rules: Ruleset | None = None) -> Loadable:
    """For any slot and generation, until the elements' ends: `kernel.structure` and `Elements.at` put those in.

    `rules`, if they are compiled already.
    """
    made = rules or compile_point(policy, name, at)
    hold = compile_hold(policy, name, at)
    return Loadable(
        made.point,
        render_structure(made, "segctl_a", 0),
        tuple(pack(made)),
        made.meanings,
        Side(
            render_exceptions(hold),
            tuple(end for end, _ in hold.ends),
            {name: tuple(one.addresses) for name, one in policy.site.endpoints.items()},
            Ranges.of(span for one in policy.management.items for span in one.source),
            made.homes,
            tuple((one.source, one.destination, one.traffic) for one in policy.guardrails.items),
            {name: one.traffic for name, one in policy.site.services.items()},
            made.kind is PointKind.HOST,
            tuple(
                (one.source, one.destination, one.traffic, milliseconds(one.said.until) if one.said.until else 0)
                for one in remediation(policy, at)
            ),
        ),
    )
