"""What one segment does with a connection that no statement speaks of: its half of the decision."""

from enum import StrEnum

from segctl.model.segment import Segment
from segctl.model.strictness import ModeKind, Verdict
from segctl.policy import Policy
from segctl.policy.effect import mode_of


class Stance(StrEnum):
    """One end's half of steps 5 and 6.

    Between two different segments, neither in quarantine, a connection passes by default where the source's stance
    outwards and the destination's inwards are both `allow`; it is denied, and passes all the same, where one of them
    is `observed` and the other isn't `deny`. `other`: `world` refuses, in the mode of the other end.
    """

    ALLOW = "allow"
    OBSERVED = "observed"
    DENY = "deny"
    OTHER = "other"


def stance(policy: Policy, segment: Segment, *, inbound: bool) -> Stance:
    """The stance outwards, or `inbound`: there a selective mode counts as observed, but for what it enforces."""
    profile = segment.profile
    if profile.quarantine:
        return Stance.DENY
    if (profile.ingress if inbound else profile.egress) is Verdict.ALLOW:
        return Stance.ALLOW
    mode = mode_of(policy, segment.name)
    if mode is None:
        return Stance.OTHER
    return Stance.DENY if mode.kind is ModeKind.ENFORCE else Stance.OBSERVED
