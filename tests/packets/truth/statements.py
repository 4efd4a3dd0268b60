"""Random rules: what they look at, what they write, how they end."""

from collections.abc import Sequence

from tests.packets.truth import kinds as k
from tests.packets.truth.fields import Field
from tests.packets.truth.kinds import Kind
from tests.packets.truth.matches import Scope, declaration, key_fields, match, ordered, rows, words_of
from tests.packets.truth.rulesets import Rule

REGISTERS = (("meta mark", k.MARK), ("meta mark", k.MARK), ("ct mark", k.MARK), ("meta priority", k.CLASS))
_LOST = ("nfproto", "protocol", "nexthdr", "l4proto")  # nft 1.0.6 lists `reject with tcp reset` without these before it
MAY_REJECT = frozenset({"prerouting", "input", "forward", "output", "ingress"})


def random_rules_of(scope: Scope, others: Sequence[str], count: int) -> tuple[Rule, ...]:
    """That many rules; `others` are the chains that they may lead to."""
    return tuple(random_rule(scope, others) for _ in range(count))


def random_rule(scope: Scope, others: Sequence[str]) -> Rule:
    """Matches, what they lead to, and a verdict or none; sometimes in another order."""
    rng = scope.rng
    scope.begin_rule()
    if rng.random() < 0.02:
        return (match(scope), "limit rate 1/hour", "counter")  # whether it goes on comes to the same
    matches = [match(scope) for _ in range(rng.choice((0, 1, 1, 1, 1, 2, 2, 3)))]
    if "meta nfproto" in scope.said:
        scope.version = None  # after a set of both families nft writes `ip dscp set` into packets of either
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
    if rng.random() < 0.15 and scope.hooks <= MAY_REJECT and (refusal := reject(scope)):
        return refusal
    return rng.choice(plain)


def reject(scope: Scope) -> str:
    """One that fits what the rule speaks of."""
    words = ["reject"]
    if "meta protocol" in scope.said:
        return "reject"  # before `with icmp` and `with icmpv6` nft 1.0.6 leaves it out of its listing
    if scope.family in ("inet", "netdev") and scope.version is None:
        words += [f"reject with icmpx {code}" for code in ("port-unreachable", "admin-prohibited", "no-route")]
    if scope.version == 4:
        words += ["reject with icmp port-unreachable", "reject with icmp host-prohibited"]
    if scope.version == 6:
        words += ["reject with icmpv6 admin-prohibited"]
    if scope.layer in ("tcp", None) and not any(word in scope.said for word in _LOST):
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
    tracked = scope.tracked and not scope.hooks & {"ingress", "egress"}
    return assign_to(scope, *scope.rng.choice([one for one in REGISTERS if tracked or one[0] != "ct mark"]))


def assign_to(scope: Scope, register: str, kind: Kind) -> str:
    """The same for a register that is given."""
    rng = scope.rng
    tracked = scope.tracked and not scope.hooks & {"ingress", "egress"}
    drawn = rng.random()
    if drawn < 0.35:
        return f"{register} set {scope.note(kind, kind.value(rng))}"
    if drawn < 0.7 and kind is k.MARK:
        return f"{register} set {bits_of(scope, tracked)}"
    return f"{register} set {_mapped(scope, kind)}"


def bits_of(scope: Scope, tracked: bool) -> str:
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
