"""Random rule sets over what `segctl.listing.rule` models: statements, verdicts, chains, tables.

Only what a packet decides: no limits but where both branches come to the same, nothing that depends on time or chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tests.packets.truth import kinds as k
from tests.packets.truth.fields import Field
from tests.packets.truth.hints import Hints
from tests.packets.truth.kinds import Kind
from tests.packets.truth.matches import Scope, declaration, key_fields, match, ordered, plain, rows, special, words_of
from tests.packets.truth.rulesets import ChainText, Rule, RuleSet, TableText
from tests.packets.truth.shots import Taste
from tests.packets.truth.world import NAMES

_REGISTERS = (("meta mark", k.MARK), ("meta mark", k.MARK), ("ct mark", k.MARK), ("meta priority", k.CLASS))
_PRIORITIES = (-450, -300, -201, -150, -100, -10, 0, 0, 5, 50, 100, 150, 225, 300)
_HOOKS = ("prerouting", "input", "forward", "forward", "forward", "output", "postrouting")
_MAY_REJECT = frozenset({"prerouting", "input", "forward", "output", "ingress"})
_OTHER_PATHS = (  # what no routed packet meets
    TableText("arp", "elsewhere", False, (), (ChainText("c", "type filter hook input priority 0; policy drop;", ()),)),
    TableText(
        "bridge", "elsewhere", False, (), (ChainText("c", "type filter hook forward priority 0; policy drop;", ()),)
    ),
)


@dataclass(slots=True)
class Draft:
    """What a rule set under way has used by now: priorities of each hook, as chains of one priority have no order."""

    rng: Random
    hints: Hints
    tracked: bool
    early: bool = False
    taken: set[tuple[str, int]] = field(default_factory=set)

    def priority(self, hook: str, *, floor: int = -1000) -> int:
        """One that no chain of this hook has."""
        while True:
            drawn = self.rng.choice(_PRIORITIES) + self.rng.choice((0, 0, 0, 1, -1, 7))
            if hook in ("ingress", "egress"):
                drawn = self.rng.randrange(-400, 400)
            if drawn > floor and (hook, drawn) not in self.taken and drawn not in (-400, -200, -199):
                self.taken.add((hook, drawn))
                self.early |= hook in ("ingress", "egress") or (hook == "prerouting" and drawn < -400)
                return drawn

    def free(self, hook: str, wanted: int) -> int:
        """That priority, or the first before it that no chain of this hook has."""
        while (hook, wanted) in self.taken:
            wanted -= 1
        self.taken.add((hook, wanted))
        return wanted


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
        ChainText(f"b{number}", head, _rules(scope, others, rng.randint(1, 9)))
        for number, (_, head) in enumerate(bases)
    ]
    chains += [ChainText(one, "", _rules(scope, others[at + 1 :], rng.randint(0, 5))) for at, one in enumerate(others)]
    return TableText(family, name, rng.random() < 0.08, tuple(scope.sets), tuple(chains))


def small_table(draft: Draft, name: str) -> TableText:
    """First something is written, or untracked; then a rule or two decide by it, and the policy says the contrary."""
    rng = draft.rng
    before, wanted = rng.choice(("prerouting", "prerouting", "output")), rng.choice((-300, -300, -150))
    after = rng.choice(
        ("forward", "forward", "input", "postrouting") if before == "prerouting" else ("output", "postrouting")
    )
    family = rng.choices(("inet", "ip", "ip6"), (70, 15, 15))[0]
    writing = Scope(rng, draft.hints, family, frozenset({before}), draft.tracked)
    first = tuple(_writing_rule(writing, untracks=wanted == -300) for _ in range(rng.choice((0, 1, 1, 2))))
    scope = Scope(rng, draft.hints, family, frozenset({after}), draft.tracked, writing.sets)
    verdict, policy = rng.choice((("accept", "drop"), ("accept", "drop"), ("drop", "accept")))
    others = ["u0"] if rng.random() < 0.4 else []
    rules = tuple(_deciding_rule(scope, others, verdict) for _ in range(rng.choice((1, 1, 2, 3))))
    chains = [
        ChainText("b0", f"type filter hook {before} priority {draft.free(before, wanted)}; policy accept;", first),
        ChainText("b1", f"type filter hook {after} priority {draft.priority(after)}; policy {policy};", rules),
    ]
    endings = (verdict, "return", "goto u1") if others and rng.random() < 0.5 else (verdict, "return")
    if others:
        inner = tuple(_guarded(scope, rng.choice(endings)) for _ in range(rng.choice((0, 1, 2))))
        chains.append(ChainText("u0", "", inner))
        chains += [ChainText("u1", "", ())] if "goto u1" in endings else []
    return TableText(family, name, rng.random() < 0.1, tuple(scope.sets), tuple(chains))


def _guarded(scope: Scope, ending: str) -> Rule:
    scope.begin_rule()
    return match(scope), ending


def _writing_rule(scope: Scope, *, untracks: bool) -> Rule:
    """A statement that changes what later rules see, for all packets or for some."""
    scope.begin_rule()
    guard = (match(scope),) if scope.rng.random() < 0.5 else ()
    return (*guard, "notrack" if untracks and scope.rng.random() < 0.5 else assign(scope))


def _deciding_rule(scope: Scope, others: Sequence[str], ending: str) -> Rule:
    """One match or look-up that decides."""
    rng = scope.rng
    scope.begin_rule()
    registers = [one for one in scope.fields() if one.kind in (k.MARK, k.CLASS, k.STATE, k.DIRECTION)]
    drawn = rng.random()
    if drawn < 0.15:
        return (verdict_map(scope, others),)
    one = match(scope)
    if drawn < 0.65:
        one = special(scope) if drawn < 0.3 else plain(scope, rng.choice(registers))
    leads = rng.choice((f"jump {others[0]}", f"goto {others[0]}")) if others and rng.random() < 0.5 else ending
    return (one, leads)


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


def _rules(scope: Scope, others: Sequence[str], count: int) -> tuple[Rule, ...]:
    return tuple(random_rule(scope, others) for _ in range(count))


def random_rule(scope: Scope, others: Sequence[str]) -> Rule:
    """Matches, what they lead to, and a verdict or none; sometimes in another order."""
    rng = scope.rng
    scope.begin_rule()
    if rng.random() < 0.02:
        return (match(scope), "limit rate 1/hour", "counter")  # whether it goes on comes to the same
    matches = [match(scope) for _ in range(rng.choice((0, 1, 1, 1, 1, 2, 2, 3)))]
    if any("meta nfproto" in one for one in matches):
        # nft 1.0.6 lists `meta nfproto … reject with tcp reset` without its first match; and after a set of both
        # families it writes `ip dscp set` into packets of either
        scope.layer, scope.version = "udp", None
    acts = [act(scope) for _ in range(rng.choice((0, 0, 0, 1, 1, 2)))]
    if acts and rng.random() < 0.15:
        matches.insert(rng.randint(0, len(matches)), acts.pop())
    drawn = rng.random()
    if drawn < 0.12:
        return (*matches, *acts, verdict_map(scope, others))
    ending = [verdict(scope, others, bool(matches))] if drawn < 0.75 or not acts else []
    return (*matches, *acts, *ending)


def verdict(scope: Scope, others: Sequence[str], guarded: bool) -> str:
    """A verdict; one that ends everything for all packets is rare."""
    rng = scope.rng
    if not guarded and rng.random() < 0.8:
        return f"{rng.choice(('jump', 'goto'))} {rng.choice(others)}" if others else "counter"
    leading = [f"jump {one}" for one in others] * 2 + [f"goto {one}" for one in others]
    plain = ["accept"] * 5 + ["drop"] * 3 + ["return", "return", "continue"]
    if rng.random() < 0.4 and leading:
        return rng.choice(leading)
    if rng.random() < 0.15 and scope.hooks <= _MAY_REJECT and (reject := _reject(scope)):
        return reject
    return rng.choice(plain)


def _reject(scope: Scope) -> str:
    """One that fits what the rule speaks of."""
    words = ["reject"]
    if scope.family in ("inet", "netdev") and scope.version is None:
        words += [f"reject with icmpx {code}" for code in ("port-unreachable", "admin-prohibited", "no-route")]
    if scope.version == 4:
        words += ["reject with icmp port-unreachable", "reject with icmp host-prohibited"]
    if scope.version == 6:
        words += ["reject with icmpv6 admin-prohibited"]
    if scope.layer in ("tcp", None):
        words += ["reject with tcp reset"]
    return scope.rng.choice(words)


def verdict_map(scope: Scope, others: Sequence[str]) -> str:
    """A key and a map of verdicts, in the rule or named."""
    rng = scope.rng
    parts = key_fields(scope, 3) if rng.random() < 0.4 else (scope.field(keyed=True),)
    intervals = rng.random() < 0.4 and ordered(parts)
    elements = [
        f"{key} : {_element_verdict(scope, others)}" for key in rows(scope, parts, rng.randint(1, 5), intervals)
    ]
    if not intervals and rng.random() < 0.15:
        elements.append(f"* : {_element_verdict(scope, others)}")
    if rng.random() < 0.5:
        return f"{words_of(parts)} vmap {{ {', '.join(elements)} }}"
    name = f"v{len(scope.sets)}"
    scope.sets.append(declaration("map", name, parts, "verdict", ["interval"] if intervals else [], elements))
    return f"{words_of(parts)} vmap @{name}"


def _element_verdict(scope: Scope, others: Sequence[str]) -> str:
    some = ["accept"] * 3 + ["drop"] * 2 + ["return", "continue"]
    some += [f"{word} {one}" for one in others for word in ("jump", "goto")]
    return scope.rng.choice(some)


def act(scope: Scope) -> str:
    """A statement that decides nothing by itself."""
    rng = scope.rng
    drawn = rng.random()
    if drawn < 0.7:
        return assign(scope)
    if drawn < 0.78 and scope.tracked and scope.hooks <= {"prerouting", "output"}:
        return "notrack"
    if drawn < 0.81 and scope.version == 4:
        return f"ip dscp set {scope.note(k.DSCP, k.DSCP.value(rng))}"
    return rng.choice(("counter", "log group 99", 'log prefix "x" group 99', "meta nftrace set 0"))


def assign(scope: Scope) -> str:
    """A register set: to a constant, to bits of a register, or to what a map answers."""
    rng = scope.rng
    tracked = scope.tracked and not scope.hooks & {"ingress", "egress"}
    register, kind = rng.choice([one for one in _REGISTERS if tracked or one[0] != "ct mark"])
    drawn = rng.random()
    if drawn < 0.35:
        return f"{register} set {scope.note(kind, kind.value(rng))}"
    if drawn < 0.7 and kind is k.MARK:
        return f"{register} set {_bits(scope, tracked)}"
    return f"{register} set {_mapped(scope, kind)}"


def _bits(scope: Scope, tracked: bool) -> str:
    """Bits of the packet's or the connection's mark."""
    rng = scope.rng
    source = rng.choice(("meta mark", "ct mark") if tracked else ("meta mark",))
    mask, more = k.MARK.mask(rng), k.MARK.draw(rng)
    for value in (mask, more, more & mask, (mask ^ more) & 0xFFFFFFFF):
        scope.hints.note("mark", value)
    return rng.choice(
        (
            source,
            f"{source} and {mask:#x}",
            f"{source} or {more:#x}",
            f"{source} xor {more:#x}",
            f"{source} and {mask:#x} or {more:#x}",
            f"{source} lshift {rng.choice((1, 4, 8, 16, 31))}",
            f"{source} rshift {rng.choice((1, 4, 8, 16))}",
        )
    )


def _mapped(scope: Scope, kind: Kind) -> str:
    """What a map answers to a key."""
    rng = scope.rng
    parts: tuple[Field, ...] = key_fields(scope, 2) if rng.random() < 0.3 else (scope.field(keyed=True),)
    intervals = rng.random() < 0.5 and ordered(parts)
    keys = rows(scope, parts, rng.randint(1, 5), intervals)
    elements = [f"{key} : {scope.note(kind, kind.value(rng))}" for key in keys]
    if rng.random() < 0.5:
        return f"{words_of(parts)} map {{ {', '.join(elements)} }}"
    name = f"m{len(scope.sets)}"
    flags = ["interval"] if intervals else []
    scope.sets.append(declaration("map", name, parts, kind.name, flags, elements))
    return f"{words_of(parts)} map @{name}"
