"""What overrides mean for a policy: who is cut off, and what is let through beside what the site says."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from segctl.apply.permits import permits
from segctl.model.flow import Flow
from segctl.model.generation import Side
from segctl.model.moment import moment
from segctl.model.ranges import Ranges
from segctl.model.span import Span
from segctl.policy import Policy
from segctl.policy.match import Statement, Statements
from segctl.store.overrides import Override, OverrideKind


@dataclass(frozen=True, slots=True)
class Overlay:
    """What holds at run time, over what the site means."""

    held: Ranges
    panic: bool
    flows: tuple[Statement[Flow], ...]
    kept: frozenset[int]

    def over(self, policy: Policy) -> Policy:
        """The policy with it: a grant is a flow that ends, and so is what a relaxed segment only observes."""
        flows = policy.flows
        if self.flows:
            flows = Statements(tuple(sorted((*flows.items, *self.flows), key=lambda one: one.said.name)))
        return replace(policy, held=self.held, panic=self.panic, flows=flows, kept=self.kept)


def overlay(side: Side, overrides: Iterable[Override]) -> Overlay:
    """Of overrides that hold, under a generation."""
    every = list(overrides)
    held = Ranges.of((a, a) for one in every if one.kind is OverrideKind.QUARANTINE for a in one.addresses)
    flows = tuple(
        Statement(_flow(override, at), permit.source, permit.destination, permit.traffic)
        for override in every
        for at, permit in enumerate(permits(side, override))
    )
    return Overlay(held, any(one.kind is OverrideKind.PANIC for one in every), flows, frozenset(side.kept))


def _flow(override: Override, at: int) -> Flow:
    name = f"{override.kind}-{override.id}" + (f"-{at}" if at else "")
    until = moment(override.until) if override.until else None
    return Flow(name, Span(f"<{override.kind} {override.id}>", 1, 1), (), (), (), why=override.why, until=until)
