"""The files that are audited: their tables, and where each rule stands."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from segctl.draft.audit.status import with_status
from segctl.listing.rule import Chain, Family, Listing, Rule, Table
from segctl.listing.saved import read_each, together
from segctl.model.span import Span

_FAMILIES = {Family.IP: (4,), Family.IP6: (6,)}


class NothingGiven(ValueError):
    """A file without any rule or chain: likelier a save that failed than a machine without a filter."""

    exit_code = 2

    def __init__(self, path: Path, gaps: Sequence[str] = ()) -> None:
        super().__init__(f"no rules in {path}: was it written whole?")
        self.help = "if the machine has none of that kind, leave the file out"
        if gaps:
            self.help = f"not read: {gaps[0]}"


@dataclass(frozen=True, slots=True)
class Given:
    """Files of one machine. `families`: those that the files speak of; an nft ruleset speaks of both, whatever stands
    in it. `where`: the file of each rule, by its identity; `tables`: that of each table, by family and name.
    """

    files: tuple[str, ...]
    listing: Listing
    families: tuple[int, ...]
    where: Mapping[int, str]
    tables: Mapping[tuple[str, str], str] = field(default_factory=dict)
    _lines: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, paths: Sequence[Path]) -> "Given":
        """NoRules for a file that is none, NothingGiven for one without any rule or chain."""
        each = {path: with_status(listing) for path, listing in read_each(paths).items()}
        for path, listing in each.items():
            if not any(table.chains for table in listing.tables):
                raise NothingGiven(path, listing.gaps)
        if not each:
            raise NothingGiven(paths[0])  # sets alone
        families = {family for listing in each.values() for family in _families(listing)}
        where = {id(rule): str(path) for path, listing in each.items() for _, _, rule in rules(listing)}
        tables = {(str(one.family), one.name): str(path) for path, some in each.items() for one in some.tables}
        files = tuple(str(path) for path in paths)
        return cls(files, together(each.values()), tuple(sorted(families)), where, tables)

    def span(self, rule: Rule | None) -> Span:
        """The place of a rule; where no line is known (JSON tells none), the beginning of the file."""
        file = self.where.get(id(rule), self.files[0])
        if rule is None or rule.line is None:
            return Span(file, 1)
        return self._at(file, rule.line)

    def policy(self, table: Table, chain: Chain) -> Span:
        """Where a base chain says its policy, or begins."""
        file = self.tables.get((str(table.family), table.name), self.files[0])
        heads = (
            re.compile(rf"\s*\*{re.escape(table.name)}\s*$|\s*(add\s+|create\s+)?table\s.*\b{re.escape(table.name)}\b"),
            re.compile(rf"\s*:{re.escape(chain.name)}\s|\s*chain\s+{re.escape(chain.name)}\b"),
        )
        found = 0
        for number, line in enumerate(self._text(file), 1):
            if heads[found].match(line):
                found += 1
                if found == len(heads):
                    return self._at(file, number)
        return Span(file, 1)

    def _at(self, file: str, line: int) -> Span:
        """A line, from its first word on."""
        text = self._text(file)
        said = text[line - 1] if line <= len(text) else ""
        return Span(file, line, len(said) - len(said.lstrip()) + 1)

    def _text(self, file: str) -> list[str]:
        if file not in self._lines:
            try:
                self._lines[file] = Path(file).read_text(errors="surrogateescape").split("\n")
            except OSError:  # it could be read once: a pipe
                self._lines[file] = []
        return self._lines[file]


def _families(listing: Listing) -> tuple[int, ...]:
    """Of a file that holds tables of iptables, its own family."""
    if listing.tables and all(table.engine == "iptables-legacy" for table in listing.tables):
        return tuple(family for table in listing.tables for family in _FAMILIES.get(table.family, ()))
    return (4, 6)


def rules(listing: Listing) -> Iterator[tuple[Table, Chain, Rule]]:
    """All rules, in the order of the listing."""
    for table in listing.tables:
        for chain in table.chains.values():
            for rule in chain.rules:
                yield table, chain, rule
