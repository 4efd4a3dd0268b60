"""Hosts to proposed segments: by what groups them in their source, else by the network that they are in. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from segctl.draft.hosts import Doubt, Form, Inventory
from segctl.draft.names import Names, valid
from segctl.draft.networks import (
    Network,
    is_public,
    network_name,
    networks_of,
    show_network,
)
from segctl.draft.tidy import Entry, tidy
from segctl.load.findings import Wrong
from segctl.load.scalars import read_text
from segctl.load.values import shorten
from segctl.model.ranges import family

UNSORTED = "unsorted"
_MOST_SHOWN = 6
_FEW = 20  # so many groups are never too many for their hosts


@dataclass(frozen=True, slots=True)
class Proposed:
    """A segment to be. Its members are the endpoints with `label`, or these `networks`, or these `endpoints`.

    `lives`: all networks in which it has a host; `alone`: none of them has another segment's host, so its members could
    be these as well; `shares`: the first that has. `asleep`: written as a comment only.
    """

    name: str
    hosts: tuple[str, ...]
    lives: tuple[Network, ...]
    label: tuple[str, str] | None = None
    networks: tuple[Network, ...] = ()
    endpoints: tuple[str, ...] = ()
    alone: bool = False
    shares: Network | None = None
    labels: dict[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    asleep: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """Everything that a site is written from. `how`: what the segments were made by, as a sentence."""

    inventory: Inventory
    how: str
    entries: tuple[Entry, ...]
    segments: tuple[Proposed, ...]
    doubts: tuple[Doubt, ...]
    left_out: tuple[Doubt, ...]
    spread: dict[str, str]  # endpoints with a foot in several networks, and what is to be said of each


def propose(inventory: Inventory) -> Proposal:
    """Segments for the hosts of a list. With no usable host there is none."""
    names = Names()
    entries, left_out = tidy(inventory, names)
    doubts = list(inventory.doubts)
    groups = Counter(entry.groups[0] for entry in entries if entry.groups)
    if groups and not _too_many(len(groups), len(entries)):
        entries, segments = _by_group(inventory, entries, names)
        how = "group of the inventory" if inventory.form is Form.ANSIBLE else f"value of the column {inventory.by}"
    else:
        if groups:
            doubts.append(Doubt(f"'{inventory.by}' tells nearly every host apart: segments are made by network"))
        segments = tuple(_by_network(entries, names))
        how = "network: what lies in one /24 or /64"
    return Proposal(
        inventory, f"one segment for each {how}", entries, segments, tuple(doubts), left_out, dict(_spread(entries))
    )


def _too_many(groups: int, hosts: int) -> bool:
    return groups > _FEW and groups * 2 > hosts


def _by_group(
    inventory: Inventory, entries: tuple[Entry, ...], names: Names
) -> tuple[tuple[Entry, ...], tuple[Proposed, ...]]:
    """One segment a group; who has none goes to one of their own, by name."""
    labelled = tuple(_labelled(inventory, entry) for entry in entries)
    of_group: dict[str, list[Entry]] = {}
    rest: list[Entry] = []
    tenants: dict[Network, set[str]] = {}
    for entry in labelled:
        (of_group.setdefault(entry.groups[0], []) if entry.groups else rest).append(entry)
        for network in networks_of(entry.addresses):
            tenants.setdefault(network, set()).add(entry.groups[0] if entry.groups else "")
    values: set[str] = set()
    segments = []
    for group, members in of_group.items():
        made = _of_group(inventory, group, members, names, tenants)
        assert made.label is not None
        if made.label[1] not in values:  # two groups whose texts became one label value: one segment, by that value
            segments.append(made)
        values.add(made.label[1])
    if rest:
        segments.append(_of_rest(inventory, rest, names, tenants))
    return labelled, tuple(segments)


def _labelled(inventory: Inventory, entry: Entry) -> Entry:
    """The entry with its group as a label, and each further group as one of its own."""
    if not entry.groups:
        return entry
    labels = {inventory.by: label_value(entry.groups[0])}
    labels |= {_in_group(group): "member" for group in entry.groups[1:]}
    return replace(entry, labels=labels | {key: text for key, text in entry.labels.items() if key not in labels})


def label_value(group: str) -> str:
    """The group's name as a label's text: as it is, where the language takes it."""
    try:
        return read_text(group)
    except Wrong:
        return valid(group, "group")


def _in_group(group: str) -> str:
    return valid(f"in-{group}", "in")


def _of_rest(inventory: Inventory, rest: list[Entry], names: Names, tenants: dict[Network, set[str]]) -> Proposed:
    hosts = tuple(entry.name for entry in rest)
    lives = tuple(networks_of(_addresses(rest)))
    doubts = (f"no {inventory.by} lists what is here: give each host its place",)
    name = names.take(UNSORTED, "segment")
    return Proposed(name, hosts, lives, endpoints=hosts, shares=_shared(lives, tenants), doubts=doubts)


def _shared(lives: tuple[Network, ...], tenants: dict[Network, set[str]]) -> Network | None:
    return next((one for one in lives if len(tenants[one]) > 1), None)


def _of_group(
    inventory: Inventory, group: str, members: list[Entry], names: Names, tenants: dict[Network, set[str]]
) -> Proposed:
    name = names.take(group, "segment")
    doubts = []
    if name != group:
        doubts.append(f"in {inventory.file} it is called '{shorten(group)}'")
    lives = tuple(networks_of(_addresses(members)))
    labels = {_in_group(parent): "member" for parent in inventory.parents.get(group, ())}
    shares = _shared(lives, tenants)
    if shares:
        doubts.append(f"it shares {show_network(shares)} with others: no gateway stands between them")
    alone = not shares and not any(map(is_public, lives))
    hosts = tuple(entry.name for entry in members)
    label = (inventory.by, label_value(group))
    return Proposed(name, hosts, lives, label, alone=alone, shares=shares, labels=labels, doubts=tuple(doubts))


def _addresses(entries: Iterable[Entry]) -> Iterator[int]:
    return (address for entry in entries for address in entry.addresses)


def _by_network(entries: tuple[Entry, ...], names: Names) -> Iterator[Proposed]:
    """One segment a network; a /24 and a /64 whose hosts are the same make one."""
    hosts: dict[Network, list[str]] = {}
    for entry in entries:
        for network in networks_of(entry.addresses):
            hosts.setdefault(network, []).append(entry.name)
    asleep_too = all(map(is_public, hosts))
    partner = _partners(entries)
    for network, inside in hosts.items():
        if network in partner.values():
            continue
        both = (network, partner[network]) if network in partner else (network,)
        everybody = tuple(dict.fromkeys(name for one in both for name in hosts[one]))
        asleep = not asleep_too and any(map(is_public, both))
        doubts = ("public addresses: take it in only if this network is yours, else it stays in `world`",)
        name = names.take(network_name(network), "segment")
        yield Proposed(name, everybody if len(both) > 1 else tuple(inside), both, networks=both,
                       doubts=doubts if any(map(is_public, both)) else (), asleep=asleep)  # fmt: skip


def _partners(entries: tuple[Entry, ...]) -> dict[Network, Network]:
    """IPv4 networks with the one IPv6 network that their hosts have beside it, and it beside no other."""
    beside: dict[Network, set[Network]] = {}
    for entry in entries:
        networks = networks_of(entry.addresses)
        if len(networks) == 2 and {family(one[0]) for one in networks} == {4, 6}:
            for one, other in (networks, networks[::-1]):
                beside.setdefault(one, set()).add(other)
    return {
        one: other
        for one, others in beside.items()
        if family(one[0]) == 4 and len(others) == 1
        for other in others
        if beside[other] == {one} and is_public(one) == is_public(other)
    }


def _spread(entries: Iterable[Entry]) -> Iterator[tuple[str, str]]:
    """More than one network of a family: routers, or machines with a foot in each."""
    for entry in entries:
        networks = networks_of(entry.addresses)
        if len(networks) > len({family(one[0]) for one in networks}):
            shown = ", ".join(map(show_network, networks[:_MOST_SHOWN]))
            yield entry.name, f"it has a foot in each of {shown}: is it a router? then name it under `points`"
