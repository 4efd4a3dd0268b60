"""Small tables, in which every match decides: what a wrong evaluator can't talk itself out of."""

from collections.abc import Sequence

from tests.packets.truth.draft import Draft
from tests.packets.truth.kinds import Kind
from tests.packets.truth.matches import Scope, match, plain, special
from tests.packets.truth.rulesets import ChainText, Rule, TableText
from tests.packets.truth.statements import MAY_REJECT, REGISTERS, assign_to, bits_of, reject, verdict_map

_AFTER = {"prerouting": ("forward", "forward", "input", "postrouting"), "output": ("output", "postrouting")}


def small_table(draft: Draft, name: str) -> TableText:
    """First something is written, or untracked; then a rule or two decide by it, and the policy says the contrary."""
    rng = draft.rng
    register = rng.choice(REGISTERS)
    before, wanted = rng.choice(("prerouting", "prerouting", "output")), rng.choice((-300, -150, -150))
    after, family = rng.choice(_AFTER[before]), rng.choices(("inet", "ip", "ip6"), (70, 15, 15))[0]
    writing = Scope(rng, draft.hints, family, frozenset({before}), draft.tracked)
    first = tuple(_writing(writing, register, untracks=wanted == -300) for _ in range(rng.choice((0, 1, 1, 2))))
    scope = Scope(rng, draft.hints, family, frozenset({after}), draft.tracked, writing.sets)
    ending, policy = rng.choice((("accept", "drop"), ("accept", "drop"), ("drop", "accept")))
    others = ["u0"] if rng.random() < 0.4 else []
    rules = tuple(_deciding(scope, register[0], others, ending) for _ in range(rng.choice((1, 1, 2, 3))))
    if policy == "drop" and scope.hooks <= MAY_REJECT and rng.random() < 0.3:
        rules += (("reject",),)
    chains = [
        ChainText("b0", f"type filter hook {before} priority {draft.free(before, wanted)}; policy accept;", first),
        ChainText("b1", f"type filter hook {after} priority {draft.priority(after)}; policy {policy};", rules),
        *_led_to(scope, others, ending),
    ]
    return TableText(family, name, rng.random() < 0.1, tuple(scope.sets), tuple(chains))


def _led_to(scope: Scope, others: Sequence[str], ending: str) -> list[ChainText]:
    """A chain with few rules that end it in any way; where `goto` leads nothing stands."""
    rng = scope.rng
    if not others:
        return []
    endings = rng.choice(((ending, "return"), (ending, "return", "goto u1", "continue")))
    rules = tuple(_guarded(scope, rng.choice(endings)) for _ in range(rng.choice((0, 1, 2))))
    return [ChainText("u0", "", rules), ChainText("u1", "", ())]


def _guarded(scope: Scope, ending: str) -> Rule:
    scope.begin_rule()
    return match(scope), ending


def _writing(scope: Scope, register: tuple[str, Kind], *, untracks: bool) -> Rule:
    """A statement that changes what later rules see, for all packets or for some."""
    scope.begin_rule()
    rng = scope.rng
    guard = (match(scope),) if rng.random() < 0.4 else ()
    if untracks and rng.random() < 0.6:
        return (*guard, "notrack")
    if register[1].masked and rng.random() < 0.6:
        return (*guard, f"{register[0]} set {bits_of(scope, True)}")
    return (*guard, assign_to(scope, *register))


def _deciding(scope: Scope, register: str, others: Sequence[str], ending: str) -> Rule:
    """One match or look-up that decides: mostly by what was written."""
    rng = scope.rng
    scope.begin_rule()
    drawn = rng.random()
    if drawn < 0.15:
        return (verdict_map(scope, others),)
    one = match(scope)
    if drawn < 0.75:
        written = [one for one in scope.fields() if one.words in (register, "ct state", "ct direction")]
        often = [6 if one.words == register else 1 for one in written]
        one = special(scope) if drawn < 0.25 else plain(scope, rng.choices(written, often)[0])
    if ending == "drop" and scope.hooks <= MAY_REJECT and rng.random() < 0.6:
        ending = reject(scope)
    leads = f"{rng.choice(('jump', 'goto'))} {others[0]}" if others and rng.random() < 0.5 else ending
    return (one, leads)
