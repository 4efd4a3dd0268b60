"""The words of one iptables rule, sorted: what stands in its head, its matches with their options, its target.

As iptables-restore reads them: quoting as `add_param_to_argv` does it; options take their words as getopt_long does,
so that `--comment -j` is a comment (`iptables_options.py` knows how many each takes). `!` may stand before an option
or, as until iptables 1.4.3, behind it. Meaning is given elsewhere.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from segctl.listing.iptables_options import IMPLIED, MATCHES, TARGETS, Names


class Word(NamedTuple):
    """One word; a quoted one is never an option."""

    text: str
    quoted: bool = False

    @property
    def option(self) -> bool:
        return not self.quoted and len(self.text) > 1 and self.text.startswith("-")

    @property
    def bang(self) -> bool:
        return not self.quoted and self.text == "!"


@dataclass(frozen=True, slots=True)
class Option:
    """An option by its first name (`dport`, `source`), without dashes, and the words that it took."""

    name: str
    values: tuple[str, ...] = ()
    negated: bool = False

    @property
    def value(self) -> str:
        """Its first word, or nothing."""
        return self.values[0] if self.values else ""

    def __str__(self) -> str:
        bang = "! " if self.negated else ""
        return " ".join([f"{bang}--{self.name}", *self.values])


@dataclass(slots=True)
class Part:
    """A match (`-m state`) or a target (`-j MARK`), with its options. `known`: we know which options it has."""

    name: str
    options: list[Option] = field(default_factory=list)
    known: bool = True

    def get(self, name: str) -> Option | None:
        """The last option of this name."""
        return next((option for option in reversed(self.options) if option.name == name), None)

    def __str__(self) -> str:
        return " ".join([f"-m {self.name}", *map(str, self.options)])


@dataclass(slots=True)
class Sorted:
    """A rule's words in order. `strays` are those that belong to nothing that we know."""

    head: list[Option] = field(default_factory=list)
    matches: list[Part] = field(default_factory=list)
    target: Part | None = None
    goto: bool = False
    strays: list[str] = field(default_factory=list)


class Unclosed(ValueError):
    """A quoted word doesn't end on this line."""


_WORD = re.compile(r"[^ \t\r\n]+")


def words(text: str, escapes: bool = True) -> list[Word]:
    """Split a line as iptables-restore does: blanks part words; `"` begins a part in which they don't, and the next `"`
    ends that word; there a backslash keeps the character behind it (ipset has no such `escapes`). Raises Unclosed.
    """
    if '"' not in text:
        return [Word(word) for word in _WORD.findall(text)]
    out: list[Word] = []
    made: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == '"':
            at, inside = _quoted(text, at + 1, escapes)
            out.append(Word("".join(made) + inside, quoted=True))
            made = []
            continue
        if text[at] not in " \t\r\n":
            made.append(text[at])
        elif made:
            out.append(Word("".join(made)))
            made = []
        at += 1
    return [*out, Word("".join(made))] if made else out


def _quoted(text: str, at: int, escapes: bool) -> tuple[int, str]:
    """What stands between a quote and the next, and the place behind that."""
    made: list[str] = []
    while at < len(text):
        if text[at] == '"':
            return at + 1, "".join(made)
        if escapes and text[at] == "\\" and at + 1 < len(text):
            at += 1
        made.append(text[at])
        at += 1
    raise Unclosed(text)


_HEAD = {
    "-s": "source", "--source": "source", "--src": "source",
    "-d": "destination", "--destination": "destination", "--dst": "destination",
    "-i": "in", "--in-interface": "in", "-o": "out", "--out-interface": "out",
    "-p": "protocol", "--protocol": "protocol", "--proto": "protocol",
    "-f": "fragment", "--fragment": "fragment", "--fragments": "fragment",
    "-c": "counters", "--set-counters": "counters",
    "-4": "ipv4", "--ipv4": "ipv4", "-6": "ipv6", "--ipv6": "ipv6",
    "-m": "match", "--match": "match", "-j": "jump", "--jump": "jump", "-g": "goto", "--goto": "goto",
}  # fmt: skip
_TAKES = {"fragment": 0, "ipv4": 0, "ipv6": 0, "counters": 2}  # all others: 1
_ANY = -1  # as many words as come before the next option


