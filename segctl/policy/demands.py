"""What profiles and classifications demand of flows and nesting (design, section 2, Strictness)."""

from collections.abc import Iterator

from segctl.model.diagnostic import Diagnostic, Note
from segctl.model.flow import Flow
from segctl.model.segment import Segment
from segctl.model.selector import ANY, WORLD, Block, Named, Selectors
from segctl.model.strictness import Classification, Wide
from segctl.policy.policy import Policy
from segctl.policy.touch import remembering
from segctl.policy.waive import waived


def demands(policy: Policy) -> tuple[Diagnostic, ...]:
    """Every demand that is not met and not waived."""
    touches = remembering(policy.partition)
    found: list[Diagnostic] = []
    classified = any(one.classification is not None for one in policy.site.segments.values())
    for statement in policy.flows.items:
        said, here, there = statement.said, touches(statement.source), touches(statement.destination)
        found += _of_flow(policy, said, here, there)
        if classified and not waived(said.waive, "classification", "classification-world"):
            found += _classified(policy, said, here, there)
            if here != there:
                found += _classified(policy, said, there, here)
    return (*found, *_nesting(policy), *_holding(policy))


def _of_flow(policy: Policy, flow: Flow, sources: frozenset[str], destinations: frozenset[str]) -> Iterator[Diagnostic]:
    if not waived(flow.waive, "wide"):
        yield from _wide(policy, flow, flow.source, destinations)
        yield from _wide(policy, flow, flow.destination, sources)
    if flow.why is None:
        needing = sorted(n for n in sources | destinations if policy.site.segments[n].profile.why_required)
        if needing:
            segment = policy.site.segments[needing[0]]
            what = f"flow '{flow.name}' touches '{segment.name}' ({segment.profile.name}), which demands a reason"
            yield Diagnostic(flow.span, "why-missing", what, 'add `why: "…"`', (_declared(segment),))


def _wide(policy: Policy, flow: Flow, selectors: Selectors, others: frozenset[str]) -> Iterator[Diagnostic]:
    """`any`, `world` or a block of the world at one end; the segments at the other end say what they think of it."""
    wide = next((selector for selector in selectors if is_wide(policy, (selector,))), None)
    if wide is None:
        return
    worst = max((policy.site.segments[name] for name in sorted(others)), key=lambda s: s.profile.wide, default=None)
    if worst is None or worst.profile.wide is Wide.ALLOW:
        return
    code = "wide-flow" if worst.profile.wide is Wide.ERROR else "wide"
    what = f"flow '{flow.name}' joins '{worst.name}' ({worst.profile.name}) with '{wide}'"
    help = "name the segments that need it, or `waive: {wide: reason}`"
    yield Diagnostic(wide.span, code, what, help, (_declared(worst),))


def _declared(segment: Segment) -> Note:
    return Note(segment.span, f"'{segment.name}' is declared here")


def is_wide(policy: Policy, selectors: Selectors) -> bool:
    """`any`, `world`, or a block of several addresses of which one is the world's."""
    world = policy.partition.own[WORLD]
    for selector in selectors:
        if isinstance(selector, Named) and selector.name in (ANY, WORLD):
            return True
        if isinstance(selector, Block) and selector.addresses.size() > 1 and selector.addresses.meets(world):
            return True
    return False


def _classified(policy: Policy, flow: Flow, here: frozenset[str], there: frozenset[str]) -> Iterator[Diagnostic]:
    segments, strict = policy.site.segments, policy.site.profiles["strict"]
    restricted = sorted(n for n in here if segments[n].classification is Classification.RESTRICTED)
    confidential = sorted(n for n in here if segments[n].classification is Classification.CONFIDENTIAL)
    looser = sorted(n for n in there if n == WORLD or not segments[n].profile.at_least_as_strict_as(strict))
    help = "go through a segment that may, or `waive: {classification: reason}`"
    if restricted and looser:
        what = f"flow '{flow.name}' joins restricted '{restricted[0]}' with '{looser[0]}'"
        yield Diagnostic(flow.span, "classification-flow", what, help, (_declared(segments[restricted[0]]),))
    elif confidential and WORLD in there:
        what = f"flow '{flow.name}' joins confidential '{confidential[0]}' with the world"
        yield Diagnostic(flow.span, "classification-world", what, help, (_declared(segments[confidential[0]]),))


def _nesting(policy: Policy) -> Iterator[Diagnostic]:
    for segment in policy.site.segments.values():
        outer = policy.site.segments.get(segment.within or "")
        if outer is None or waived(segment.waive, "looser-within"):
            continue
        if not segment.profile.at_least_as_strict_as(outer.profile):
            what = (
                f"'{segment.name}' ({segment.profile.name}) is less strict than '{outer.name}' ({outer.profile.name})"
            )
            note = Note(outer.span, f"'{outer.name}', which it lies within")
            yield Diagnostic(segment.span, "looser-within", what, "choose a stricter profile", (note,))


def _holding(policy: Policy) -> Iterator[Diagnostic]:
    for segment in policy.site.segments.values():
        level = segment.classification
        if level is None or level <= segment.profile.holds or waived(segment.waive, "classification"):
            continue
        what = f"'{segment.name}' is {level.name.lower()}, its profile '{segment.profile.name}' holds less"
        able = [
            name for name, profile in policy.site.profiles.items() if level <= profile.holds and not profile.quarantine
        ]
        help = f"choose a profile that may ({', '.join(able)}), or `waive: {{classification: reason}}`"
        yield Diagnostic(segment.span, "classification-above", what, help)
