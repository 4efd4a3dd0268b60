"""`iptables-save` and `ip6tables-save` to tables: the hooks that the kernel hangs them on, their chains and rules.

A line becomes one rule, or several of the same line and text where it says *or* (iptables_cases.Cases). A line that we
can't understand wholly keeps its words in an `Opaque` behind the conditions that we do understand. Old dialects are
read too: they stand in dumps that people keep.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from types import MappingProxyType

from segctl.listing.ipset import MEMBERS, set_name
from segctl.listing.iptables_cases import ALWAYS, Around, Cases, both
from segctl.listing.iptables_matches import cases, head
from segctl.listing.iptables_targets import target, written_set
from segctl.listing.iptables_values import NotModelled, protocol
from segctl.listing.iptables_words import Sorted, Unclosed, Word, sort, words
from segctl.listing.rule import (
    Chain,
    Ending,
    Family,
    Hook,
    Listing,
    Lookup,
    Maybe,
    Opaque,
    Rule,
    Set,
    Statement,
    Table,
    Unreadable,
)

_ALL = ("prerouting", "input", "forward", "output", "postrouting")
_LOCAL = ("input", "forward", "output")
_HOOKS: dict[str, dict[str, int]] = {  # NF_IP_PRI_* (linux/netfilter_ipv4.h, netfilter_ipv6.h)
    "raw": dict.fromkeys(("prerouting", "output"), -300),
    "mangle": dict.fromkeys(_ALL, -150),
    "nat": {"prerouting": -100, "input": 100, "output": -100, "postrouting": 100},
    "filter": dict.fromkeys(_LOCAL, 0),
    "security": dict.fromkeys(_LOCAL, 50),
}
_POLICIES = {"ACCEPT": Ending.ACCEPT, "DROP": Ending.DROP, "QUEUE": Ending.QUEUE}
_NO_SETS: Mapping[str, Set] = MappingProxyType({})
_HELP = "give the output of iptables-save or ip6tables-save, whole"
_CUT = "save it once more: a table ends with the line COMMIT, and iptables-restore takes none without it"


@dataclass(slots=True)
class _Line:
    """A rule as it stands in the text."""

    number: int
    text: str
    said: Sorted


@dataclass(slots=True)
class _Chain:
    policy: str | None = None
    rules: list[_Line] = field(default_factory=list)


_Tables = dict[str, dict[str, _Chain]]


def parse(text: str, family: Family, sets: Mapping[str, Set] = _NO_SETS, engine: str = "iptables-legacy") -> Listing:
    """The tables of a save. `family` is Family.IP or Family.IP6, `sets` the machine's ipsets, `engine` who runs it:
    iptables-legacy or nf_tables. Raises Unreadable for a line that is none of a save.
    """
    reader = _Reader()
    reader.read(text)
    changed = {name for chains in reader.tables.values() for name in _written(chains)}
    around = Around(family, sets=_with_changes(sets, changed))
    tables = tuple(_table(name, chains, around, engine) for name, chains in reader.tables.items())
    return Listing(tables, tuple(reader.gaps), sha256(text.encode(errors="surrogateescape")).hexdigest())


class _Reader:
    """Lines to chains, without a meaning."""

    def __init__(self) -> None:
        self.tables: _Tables = {}
        self.gaps: list[str] = []
        self._table = ""
        self._chains: dict[str, _Chain] | None = None

    def read(self, text: str) -> None:
        lines = text.split("\n")
        at = 0
        while at < len(lines):
            line = lines[at].strip()
            at += 1
            if line.startswith("# Table `") or line.startswith("# Warning: "):
                self.gaps.append(f"line {at}: {line[2:]}")
            if not line or line.startswith("#"):
                continue
            if line.startswith("*"):
                self._begin(line[1:].strip(), at)
            elif self._chains is None:
                raise Unreadable("here a table would begin (`*filter`)", at, _HELP)
            elif line == "COMMIT":
                self._chains = None
            elif line.startswith(":"):
                self._declare(self._chains, line, at)
            else:
                whole = _closed(line, lines[at : at + _LONGEST]) if '"' in line else line
                self._rule(self._chains, whole, at)
                at += whole.count("\n")
        if self._chains is not None:
            raise Unreadable(self._uncommitted(), text.rstrip("\n").count("\n") + 1, _CUT)

    def _uncommitted(self) -> str:
        return f"the table {self._table} has no COMMIT: the text may be cut off"

    def _begin(self, name: str, number: int) -> None:
        if not re.fullmatch(r"[\w-]+", name):
            raise Unreadable(f"`*{name}` names no table", number, _HELP)
        if self._chains is not None:
            raise Unreadable(f"before this line {self._uncommitted()}", number, _CUT)
        if name in self.tables:
            self.gaps.append(f"line {number}: the table {name} stands here once more: this one is taken")
        if name not in _HOOKS:
            self.gaps.append(f"line {number}: we don't know on which hooks the table {name} is")
        self._table, self._chains = name, {}
        self.tables.pop(name, None)
        self.tables[name] = self._chains

    def _declare(self, chains: dict[str, _Chain], line: str, number: int) -> None:
        parts = line[1:].split()
        if len(parts) not in (2, 3) or not (parts[1] == "-" or parts[1] in _POLICIES):
            raise Unreadable("this line should declare a chain (`:INPUT ACCEPT [0:0]`)", number, _HELP)
        name, policy = parts[:2]
        chains.setdefault(name, _Chain()).policy = None if policy == "-" else policy
        if policy != "-" and name.lower() not in _HOOKS.get(self._table, {}) and self._table in _HOOKS:
            self.gaps.append(f"line {number}: the table {self._table} has no hook for the chain {name}")

    def _rule(self, chains: dict[str, _Chain], line: str, number: int) -> None:
        text = re.sub(r"^\[\d+:\d+\]\s*", "", line)
        try:
            said, strange = words(text), False
        except Unclosed:
            said, strange = [Word(word) for word in text.split()], True
        command = said[0].text if said else ""
        if command in ("-P", "--policy") and len(said) == 3 and said[2].text in _POLICIES:
            chains.setdefault(said[1].text, _Chain()).policy = said[2].text
        elif command in ("-N", "--new-chain") and len(said) == 2:
            chains.setdefault(said[1].text, _Chain())
        elif command in ("-A", "--append", "-I", "--insert") and len(said) > 1:
            chain = self._chain(chains, said[1].text, number)
            at, rest = len(chain.rules), said[2:]
            if command in ("-I", "--insert"):
                at = 0
                if rest and rest[0].text.isdigit():
                    at, rest = max(0, int(rest[0].text) - 1), rest[1:]
            chain.rules.insert(at, _Line(number, text, Sorted(strays=[text]) if strange else sort(rest)))
        else:
            raise Unreadable(f"`{line[:60]}` is no line of iptables-save", number, _HELP)

    def _chain(self, chains: dict[str, _Chain], name: str, number: int) -> _Chain:
        if name not in chains:
            if name.lower() not in _HOOKS.get(self._table, {}) or not name.isupper():
                self.gaps.append(f"line {number}: no chain {name} was declared")
            chains[name] = _Chain()
        return chains[name]


_LONGEST = 256  # XT_MAX_COMMENT_LEN: no other quoted word is longer


def _closed(line: str, more: list[str]) -> str:
    """A line, with those behind it that a quoted word goes on in: a comment with a line's end in it is saved so."""
    whole, rest = line, iter(more)
    while _open(whole):
        one = next(rest, None)
        if one is None or len(whole) - len(line) > _LONGEST:
            return line
        whole += "\n" + one
    return whole


