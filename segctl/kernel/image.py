"""A table as the kernel holds it, in a form that can be compared: chains, rules as the kernel's own expressions, sets.

Two tables with equal images do the same to every packet, but for the elements of their named sets, which are read
apart. Handles and counts are left out; the names of anonymous sets stay: the kernel numbers them in order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from segctl.kernel import nfset as nf
from segctl.kernel.elements_out import as_strings
from segctl.kernel.errors import NotThere
from segctl.kernel.netlink import dump_sets
from segctl.kernel.nfset import SetInfo
from segctl.kernel.tables import sets_of
from segctl.kernel.wire import NLM_F_DUMP, Channel, Message, answer, attributes, number, steadily, string, text
from segctl.model.elements import Elements
from segctl.runner import Runner

_GETCHAIN, _GETRULE = nf.NFT | 4, nf.NFT | 7
_COUNTING = "counter"
_VERDICT = 5 + 128  # "goto " and a chain's name, at most NFT_CHAIN_MAXNAMELEN

Expression = tuple[str, bytes]


@dataclass(frozen=True, slots=True, order=True)
class Chain:
    """A chain; base chains have a type, hook, priority and policy (0 drop, 1 accept), others None."""

    name: str
    kind: str | None = None
    hook: int | None = None
    priority: int | None = None
    policy: int | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """What a table says, without handles, counts and the elements of named sets; `anonymous` has set and digest."""

    chains: tuple[Chain, ...]
    rules: tuple[tuple[str, tuple[Expression, ...]], ...]
    sets: tuple[SetInfo, ...]
    anonymous: tuple[tuple[str, str], ...]

    def named(self) -> tuple[str, ...]:
        """The sets that have a name of ours, but for those that packets fill."""
        return tuple(info.name for info in self.sets if not _anonymous(info.name) and not info.dynamic)

    def digest(self) -> str:
        """One hash of all of it."""
        return sha256(repr((self.chains, self.rules, self.sets, self.anonymous)).encode()).hexdigest()


def read_image(runner: Runner, table: str) -> Image:
    """The image of an inet table; NotThere if there is none."""
    with Channel(runner) as channel:
        chains = tuple(sorted(_chains(channel, table)))
        if not chains:
            raise NotThere(f"no table inet {table} on {runner.where}")
        rules = tuple(_rules(channel, table))
        sets = sets_of(channel, table)
    hidden = sorted(filter(_anonymous, sets))
    anonymous = tuple((name, digest_elements(found)) for name, found in dump_sets(runner, table, hidden))
    return Image(chains, rules, tuple(sets[name] for name in sorted(sets)), anonymous)


def _anonymous(name: str) -> bool:
    """Whether it is a set that stands within a rule, named by the kernel."""
    return name.startswith("__")


def chain_names(runner: Runner, table: str) -> tuple[str, ...]:
    """The names of an inet table's chains, sorted; none if there is no such table."""
    with Channel(runner) as channel:
        return tuple(sorted(chain.name for chain in _chains(channel, table)))


def digest_elements(elements: Elements) -> str:
    """A hash of what the elements say, whatever their order; of timeouts it counts only whether there is one."""
    if not len(elements):
        return sha256().hexdigest()
    ending = np.zeros((len(elements), 1), np.uint8)
    if elements.timeouts is not None:
        ending[:, 0] = elements.timeouts > 0
    parts = [elements.keys, *(part for part in (elements.ends, elements.data) if part is not None), ending]
    if elements.verdicts is not None:
        words = np.array([" ".join(verdict).encode() for verdict in elements.verdicts], f"S{_VERDICT}")
        parts.append(words.view(np.uint8).reshape(len(elements), _VERDICT))
    rows = np.ascontiguousarray(np.hstack(parts))
    return sha256(rows[np.argsort(as_strings(rows), kind="stable")].tobytes()).hexdigest()


def _chains(channel: Channel, table: str) -> Iterator[Chain]:
    """NFTA_CHAIN_*: 1 table, 3 name, 4 hook { 1 number, 2 priority }, 5 policy, 7 type."""
    about = f"reading the chains of table {table}"
    for body in steadily(channel, Message(_GETCHAIN, b"", about, NLM_F_DUMP, nf.INET)):
        found = answer(body)
        if string(found[1]) != table:
            continue
        if 4 not in found:
            yield Chain(string(found[3]))
            continue
        hook = attributes(found[4])
        priority = int.from_bytes(hook[2], "big", signed=True)
        yield Chain(string(found[3]), string(found[7]), number(hook[1]), priority, number(found[5]))


def _rules(channel: Channel, table: str) -> Iterator[tuple[str, tuple[Expression, ...]]]:
    """NFTA_RULE_*: 1 table, 2 chain, 4 expressions, each { 1 name, 2 data }."""
    about = f"reading the rules of table {table}"
    request = Message(_GETRULE, text(1, table), about, NLM_F_DUMP, nf.INET)
    for body in steadily(channel, request):
        found = answer(body)
        if string(found[1]) == table:
            yield string(found[2]), tuple(_expressions(found.get(4, b"")))


def _expressions(payload: bytes) -> Iterator[Expression]:
    at = 0
    while at + 4 <= len(payload):
        length = int.from_bytes(payload[at : at + 2], "little")
        parts = attributes(payload[at + 4 : at + length])
        name = string(parts[1])
        yield name, b"" if name == _COUNTING else parts.get(2, b"")
        at += (length + 3) & ~3
