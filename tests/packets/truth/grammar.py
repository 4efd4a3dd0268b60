"""Random rule sets over what `segctl.listing.rule` models: statements, verdicts, chains, tables.

Only what a packet decides: no limits but where both branches come to the same, nothing that depends on time or chance.
"""

from random import Random

from tests.packets.truth.draft import Draft
from tests.packets.truth.hints import Hints
from tests.packets.truth.matches import Scope
from tests.packets.truth.rulesets import ChainText, RuleSet, TableText
from tests.packets.truth.shots import Taste
from tests.packets.truth.small import small_table
from tests.packets.truth.statements import random_rules_of
from tests.packets.truth.world import NAMES

_HOOKS = ("prerouting", "input", "forward", "forward", "forward", "output", "postrouting")
_OTHER_PATHS = (  # what no routed packet meets
    TableText("arp", "elsewhere", False, (), (ChainText("c", "type filter hook input priority 0; policy drop;", ()),)),
    TableText(
        "bridge", "elsewhere", False, (), (ChainText("c", "type filter hook forward priority 0; policy drop;", ()),)
    ),
)


def random_rules(rng: Random) -> tuple[RuleSet, Hints, Taste]:
    """A rule set, the values that it speaks of, and what packets may be sent through it.

    Half are large, for what many rules do together; half are small, and there every match decides.
    """
    small = rng.random() < 0.5
    draft = Draft(rng, Hints(), tracked=small or rng.random() < 0.92)
    if small:
        tables = [small_table(draft, f"t{number}") for number in range(rng.choice((1, 1, 2)))]
    else:
        tables = [random_table(draft, f"t{number}") for number in range(rng.choice((1, 1, 2, 2, 3, 4)))]
    if rng.random() < 0.05:
        tables.append(rng.choice(_OTHER_PATHS))
    return RuleSet(tuple(tables)), draft.hints, Taste(draft.tracked, not draft.early)


def random_table(draft: Draft, name: str) -> TableText:
    """Base chains on some hooks, chains that they lead to, and the sets that the rules need."""
    rng = draft.rng
    family = rng.choices(("inet", "ip", "ip6", "netdev"), (60, 15, 15, 10))[0]
    bases = _bases(draft, family)
    hooks = frozenset(hook for hook, _ in bases)
    scope = Scope(rng, draft.hints, family, hooks, draft.tracked)
    others = [f"u{number}" for number in range(rng.choice((0, 1, 2, 3)))]
    chains = [
        ChainText(f"b{number}", head, random_rules_of(scope, others, rng.randint(1, 9)))
        for number, (_, head) in enumerate(bases)
    ]
    chains += [
        ChainText(one, "", random_rules_of(scope, others[at + 1 :], rng.randint(0, 5))) for at, one in enumerate(others)
    ]
    return TableText(family, name, rng.random() < 0.08, tuple(scope.sets), tuple(chains))


def _bases(draft: Draft, family: str) -> list[tuple[str, str]]:
    """Hooks, and the heads of the chains there."""
    rng = draft.rng
    policy = "drop" if rng.random() < 0.2 else "accept"
    if family == "netdev":
        hook = rng.choice(("ingress", "ingress", "egress"))
        some = rng.sample(NAMES, rng.choice((1, 2, 4)))
        devices = f"devices = {{ {', '.join(some)} }}" if len(some) > 1 else f"device {some[0]}"
        return [(hook, f"type filter hook {hook} {devices} priority {draft.priority(hook)}; policy {policy};")]
    found = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        policy = "drop" if rng.random() < 0.2 else "accept"
        hook = rng.choice(_HOOKS)
        kind, place, floor = "filter", "", -1000
        drawn = rng.random()
        if drawn < 0.04 and family == "inet":
            hook, place = "ingress", f"device {rng.choice(NAMES)} "
        elif drawn < 0.09 and draft.tracked and hook != "forward":
            kind, floor = "nat", -199
        elif drawn < 0.13 and hook == "output":
            kind = "route"
        head = f"type {kind} hook {hook} {place}priority {draft.priority(hook, floor=floor)}; policy {policy};"
        found.append((hook, head))
    return found