def _open(text: str) -> bool:
    try:
        words(text)
    except Unclosed:
        return True
    return False


def _written(chains: dict[str, _Chain]) -> Iterator[str]:
    for chain in chains.values():
        for line in chain.rules:
            yield from written_set(line.said.target)


def _with_changes(sets: Mapping[str, Set], changed: set[str]) -> dict[str, Set]:
    """The sets, those that packets change marked so; who writes to a list writes to its members."""
    for name in [name for name in changed if name in sets and sets[name].parts == (MEMBERS,)]:
        changed |= {set_name(element.key[0][0]) for element in sets[name].elements}
    return {name: replace(one, dynamic=True) if name in changed else one for name, one in sets.items()}


def _table(name: str, raw: dict[str, _Chain], around: Around, engine: str) -> Table:
    names = frozenset(raw)
    chains = {}
    for chain, said in raw.items():
        rules = tuple(rule for line in said.rules for rule in _rules(line, around, names))
        chains[chain] = Chain(chain, rules, _hook(name, chain, said.policy))
    asked = {one for chain in chains.values() for rule in chain.rules for one in _asked(rule)}
    sets = {one: around.sets[one] for one in sorted(asked)}
    return Table(around.family, name, chains, sets, engine=engine)


def _asked(rule: Rule) -> Iterator[str]:
    for statement in rule.statements:
        if isinstance(statement, Lookup) and isinstance(statement.set, str):
            yield statement.set


def _hook(table: str, chain: str, policy: str | None) -> Hook | None:
    name = chain.lower()
    priority = _HOOKS.get(table, {}).get(name)
    if priority is None or not chain.isupper():
        return None
    kind = "nat" if table == "nat" else "route" if (table, name) == ("mangle", "output") else "filter"
    return Hook(kind, name, priority, _POLICIES[policy or "ACCEPT"])


def _rules(line: _Line, around: Around, chains: frozenset[str]) -> Iterator[Rule]:
    """A line's rules: one for each case of its conditions."""
    said = line.said
    other = "ipv4" if around.family is Family.IP6 else "ipv6"
    if any(option.name == other for option in said.head):
        return  # `-6` in a file for both: iptables-restore leaves it out
    strange: tuple[Statement, ...] = (Opaque(line.text),)
    end = strange if said.strays else target(said.target, said.goto, around, chains)
    for case in _conditions(said, around):
        yield Rule((*case, *end), line.text, line=line.number)


def _conditions(said: Sorted, around: Around) -> Cases:
    """All that a rule asks of a packet. What can't be read of it still only matches or not."""
    with suppress(NotModelled):  # the head says so itself
        around = replace(around, protocol=_protocol(said))
    asked: list[tuple[str, Callable[[], Cases]]] = [
        *((str(option), partial(head, option, around)) for option in said.head),
        *((str(part), partial(cases, part, around)) for part in said.matches),
    ]
    out = ALWAYS
    for text, read in asked:
        try:
            out = both(out, read())
        except NotModelled:
            out = both(out, ((Maybe(text),),))
    return out


def _protocol(said: Sorted) -> int | None:
    """The protocol that the rule is for, which ports and ICMP types need."""
    asked = [option for option in said.head if option.name == "protocol"]
    if not asked or asked[-1].negated:
        return None
    return protocol(asked[-1].value) or None
