"""The law (section 2 of the design, with docs/decisions/readings.md), asked of one connection at a time.

Written from the text alone, in its order, with its sentences beside the steps; slow and plain on purpose.
"""

from dataclasses import dataclass
from datetime import datetime

from segctl.model.decision import Effect, Step
from segctl.model.flow import Flow, Guardrail, Management
from segctl.model.point import Point
from segctl.model.selector import WORLD
from segctl.model.service import Service
from segctl.model.site import Site
from segctl.model.strictness import Mode, ModeKind, Verdict
from tests.reference.addresses import (
    home_of,
    is_special,
    own_of_gateway,
    own_of_host,
    own_of_point,
    segment_of,
    selected,
)
from tests.reference.essentials import is_essential


@dataclass(frozen=True, slots=True)
class Decided:
    """Verdict and step, the segments that refuse, and the name of what decided where the law fixes it."""

    verdict: Verdict
    step: Step
    refusing: tuple[str, ...] = ()
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """The whole answer of the law."""

    decided: Decided
    effect: Effect
    observed: bool = False
    uncovered: bool = False
    unbound: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A new connection: two places on the address line (one family), one on the traffic line, a time."""

    source: int
    destination: int
    traffic: int
    at: datetime


def rule(site: Site, asked: Question) -> Ruling:
    """What the law says, and what the packet meets."""
    return effect(site, asked, decide(site, asked))


def decide(site: Site, asked: Question) -> Decided:
    """Law: "Decision for a new connection (source, destination, service, time), first match"."""
    source, destination = asked.source, asked.destination

    # 0a. essentials → allow
    if is_essential(site, source, destination, asked.traffic):
        return Decided(Verdict.ALLOW, Step.ESSENTIAL)

    # 0b. a special address at either end, and not an essential → deny
    if is_special(site, source) or is_special(site, destination):
        return Decided(Verdict.DENY, Step.SPECIAL)

    # 0c. source or destination quarantined at run time …: "With no run-time state … step 0c never matches."

    # 0d. from a `management` source to a point's own address (for a `host` point: its endpoint's) on a management
    #     service → allow
    if own_of_gateway(site, destination) or own_of_host(site, destination):
        managing = [each.name for each in site.management if manages(site, each, asked)]
        if managing:
            return Decided(Verdict.ALLOW, Step.MANAGEMENT, by=min(managing))

    # 1. a guardrail matches → deny
    forbidding = [each.name for each in site.guardrails if forbids(site, each, asked)]
    if forbidding:
        return Decided(Verdict.DENY, Step.GUARDRAIL, by=min(forbidding))

    # 2. source or destination is in a segment whose profile has `quarantine: true`, and no active flow marked
    #    `remediation` matches → deny
    allowing = [flow for flow in site.flows if allows(site, flow, asked)]
    ends = str(segment_of(site, source)), str(segment_of(site, destination))
    cut_off = any(site.segments[name].profile.quarantine for name in ends)
    if cut_off and not any(flow.remediation for flow in allowing):
        return Decided(Verdict.DENY, Step.QUARANTINE)

    # 3. an active flow or grant matches and its conditions hold → allow
    if cut_off:  # what let it past step 2 is what allows it (readings.md)
        allowing = [flow for flow in allowing if flow.remediation]
    if allowing:
        return Decided(Verdict.ALLOW, Step.FLOW, by=min(flow.name for flow in allowing))

    return fall_back(site, *ends)


def fall_back(site: Site, source: str, destination: str) -> Decided:
    """Steps 4 to 6, between two segments by name."""
    leaving, entering = site.segments[source].profile, site.segments[destination].profile

    # 4. same segment → the segment's `intra`
    if source == destination:
        refusing = (source,) if leaving.intra is Verdict.DENY else ()
        return Decided(leaving.intra, Step.INTRA, refusing)

    # 5. the source's `egress` and the destination's `ingress` are both allow → allow
    if leaving.egress is Verdict.ALLOW and entering.ingress is Verdict.ALLOW:
        return Decided(Verdict.ALLOW, Step.DEFAULTS)

    # 6. otherwise deny; "refusing: … in step 6 each end whose default is deny", source before destination
    left: tuple[str, ...] = (source,) if leaving.egress is Verdict.DENY else ()
    entered = (destination,) if entering.ingress is Verdict.DENY else ()
    return Decided(Verdict.DENY, Step.REFUSED, left + entered)


def manages(site: Site, entry: Management, asked: Question) -> bool:
    """Law: "management: sources required; a segment means its own addresses"."""
    return selected(site, entry.source, asked.source, both=False) and in_services(entry.services, asked.traffic)


def forbids(site: Site, guardrail: Guardrail, asked: Question) -> bool:
    """Law: "a bare segment here means it and all within it"; "no services: all"."""
    return (
        selected(site, guardrail.source, asked.source, both=True)
        and selected(site, guardrail.destination, asked.destination, both=True)
        and (not guardrail.services or in_services(guardrail.services, asked.traffic))
    )


def allows(site: Site, flow: Flow, asked: Question) -> bool:
    """Active (`since` ≤ time < `until`), the source in from minus except, the destination in to minus not_to."""
    if flow.since is not None and asked.at < flow.since:
        return False
    if flow.until is not None and asked.at >= flow.until:
        return False
    return (
        in_services(flow.services, asked.traffic)
        and selected(site, flow.source, asked.source, both=False)
        and not selected(site, flow.source_except, asked.source, both=True)
        and selected(site, flow.destination, asked.destination, both=False)
        and not selected(site, flow.destination_except, asked.destination, both=True)
    )


def in_services(services: tuple[Service, ...], traffic: int) -> bool:
    return any(traffic in service.traffic for service in services)


def effect(site: Site, asked: Question, decided: Decided) -> Ruling:
    """What the packet meets, in the order of the readings ("Effect")."""
    source, destination = asked.source, asked.destination

    # "An essential (0a) passes." "Step 0b has no coverage: drop", unless "both ends observe"
    if decided.step is Step.ESSENTIAL:
        return Ruling(decided, Effect.PASS)
    if decided.step is Step.SPECIAL:
        logged_only = both_observe(site, source, destination)
        return Ruling(decided, Effect.PASS if logged_only else Effect.DROP, observed=logged_only)

    # "A segment on no interface of any gateway …: its packets to and from other segments die at each (effect drop)",
    # "would-denies where both ends observe"
    if is_unbound(site, source, destination):
        if not both_observe(site, source, destination):
            return Ruling(decided, Effect.DROP, unbound=True)
        met, observed = enforced(site, asked, decided)
        return Ruling(decided, met, observed=observed, unbound=True)

    # "An uncovered pair passes whatever the verdict"; "A site without points …: coverage is left out."
    if site.points and not is_covered(site, source, destination):
        return Ruling(decided, Effect.PASS, uncovered=True)

    met, observed = enforced(site, asked, decided)
    return Ruling(decided, met, observed=observed)


def enforced(site: Site, asked: Question, decided: Decided) -> tuple[Effect, bool]:
    """What a covered packet meets, and whether that is a deny that is only logged."""
    if decided.verdict is Verdict.ALLOW:
        return Effect.PASS, False
    # "guardrail, quarantine, binding, special: drop and log"
    if not decided.refusing:
        return Effect.DROP, False
    # "If every refusing end of a deny at step 4 or 6 observes, its effect is pass, logged as would deny."
    if all(observes(site, name, asked) for name in decided.refusing):
        return Effect.PASS, True
    # "The destination's `answer` if it refuses, else the source's"
    destination = str(segment_of(site, asked.destination))
    answering = destination if destination in decided.refusing else decided.refusing[0]
    return Effect(site.segments[answering].profile.answer.value), False


def observes(site: Site, name: str, asked: Question) -> bool:
    """The mode, for this connection, of one of its two ends (a segment by name)."""
    source, destination = str(segment_of(site, asked.source)), str(segment_of(site, asked.destination))
    segment = site.segments[name]
    if segment.mode is not None:
        return mode_observes(segment.mode, name == destination, asked.traffic)
    # "`world`, unless the site says its mode, takes the mode of the other end": judged in its own place
    other, other_is_destination = (source, False) if name == destination else (destination, True)
    mode = site.segments[other].mode
    if mode is not None:
        return mode_observes(mode, other_is_destination, asked.traffic)
    # "and where there is none (with itself, on an interface) `defaults`' mode"; it is the destination, too
    return mode_observes(site.default_mode, True, asked.traffic)


def mode_observes(mode: Mode, is_destination: bool, traffic: int) -> bool:
    """Law: "With `{enforce: [services]}` a segment enforces for a new connection *to* it (its own members' too) on
    one of these, and observes in all else."
    """
    if mode.kind is ModeKind.SELECTIVE:
        return not (is_destination and traffic in mode.services)
    return mode.kind is ModeKind.OBSERVE


def both_observe(site: Site, source: int, destination: int) -> bool:
    """The last clause of "Observe": "(`{enforce: …}` counts as observing here)"."""
    own = [own_mode(site, segment_of(site, end)) for end in (source, destination)]
    modes = [own[0] or own[1] or site.default_mode, own[1] or own[0] or site.default_mode]
    return all(mode.kind is not ModeKind.ENFORCE for mode in modes)


def own_mode(site: Site, name: str | None) -> Mode | None:
    """The mode that an end says itself: "A special address has no segment: its mode is taken as `world`'s is"."""
    return site.segments[name or WORLD].mode


def is_unbound(site: Site, source: int, destination: int) -> bool:
    """Whether an end lives nowhere that counts, so that binding lets the packet die (readings.md, Effect, 2)."""
    if not site.gateways():
        return False
    for end, other in ((source, destination), (destination, source)):
        owners = [point for point in site.gateways() if own_of_point(site, point, end)]
        if owners and not any(lives_behind(site, point, other) for point in owners):
            return True
    if own_of_gateway(site, source) or own_of_gateway(site, destination):
        return False
    # "to and from *other* segments"
    if home_of(site, source) == home_of(site, destination):
        return False
    return not all(is_listed(site, end) for end in (source, destination))


def is_listed(site: Site, end: int) -> bool:
    """Whether some interface of some gateway lists the end's segment."""
    home = home_of(site, end)
    return any(home in interface.segments for point in site.gateways() for interface in point.interfaces.values())


def lives_behind(site: Site, gateway: Point, address: int) -> bool:
    """Binding at one gateway: "another gateway's address belongs to the interface whose declared network holds it"."""
    if own_of_point(site, gateway, address):
        return False
    for interface in gateway.interfaces.values():
        if own_of_gateway(site, address):
            held = any(own.network()[0] <= address <= own.network()[1] for own in interface.addresses)
            if held or "points" in interface.segments:  # "… or that lists `points`"
                return True
        elif home_of(site, address) in interface.segments:
            return True
    return False


def is_covered(site: Site, source: int, destination: int) -> bool:
    """Whether any point stands between the two."""
    # "a connection with a point's own address by that point", "by a host point that is one of them"
    if any(own_of_gateway(site, end) or own_of_host(site, end) for end in (source, destination)):
        return True
    # "by a gateway if each one's segment is listed on some interface of it and no interface lists both"
    here, there = home_of(site, source), home_of(site, destination)
    for point in site.gateways():
        lists = [interface.segments for interface in point.interfaces.values()]
        on_some = any(here in listed for listed in lists) and any(there in listed for listed in lists)
        on_both = any(here in listed and there in listed for listed in lists)
        if on_some and not on_both:
            return True
    return False
