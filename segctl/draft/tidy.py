"""What a list says, made fit for a site: one name an endpoint, one endpoint an address, and each change said."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from segctl.draft.hosts import Doubt, Form, Host, Inventory
from segctl.draft.names import Names, valid
from segctl.load.blocks import demand_usable, read_address
from segctl.load.findings import Wrong
from segctl.load.scalars import read_text
from segctl.load.values import shorten
from segctl.model.ranges import Ranges, show_address


@dataclass(frozen=True, slots=True)
class Entry:
    """An endpoint to be: a NAME, addresses that a segment may hold, labels that the language takes."""

    name: str
    addresses: tuple[int, ...]
    line: int
    groups: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(slots=True)
class _Row:
    """An entry that is still growing."""

    host: Host
    addresses: list[int]
    labels: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    aliases: dict[str, None] = field(default_factory=dict)


def tidy(inventory: Inventory, names: Names) -> tuple[tuple[Entry, ...], tuple[Doubt, ...]]:
    """The endpoints in the list's order, and the hosts (and lines) that were left out, with why."""
    sorter = _Sorter(fold=inventory.form is Form.HOSTS)
    for host in inventory.hosts:
        sorter.take(host)
    return tuple(_entries(sorter.rows(), names)), tuple(sorter.left_out)


def _entries(rows: Iterator[_Row], names: Names) -> Iterator[Entry]:
    for row in rows:
        name = names.take(row.host.name, "host")
        if name != row.host.name:
            row.doubts.insert(0, f"its own name '{shorten(row.host.name)}' {_unfit(row.host.name, 'host')}")
        aliases = tuple(alias for alias in row.aliases if alias != row.host.name)
        doubts = tuple(dict.fromkeys(row.doubts))
        yield Entry(name, tuple(row.addresses), row.host.line, row.host.groups, row.labels, doubts, aliases)


def _unfit(name: str, kind: str) -> str:
    return "is taken already" if valid(name, kind) == name else "is none for a site (letters, digits, _ . -)"


_SPECIAL = ": a special address is a member of nothing"


class _Sorter:
    """Each host to a row of its own, to the row of its name, or to that of its address.

    `fold`: names that differ in case alone are one, as in DNS.
    """

    def __init__(self, fold: bool) -> None:
        self._fold = fold
        self._rows: dict[str, _Row] = {}
        self._owner: dict[int, _Row] = {}
        self.left_out: list[Doubt] = []

    def rows(self) -> Iterator[_Row]:
        """Those that have an address."""
        for row in self._rows.values():
            if row.addresses:
                yield row

    def take(self, host: Host) -> None:
        called = f"'{shorten(host.name)}'" if host.name else "a host without a name"
        doubts: list[str] = []
        found = [] if host.unusable else list(self._usable(host, doubts))
        known = self._rows.get(self._key(host.name))
        fresh = [place for place in found if place not in self._owner]
        for row in {id(row): row for place in found if (row := self._owner.get(place)) and row is not known}.values():
            self._alias(row, host, called)
        if not host.name or not fresh:
            if not found or not host.name:
                why = host.unusable or "; ".join(doubts) or ("no name" if not host.name else "no address")
                self.left_out.append(Doubt(f"{called} is left out: {why}", host.line))
            return
        if len(fresh) < len(found):
            doubts.append("an address of it is another's already")
        row = known or self._add(host)
        row.doubts += (*host.doubts, *doubts)
        row.aliases |= dict.fromkeys(host.aliases)
        self._merge_labels(row, host)
        for place in dict.fromkeys(fresh):
            self._owner[place] = row
            row.addresses.append(place)

    def _key(self, name: str) -> str:
        return name.casefold() if self._fold else name

    def _add(self, host: Host) -> _Row:
        row = _Row(host, [])
        self._rows[self._key(host.name)] = row
        return row

    def _alias(self, row: _Row, host: Host, called: str) -> None:
        """Two names, one address: the first name keeps it."""
        if not host.name:
            return
        elsewhere = ", ".join(map(shorten, host.groups)) if host.groups != row.host.groups else ""
        where = f", and there in {elsewhere}" if elsewhere else ""
        row.doubts.append(f"{called} (line {host.line}) has its address{where}: taken for an alias")
        row.aliases |= dict.fromkeys(host.aliases)

    def _merge_labels(self, row: _Row, host: Host) -> None:
        for label, value in host.labels.items():
            first = row.labels.get(label)
            try:
                said = read_text(value)
            except Wrong as wrong:
                row.doubts.append(f"the label {label} is left out: {wrong.what}")
                continue
            if first is not None and first != said:
                row.doubts.append(f"line {host.line} says {label} '{shorten(said)}'")
            row.labels.setdefault(label, said)
        if host is not row.host and host.groups != row.host.groups:
            row.doubts.append(f"line {host.line} says another group: {', '.join(map(shorten, host.groups)) or 'none'}")

    def _usable(self, host: Host, doubts: list[str]) -> Iterator[int]:
        """The addresses that a segment may hold; of the others, why they are left out."""
        for written in host.addresses:
            text, slash, _ = written.partition("/")
            text = text.partition("%")[0]  # an address with a zone is link-local, which is what is to be said
            try:
                place = read_address(text)
                demand_usable(text, Ranges.single(place))
            except Wrong as wrong:
                doubts.append(wrong.what.removesuffix(_SPECIAL))
                continue
            if slash:
                doubts.append(f"'{shorten(written)}' is taken as the address {show_address(place)}")
            yield place
