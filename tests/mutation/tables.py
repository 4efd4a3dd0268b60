"""A table as text, in parts that can be changed: the compiler's regular form read, and written again for `nft -f`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

_OPEN = re.compile(r"^ (chain|map|set) (\S+) \{(.*)$")


@dataclass(frozen=True, slots=True)
class Item:
    """One element: `key` parts, `timeout` words if it has one, `value` of a map."""

    key: tuple[str, ...]
    value: str | None = None
    timeout: str | None = None

    def __str__(self) -> str:
        words = " . ".join(self.key)
        if self.timeout:
            words += f" timeout {self.timeout}"
        return words if self.value is None else f"{words} : {self.value}"


@dataclass(frozen=True, slots=True)
class Group:
    """A set or a map: its head lines (typeof, size, flags, counter) and its elements."""

    kind: str
    head: tuple[str, ...]
    items: tuple[Item, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of its key, and of a map its answer's."""
        words = next(line for line in self.head if line.startswith("typeof ")).removeprefix("typeof ")
        key, _, answer = words.partition(" : ")
        return (*key.split(" . "), *((answer,) if answer else ()))

    def lines(self) -> Iterator[str]:
        yield from (f"  {line}" for line in self.head)
        if self.items:
            yield "  elements = {"
            yield ",\n".join(f"   {item}" for item in self.items)
            yield "  }"


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain: `hook` is its line `type … policy …;` if it is a base chain."""

    rules: tuple[str, ...] = ()
    hook: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and whatever else a mutant loads beside it (`beside`: text for `nft -f`) or runs (`commands`)."""

    name: str
    groups: Mapping[str, Group]
    chains: Mapping[str, Chain]
    flags: str = ""
    family: str = "inet"
    beside: str = ""
    commands: tuple[tuple[str, ...], ...] = ()
    wait: float = 0.0
    extra: Mapping[str, object] = field(default_factory=dict)

    def with_chain(self, name: str, chain: Chain) -> "Table":
        return replace(self, chains={**self.chains, name: chain})

    def with_rules(self, name: str, rules: tuple[str, ...]) -> "Table":
        return self.with_chain(name, replace(self.chains[name], rules=rules))

    def with_items(self, name: str, items: tuple[Item, ...]) -> "Table":
        """Room for all, however many."""
        group = self.groups[name]
        head = tuple(f"size {len(items) * 4 + 64}" if line.startswith("size ") else line for line in group.head)
        return replace(self, groups={**self.groups, name: replace(group, head=head, items=items)})

    def with_head(self, name: str, head: tuple[str, ...]) -> "Table":
        return replace(self, groups={**self.groups, name: replace(self.groups[name], head=head)})

    def text(self) -> str:
        """For `nft -f`; without the tables beside it."""
        lines = [f"table {self.family} {self.name} {{"]
        if self.flags:
            lines.append(f" flags {self.flags}")
        for name, group in self.groups.items():
            lines += [f" {group.kind} {name} {{", *group.lines(), " }"]
        for name, chain in self.chains.items():
            lines.append(f" chain {name} {{")
            if chain.hook:
                lines.append(f"  {chain.hook}")
            lines += [*(f"  {rule}" for rule in chain.rules), " }"]
        return "\n".join([*lines, "}\n"])


def read_table(text: str) -> Table:
    """What `segctl compile` prints, awake. AssertionError where the text has a form that isn't known here."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    head = re.match(r"^table inet (\S+) \{$", lines[0])
    assert head, lines[0]
    groups: dict[str, Group] = {}
    chains: dict[str, Chain] = {}
    at = 1
    while lines[at] != "}":
        if lines[at] == " flags dormant":
            at += 1
            continue
        opened = _OPEN.match(lines[at])
        assert opened, lines[at]
        end = at + 1
        if opened[3].strip() == "}":
            chains[opened[2]] = Chain()
        else:
            while lines[end] != " }":
                end += 1
            inner = [line.strip() for line in lines[at + 1 : end]]
            if opened[1] == "chain":
                chains[opened[2]] = _chain(inner)
            else:
                groups[opened[2]] = _group(opened[1], inner)
            end += 1
        at = end
    return Table(head[1], groups, chains)


def _chain(lines: list[str]) -> Chain:
    if lines and lines[0].startswith("type "):
        return Chain(tuple(lines[1:]), lines[0])
    return Chain(tuple(lines))


def _group(kind: str, lines: list[str]) -> Group:
    if "elements = {" not in lines:
        return Group(kind, tuple(lines))
    begin = lines.index("elements = {")
    return Group(kind, tuple(lines[:begin]), tuple(_item(line.removesuffix(",")) for line in lines[begin + 1 : -1]))


def _item(line: str) -> Item:
    words, colon, value = line.partition(" : ")
    words, _, timeout = words.partition(" timeout ")
    return Item(tuple(words.split(" . ")), value if colon else None, timeout or None)
