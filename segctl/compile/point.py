"""The ruleset of a point, whatever its kind."""

from datetime import datetime

from segctl.compile.gateway import compile_gateway
from segctl.compile.host import compile_host
from segctl.compile.ruleset import Ruleset
from segctl.model.point import PointKind
from segctl.policy.policy import Policy


def compile_point(policy: Policy, name: str, at: datetime) -> Ruleset:
    """The rules of the point `name` as they hold at `at` (with zone)."""
    made = compile_host if policy.site.points[name].kind is PointKind.HOST else compile_gateway
    return made(policy, name, at)
