"""Rule sets as text in parts that can be taken away one by one: tables, sets, chains, rules, statements."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

Rule = tuple[str, ...]
"""A rule's statements."""


@dataclass(frozen=True, slots=True)
class ChainText:
    """`head`: `type … hook … priority …; policy …;`, empty for a chain that others lead to."""

    name: str
    head: str
    rules: tuple[Rule, ...]

    def lines(self) -> list[str]:
        return [f" chain {self.name} {{", *([f"  {self.head}"] if self.head else []), *self._rules(), " }"]

    def _rules(self) -> list[str]:
        return ["  " + (" ".join(rule) or "counter") for rule in self.rules]


@dataclass(frozen=True, slots=True)
class TableText:
    """`sets`: a declaration a line."""

    family: str
    name: str
    dormant: bool
    sets: tuple[str, ...]
    chains: tuple[ChainText, ...]

    def lines(self) -> list[str]:
        head = [f"table {self.family} {self.name} {{", *([" flags dormant;"] if self.dormant else [])]
        return [
            *head,
            *(f" {one}" for one in self.sets),
            *(line for chain in self.chains for line in chain.lines()),
            "}",
        ]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """What is loaded at once."""

    tables: tuple[TableText, ...]

    @property
    def text(self) -> str:
        return "\n".join(line for table in self.tables for line in table.lines()) + "\n"

    @property
    def removal(self) -> str:
        """What takes it away again."""
        return "".join(f"delete table {table.family} {table.name}\n" for table in self.tables)

    def without_lines(self, numbers: Iterable[int]) -> "RuleSet":
        """Without the sets and rules that stand on these lines of the text (from 1), and what else stands there."""
        gone, at, tables = set(numbers), 0, []
        for table in self.tables:
            lines = len(table.lines())
            tables.append(_without(table, {number - at for number in gone}))
            at += lines
        return replace(self, tables=tuple(tables))

    def smaller(self) -> Iterator["RuleSet"]:
        """The same without one of its parts, the largest first."""
        for place in range(len(self.tables)):
            if len(self.tables) > 1:
                yield replace(self, tables=self.tables[:place] + self.tables[place + 1 :])
        for place, table in enumerate(self.tables):
            for less in _less(table):
                yield self._with(place, less)

    def _with(self, place: int, table: TableText) -> "RuleSet":
        return replace(self, tables=(*self.tables[:place], table, *self.tables[place + 1 :]))


def _without(table: TableText, gone: set[int]) -> TableText:
    """Sets stand behind the table's head, then each chain's rules behind its own."""
    at = 1 + table.dormant + 1
    sets = tuple(one for place, one in enumerate(table.sets, at) if place not in gone)
    at += len(table.sets)
    chains = []
    for chain in table.chains:
        at += 1 + bool(chain.head)
        chains.append(
            replace(chain, rules=tuple(rule for place, rule in enumerate(chain.rules, at) if place not in gone))
        )
        at += len(chain.rules) + 1
    return replace(table, sets=sets, chains=tuple(chains))


def _with_rules(table: TableText, place: int, rules: tuple[Rule, ...]) -> TableText:
    chain = replace(table.chains[place], rules=rules)
    return replace(table, chains=(*table.chains[:place], chain, *table.chains[place + 1 :]))


def _less(table: TableText) -> Iterator[TableText]:
    for at in range(len(table.chains)):
        yield replace(table, chains=table.chains[:at] + table.chains[at + 1 :])
    for place, chain in enumerate(table.chains):
        half = len(chain.rules) // 2
        if half > 1:
            yield _with_rules(table, place, chain.rules[half:])
            yield _with_rules(table, place, chain.rules[:half])
        for at in range(len(chain.rules)):
            yield _with_rules(table, place, chain.rules[:at] + chain.rules[at + 1 :])
    for at in range(len(table.sets)):
        yield replace(table, sets=table.sets[:at] + table.sets[at + 1 :])
    for place, chain in enumerate(table.chains):
        for at, rule in enumerate(chain.rules):
            for gone in range(len(rule) if len(rule) > 1 else 0):
                less = rule[:gone] + rule[gone + 1 :]
                yield _with_rules(table, place, (*chain.rules[:at], less, *chain.rules[at + 1 :]))
