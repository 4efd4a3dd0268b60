"""Answers of `can` and results of expectations as lines of text, and as plain values for JSON."""

from collections.abc import Iterable, Iterator

from segctl.ask.result import Answer, Called, Extent, Hop, Part, Passing, Verified, Word
from segctl.model.decision import Effect, Outcome
from segctl.model.flow import Expectation, service_names
from segctl.model.ranges import Ranges, show_addresses
from segctl.model.selector import show_selectors
from segctl.model.service import FAMILIES, LAST_PORT, of_family, port_of, protocol_of, show_traffic
from segctl.model.strictness import Verdict

_SHOWN = 3
LAST_TYPE = 255  # of ICMP, on a line that has room for ports


_EFFECTS = {Word.ALLOWED: "passes", Word.DENIED: "stopped", Word.PARTLY: "partly passes"}
"""How an answer by effect begins: "allowed: no flow allows it" would contradict itself."""


def show_answer(answer: Answer, *, by_effect: bool = False) -> Iterator[str]:
    """One line; where the parts differ one more for each."""
    word = answer.word(by_effect=by_effect)
    head = _EFFECTS[word] if by_effect else word.value
    if len(answer.parts) == 1:
        yield f"{head}: {show_outcome(answer.parts[0].outcome)}"
        return
    words = {part.outcome.decision.reason for part in answer.parts}
    if word is not Word.PARTLY and len(words) == 1:
        yield f"{head}: {show_outcome(answer.parts[0].outcome)}"
        return
    yield f"{head}: {len(answer.parts)} different answers"
    for part in answer.parts:
        yield f"  {part.outcome.decision.verdict}: {show_part(part)}"
        yield f"    {show_outcome(part.outcome)}"


def show_outcome(outcome: Outcome) -> str:
    """The reason with its place, and the effect where it isn't what the verdict says."""
    decision = outcome.decision
    place = f" ({decision.span})" if decision.span else ""
    effect = _effect(outcome)
    return f"{decision.reason}{place}" + (f"; effect: {effect}" if effect else "")


def _effect(outcome: Outcome) -> str:
    """Empty where an allowed packet simply passes."""
    if outcome.uncovered:
        return "pass, nothing enforces it" if outcome.decision.verdict is Verdict.DENY else ""
    if outcome.unbound and outcome.effect is Effect.DROP:
        return "drop, an end is behind no interface that counts"
    if outcome.observed:
        return "pass, only observed"
    return "" if outcome.decision.verdict is Verdict.ALLOW else outcome.effect.value


def show_part(part: Part) -> str:
    """Who, to whom, over what."""
    return show_extent(part.extent)


def show_extent(part: Extent) -> str:
    """The same of any set of connections."""
    ends = f"{show_addresses(part.sources, _SHOWN)} to {show_addresses(part.destinations, _SHOWN)}"
    return f"{ends} over {show_services(part.traffic)}"


