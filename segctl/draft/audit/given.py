"""The files that are audited: their tables, and where each rule stands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from segctl.listing.rule import Chain, Family, Listing, Rule, Table
from segctl.listing.saved import read_each, together
from segctl.model.span import Span

_FAMILIES = {Family.IP: (4,), Family.IP6: (6,)}


@dataclass(frozen=True, slots=True)
class Given:
    """Files of one machine. `families`: those that the files speak of; an nft ruleset speaks of both, whatever stands
    in it. `where`: the file of each rule, by its identity.
    """

    files: tuple[str, ...]
    listing: Listing
    families: tuple[int, ...]
    where: Mapping[int, str]

    @classmethod
    def read(cls, paths: Sequence[Path]) -> "Given":
        """NoRules for a file that is none."""
        each = read_each(paths)
        families = {family for listing in each.values() for family in _families(listing)}
        where = {id(rule): str(path) for path, listing in each.items() for _, _, rule in rules(listing)}
        files = tuple(str(path) for path in paths)
        return cls(files, together(each.values()), tuple(sorted(families)), where)

    def span(self, rule: Rule | None) -> Span:
        """The place of a rule; of a chain's policy, and where no line is known, the beginning of the file."""
        file = self.where.get(id(rule), self.files[0])
        return Span(file, rule.line if rule is not None and rule.line is not None else 1)


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