def sort(said: Sequence[Word]) -> Sorted:
    """Sort the words behind `-A CHAIN`. Never raises: what fits nowhere is a stray."""
    return _Sorter(said).run()


class _Sorter:
    def __init__(self, said: Sequence[Word]) -> None:
        self._said = said
        self._at = 0
        self._out = Sorted()

    def run(self) -> Sorted:
        negated = False
        while self._at < len(self._said):
            word = self._said[self._at]
            self._at += 1
            if word.bang:
                negated = not negated
                continue
            if word.option:
                self._option(word.text, negated)
            else:
                self._out.strays.append(word.text)
            negated = False
        return self._out

    def _option(self, text: str, negated: bool) -> None:
        name = _HEAD.get(text)
        if name is None:
            self._long(text, negated)
            return
        option = self._taken(name, negated, _TAKES.get(name, 1))
        if option is None:
            self._out.strays.append(text)
        elif name == "match":
            known = option.value in MATCHES
            self._out.matches.append(Part(option.value, known=known))
        elif name in ("jump", "goto") and self._out.target is None:
            self._out.target = Part(option.value, known=option.value in TARGETS)
            self._out.goto = name == "goto"
        elif name in ("jump", "goto"):
            self._out.strays += [text, option.value]
        else:
            self._out.head.append(option)

    def _long(self, text: str, negated: bool) -> None:
        """An option of a match or target: of the target, the match last named that has it, or what `-p` implies."""
        name, equals, value = text[2:].partition("=") if text.startswith("--") else (text, "", "")
        found = self._owner(name)
        if found is None:
            self._out.strays.append(text)
            return
        part, first, takes = found
        if equals:
            part.options.append(Option(first, (value,), negated))
            return
        option = self._taken(first, negated, takes)
        if option is None:
            self._out.strays.append(text)
        else:
            part.options.append(option)

    def _owner(self, name: str) -> tuple[Part, str, int] | None:
        owners = list(self._owners())
        for part, names in owners:
            if name in names:
                return part, *names[name]
        for part, names in owners:  # getopt_long takes an unambiguous beginning
            begun = {names[known] for known in names if known.startswith(name)}
            if len(begun) == 1 and len(name) > 2:
                return part, *begun.pop()
        implied = self._implied()
        if implied in MATCHES and name in MATCHES[implied]:
            part = Part(implied)
            self._out.matches.append(part)
            return part, *MATCHES[implied][name]
        last = self._out.target or (self._out.matches[-1] if self._out.matches else None)
        return (last, name, _ANY) if last is not None and not last.known else None

    def _owners(self) -> Iterator[tuple[Part, Names]]:
        target = self._out.target
        if target is not None and target.known:
            yield target, TARGETS[target.name]
        for part in reversed(self._out.matches):
            if part.known:
                yield part, MATCHES[part.name]

    def _implied(self) -> str:
        """The match that `-p` brings with it."""
        said = [option.value for option in self._out.head if option.name == "protocol" and not option.negated]
        return IMPLIED.get(said[-1].lower(), "") if said else ""

    def _taken(self, name: str, negated: bool, takes: int) -> Option | None:
        """The option with its words; None if they are missing."""
        if takes and self._at < len(self._said) and self._said[self._at].bang:
            negated = not negated
            self._at += 1
        if takes == _ANY:
            until = self._at
            while until < len(self._said) and not (self._said[until].option or self._said[until].bang):
                until += 1
        else:
            until = self._at + takes
        taken = self._said[self._at : until]
        if takes != _ANY and len(taken) < takes:
            return None
        self._at = until
        return Option(name, tuple(word.text for word in taken), negated)
