"""The answer of `nft -j list ruleset` (libnftables-json(5)) to a Listing, in the dialects of nft 1.0.6 and newer.

What nft's listing doesn't say, in JSON and in text alike, and what is done about it:

- What a field implies is left out: the protocol of its header (`fields.NEEDS`, which the evaluator knows by the field),
  and more, that implied.py puts back. Once it can't be told what a rule asks for: see there.
- In `ip` and `ip6` tables `ip6 nexthdr tcp tcp dport 22` is listed as `tcp dport 22`, as is `meta l4proto tcp tcp dport
  22`: they differ for packets with extension headers. Read is the second.
- A set whose type nft doesn't know makes it list *every* rule with a set without that condition, and exit with 0. It
  says so on stderr, only there: whoever calls nft must look. A rule that lost all its statements is Opaque.
- Whether packets may change a set is seen by the rules that do so; 1.0.6 leaves out the flag `dynamic`.
- 1.0.6 doesn't say the devices of a chain on ingress or egress: a gap, unless its text does (`apply/reading.py`).
- The flags of a table are garbage in 1.0.6: `dormant` says which sleep.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from segctl.listing.digest import digest
from segctl.listing.elements import Shape, elements_of
from segctl.listing.expressions import Scope, read
from segctl.listing.implied import completed
from segctl.listing.overlaps import ambiguous
from segctl.listing.rule import (
    Chain,
    Element,
    Ending,
    Family,
    Hook,
    Listing,
    Opaque,
    Rule,
    Set,
    Statement,
    Table,
    Unreadable,
    Update,
)
from segctl.listing.say import MALFORMED, say
from segctl.listing.statements import statements
from segctl.listing.values import By, Values, words_of

Object = dict[str, Any]
"""What stands under `table`, `chain`, `set`, `rule` … of the document."""

Elements = Callable[[str, str, Set], tuple[Element, ...] | None]
"""Family, table and the declaration of a set to its elements; None: take those of the document."""

_SHOWN = 60  # characters of what isn't understood
_IGNORED = frozenset(
    {
        "metainfo", "counter", "quota", "limit", "ct helper", "ct timeout", "ct expectation", "secmark", "synproxy",
        "flowtable",
    }
)  # fmt: skip
"""Objects that do nothing until a rule names them; the rule then says what it does."""

_NAMES = {
    "table": ("family", "name"),
    "rule": ("family", "table", "chain"),
    **dict.fromkeys(("chain", "set", "map", "meter"), ("family", "table", "name")),
}
"""What is read, and by which names."""

_HARMLESS = frozenset({"counter", "last"})
_ON_DEVICES = frozenset({"ingress", "egress"})


def parse(
    document: Any,
    elements: Elements | None = None,
    dormant: Mapping[tuple[str, str], bool] | None = None,
    interfaces: Mapping[int, str] | None = None,
    by: By = By.KERNEL,
) -> Listing:
    """A document to a Listing; raises Unreadable only if it is no such document.

    `elements` answers for the elements of named sets, if they come another way; for an empty set with (). `dormant`:
    (family, table) of those that sleep. `interfaces`: names by index; a name in a rule that isn't among them gets an
    index that no interface has, and stands in the Listing's `interfaces`. `by`: who wrote it.
    """
    objects = document.get("nftables") if isinstance(document, dict) else None
    if not isinstance(objects, list) or not all(isinstance(one, dict) for one in objects):
        raise Unreadable("this is no answer of `nft -j list ruleset`", help='it begins with {"nftables": [')
    reader = _Reader(Values(dict(interfaces or {}), by), elements, dormant or {})
    for one in objects:
        for kind, about in one.items():
            reader.take(kind, about)
    with _uncollected():
        return reader.listing()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the garbage collector: it would look at each of many thousand new tuples several times, for nothing."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


class _Reader:
    """Objects in any order to tables: rules are read last, as their words depend on the sets."""

    def __init__(self, values: Values, elements: Elements | None, dormant: Mapping[tuple[str, str], bool]) -> None:
        self.values, self.elements, self.dormant = values, elements, dormant
        self.tables: dict[tuple[str, str], Object] = {}
        self.chains: dict[tuple[str, str], dict[str, Object]] = {}
        self.sets: dict[tuple[str, str], dict[str, Object]] = {}
        self.rules: dict[tuple[str, str], dict[str, list[Object]]] = {}
        self.gaps: list[str] = []

    def take(self, kind: str, about: Any) -> None:
        if kind in _IGNORED:
            return
        wanted = _NAMES.get(kind, ())
        said = [about.get(key) for key in wanted] if isinstance(about, dict) else []
        names = [name for name in said if isinstance(name, str)]
        if not names or len(names) < len(wanted):
            self.gaps.append(f"{kind} isn't understood: {words_of(about)[:_SHOWN]}")
            return
        if kind == "table":
            self.tables[names[0], names[1]] = about
            return
        at = names[0], names[1]
        if kind == "chain":
            self.chains.setdefault(at, {})[names[2]] = about
        elif kind == "rule":
            self.rules.setdefault(at, {}).setdefault(names[2], []).append(about)
        else:
            self.sets.setdefault(at, {})[names[2]] = about

    def listing(self) -> Listing:
        everywhere = dict.fromkeys([*self.tables, *self.chains, *self.sets, *self.rules])
        tables = []
        for family, name in everywhere:
            if family not in set(Family):
                self.gaps.append(f"table {name} is of the family {family}, which isn't understood")
                continue
            tables.append(self._table(Family(family), name))
        return Listing(tuple(tables), tuple(self.gaps), digest(tables, self.gaps), self.values.interfaces)

    def _table(self, family: Family, name: str) -> Table:
        at = str(family), name
        scope = Scope(family, {}, self.values)
        declared = {key: self._declared(about, scope) for key, about in self.sets.get(at, {}).items()}
        scope = Scope(family, {key: held for key, (held, _) in declared.items()}, self.values)
        chains = {key: self._chain(about, at, scope) for key, about in self.chains.get(at, {}).items()}
        for chain in self.rules.get(at, {}).keys() - chains.keys():
            self.gaps.append(f"{family} {name} has rules in the chain {chain}, which isn't listed")
        updated = {one.set for chain in chains.values() for rule in chain.rules for one in _updates(rule.statements)}
        sets = {
            key: self._filled(at, held, bits, self.sets[at][key], key in updated)
            for key, (held, bits) in declared.items()
        }
        about = self.tables.get(at, {})
        return Table(family, name, chains, sets, self.dormant.get(at, False), _number(about, "handle"))

    def _declared(self, about: Object, scope: Scope) -> tuple[Set, tuple[int | None, ...]]:
        """A set without its elements, and the widths of its parts where it says them."""
        parts, bits = _types(about.get("type"), scope)
        answers = None
        if "map" in about:
            answers = " . ".join(_types(about["map"], scope)[0])
        inner = about.get("stmt") or []
        kinds = [_kind(one) for one in (inner if isinstance(inner, list) else [inner])]
        odd = [kind for kind in kinds if kind not in _HARMLESS]
        fault = f"each of its elements holds a {', '.join(odd)}" if odd else None
        return Set(about["name"], parts, answers, (), False, fault, _number(about, "handle")), bits

    def _filled(
        self, at: tuple[str, str], held: Set, bits: tuple[int | None, ...], about: Object, updated: bool
    ) -> Set:
        held = replace(held, dynamic=updated)
        shape = Shape(held.parts, bits, held.answers)
        found = self.elements(*at, held) if self.elements is not None else None
        faults = [held.fault]
        if found is None and self.elements is not None and "elem" not in about:
            found = ()  # of a terse listing, which leaves them out
            faults.append("nobody read its elements")
        elif found is None:
            raw = about.get("elem") or []
            found, fault = elements_of(raw if isinstance(raw, list) else [raw], shape, self.values)
            faults.append(fault)
        if held.answers is not None and len(held.parts) > 1 and ambiguous(found, shape.whole()):
            faults.append("elements overlap, and the listing doesn't say which came first")
        return replace(held, elements=found, fault="; ".join(filter(None, faults)) or None)

    def _chain(self, about: Object, at: tuple[str, str], scope: Scope) -> Chain:
        said = self.rules.get(at, {}).get(about["name"], ())
        rules = tuple(_rule(one, scope) for one in said)
        hook, where = None, f"{' '.join(at)} {about['name']}"
        if "hook" in about:
            try:
                hook = _hook(about)
            except MALFORMED:
                self.gaps.append(f"{where}: a hook that isn't understood: {words_of(about)[:_SHOWN]}")
            if hook is not None and hook.name in _ON_DEVICES and not hook.devices:
                self.gaps.append(f"{where}: nft doesn't say on which devices the chain is")
        return Chain(about["name"], rules, hook, _number(about, "handle"))


def _hook(about: Object) -> Hook:
    devices = about.get("dev") or ()
    return Hook(
        str(about.get("type", "filter")),
        str(about["hook"]),
        int(about.get("prio", 0)),
        Ending(about.get("policy", "accept")),
        (devices,) if isinstance(devices, str) else tuple(map(str, devices)),
    )


def _number(about: Object, key: str) -> int | None:
    said = about.get(key)
    return said if isinstance(said, int) else None


def _kind(said: Any) -> str:
    return next(iter(said)) if isinstance(said, dict) and said else say(said)


def _updates(said: Iterable[Statement]) -> Iterable[Update]:
    return (one for one in said if isinstance(one, Update))


def _types(said: Any, scope: Scope) -> tuple[tuple[str, ...], tuple[int | None, ...]]:
    """The types of a set's key or answer: words, or (in newer dialects) the expressions that they are the types of."""
    if isinstance(said, dict) and "typeof" in said:
        typed = read(said["typeof"], scope)
        return typed.parts, typed.bits
    parts = said.split(" . ") if isinstance(said, str) else said
    if not isinstance(parts, list) or not parts or not all(isinstance(one, str) for one in parts):
        parts = ["unknown"]
    return tuple(parts), (None,) * len(parts)


def _rule(about: Object, scope: Scope) -> Rule:
    said = about.get("expr")
    if not isinstance(said, list):
        return Rule((Opaque("nft lists the rule without its statements"),), "", _number(about, "handle"))
    found = list(completed((one for each in said for one in statements(each, scope)), scope.family))
    words = about.get("text") or " ".join(map(say, said))
    if about.get("comment") and "text" not in about:
        words += f' comment "{about["comment"]}"'
    return Rule(tuple(found), str(words), _number(about, "handle"), _number(about, "line"))