def show_called(called: Called) -> str:
    """A few of many names, each part with its addresses."""
    words = [*called.wholes, *(f"{name or 'special'} ({show_addresses(one, _SHOWN)})" for name, one in called.parts)]
    more = len(words) - _SHOWN
    return ", ".join(words[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def show_services(traffic: Ranges) -> str:
    """Services as ranges of ports; the same in both families is said once; what is nearly all, by what it lacks."""
    has = _texts(traffic)
    lacks = _texts(Ranges.of(span for family in _families(traffic) for span in of_family(family)) - traffic)
    if not lacks:
        return "everything"
    few, word = (lacks, "everything but ") if len(lacks) < len(has) else (has, "")
    more = len(few) - _SHOWN
    return word + ", ".join(few[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _families(traffic: Ranges) -> Iterator[int]:
    return (family for family in FAMILIES if traffic.meets(of_family(family)))


def _texts(traffic: Ranges) -> list[str]:
    """Each range once, though both families have it; none joins the two."""
    halves = (traffic & of_family(family) for family in _families(traffic))
    return list(dict.fromkeys(_service(first, last) for half in halves for first, last in half))


def _service(first: int, last: int) -> str:
    one = show_traffic(first)
    if one.startswith("icmp") and port_of(first) and port_of(last) == LAST_PORT:
        last -= LAST_PORT - LAST_TYPE
    if first == last:
        return one
    if protocol_of(first) != protocol_of(last) or port_of(first) != 0 or port_of(last) != 0xFFFF:
        same = protocol_of(first) == protocol_of(last)
        return f"{one}-{port_of(last)}" if same else f"{one} to {show_traffic(last)}"
    kind, _, _ = one.partition("/")
    return one if kind == "proto" else f"{kind}/any"


def plain_answer(answer: Answer, *, by_effect: bool) -> dict[str, object]:
    """The answer as JSON has it; effect, step, reason and place are the first part's."""
    first = answer.parts[0].outcome
    effects = sorted({part.outcome.effect.value for part in answer.parts})
    return {
        "verdict": answer.word(by_effect=by_effect).value,
        "effect": effects[0] if len(effects) == 1 else effects,
        "step": first.decision.step.value,
        "reason": first.decision.reason,
        "place": str(first.decision.span) if first.decision.span else None,
        "parts": [plain_part(part) for part in answer.parts],
    }


def plain_part(part: Part) -> dict[str, object]:
    """One part with all that is known of it."""
    return {**plain_outcome(part.outcome), **plain_extent(part.extent)}


def plain_outcome(outcome: Outcome) -> dict[str, object]:
    """What decided, and what the packet meets."""
    return {
        "verdict": outcome.decision.verdict.value,
        "effect": outcome.effect.value,
        "step": outcome.decision.step.value,
        "reason": outcome.decision.reason,
        "by": outcome.decision.by,
        "place": str(outcome.decision.span) if outcome.decision.span else None,
        "refusing": list(outcome.decision.refusing),
        "observed": outcome.observed,
        "uncovered": outcome.uncovered,
        "unbound": outcome.unbound,
    }


def plain_services(traffic: Ranges) -> list[str]:
    """All of them as `show_services` says each; the same in both families is said once."""
    return _texts(traffic)


def plain_extent(one: Extent) -> dict[str, object]:
    """Who, to whom, over what, whole."""
    return {
        "from": show_addresses(one.sources, 1 << 30),
        "to": show_addresses(one.destinations, 1 << 30),
        "services": _texts(one.traffic),
    }


def show_verified(one: Verified) -> Iterator[str]:
    """`ok` or `failed`, the expectation, and what shows that it fails."""
    yield f"{'ok' if one.holds else 'failed'}: {one.expected.span}: {expected(one.expected)}"
    for part in one.parts:
        yield f"  {part.outcome.decision.verdict}: {show_part(part)}"
        yield f"    {show_outcome(part.outcome)}"
    yield from show_way(one.way)


def expected(said: Expectation) -> str:
    """An expectation in one line."""
    ends = f"{show_selectors(said.source)} to {show_selectors(said.destination)}"
    time = f" at {said.at.isoformat().replace('+00:00', 'Z')}" if said.at else ""
    return f"{ends} {service_names(said.services) or 'over anything'} is {said.expected}{time}"


def show_way(way: Iterable[Hop], indent: str = "  ") -> Iterator[str]:
    """One line for each step, or for each line that lets some services pass."""
    for hop in way:
        for one in hop.services:
            ends = f"{hop.source} reaches {hop.destination}"
            yield f"{indent}{ends} over {show_services(one.traffic)}: {show_outcome(one.outcome)}"


def plain_way(way: Iterable[Hop]) -> list[dict[str, object]]:
    """The same as JSON has it."""
    return [{"from": hop.source, "to": hop.destination, "services": plain_passings(hop.services)} for hop in way]


def plain_passings(some: Iterable[Passing]) -> list[dict[str, object]]:
    """Services, and what lets each pass."""
    return [{**plain_outcome(one.outcome), "services": plain_services(one.traffic)} for one in some]
