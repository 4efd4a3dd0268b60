"""What of the rules some packet meets: rules that matched, elements that were hit; the rest is dead.

It errs on the living side: a row stands for packets, and a rule that all of a row's packets have passed by because an
earlier one caught them counts as met. What is called dead is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from segctl.listing.rule import Element, Listing, Rule, Set, Table, name_of
from segctl.model.rule_said import RuleSaid
from segctl.prove.result import Dead
from segctl.prove.row import By, rule_said
from segctl.prove.space import Spans

OURS = "segctl_"


@dataclass(slots=True)
class Alive:
    """Rules and elements that some packet met. The objects themselves are held, so that an id stays theirs."""

    rules: dict[int, Rule] = field(default_factory=dict)
    sets: dict[int, Set] = field(default_factory=dict)
    hits: dict[int, int] = field(default_factory=dict)
    numbered: dict[int, int] = field(default_factory=dict)

    def met(self, rule: Rule | None) -> None:
        """A rule whose statements all matched."""
        if rule is not None:
            self.rules[id(rule)] = rule

    def hit(self, found: Set, elements: int) -> None:
        """A mask of the elements of a set or map that were hit."""
        self.sets[id(found)] = found
        self.hits[id(found)] = self.hits.get(id(found), 0) | elements

    def numbers(self, found: Set, part: int) -> None:
        """A set whose keys hold at a place the number of a connection."""
        self.numbered[id(found)] = part

    def add(self, other: "Alive") -> None:
        """What another walk met."""
        self.rules |= other.rules
        self.numbered |= other.numbered
        for key, found in other.sets.items():
            self.hit(found, other.hits[key])


def dead(listing: Listing, alive: Alive, awake: Iterable[str], never: Spans) -> Iterator[Dead]:
    """Rules and elements of our tables that no packet meets. `never`: numbers that no connection gets."""
    for table in listing.tables:
        if table.name in awake:
            yield from _dead_rules(table, alive)
            for held in table.sets.values():
                for at, element in enumerate(held.elements):
                    if not alive.hits.get(id(held), 0) >> at & 1 or _never(held, element, alive, never):
                        yield Dead(RuleSaid(_name(table), held.name, None, "element"), element_said(held, element))


def _dead_rules(table: Table, alive: Alive) -> Iterator[Dead]:
    for chain in table.chains.values():
        for rule in chain.rules:
            if id(rule) not in alive.rules:
                yield Dead(rule_said(By(table, chain, rule)), None)


def _never(held: Set, element: Element, alive: Alive, never: Spans) -> bool:
    part = alive.numbered.get(id(held))
    if part is None or len(element.key) <= part:
        return False
    first, last = element.key[part]
    return any(begin <= first and last <= end for begin, end in never)


def _name(table: Table) -> str:
    return f"{table.family} {table.name}"


def element_said(held: Set, element: Element) -> str:
    """An element's key in words."""
    said = []
    for (first, last), kind in zip(element.key, held.parts, strict=False):
        if kind == "ifname":
            said.append(name_of(first))
        else:
            said.append(f"{first:#x}" if first == last else f"{first:#x}-{last:#x}")
    return " . ".join(said)
