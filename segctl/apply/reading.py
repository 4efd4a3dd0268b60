"""Everything that a point's kernel holds about packets, as a Listing: nftables, and what iptables hides from it.

Structure comes by `nft -j -t` (20 ms whatever the size), the elements of our family's sets by netlink (0.1 s where nft
takes 1 s), the rest by nft. Rules of iptables-nft show in nft as `xt` without a word of what they ask, and those of
iptables-legacy not at all: where there are any, they are read by the tools that made them.
"""

from dataclasses import replace
from typing import Any

from segctl.kernel import netlink, nft
from segctl.kernel.errors import KernelError, NotUnderstood, ToolMissing
from segctl.kernel.hooks import other_hooks
from segctl.kernel.routes import interface_names
from segctl.kernel.tables import tables
from segctl.kernel.tools import run_tool
from segctl.listing import ipset, iptables, nft_json, nft_text, packed
from segctl.listing.rule import Element, Family, Listing, Opaque, Set, Table, Unreadable
from segctl.model.elements import Elements
from segctl.runner import Runner, RunnerError

_SAVES = {Family.IP: "iptables", Family.IP6: "ip6tables"}
_LEGACY = {Family.IP: "/proc/net/ip_tables_names", Family.IP6: "/proc/net/ip6_tables_names"}


def read_listing(runner: Runner) -> Listing:
    """What the place's kernel says it holds. KernelError if nft can't say it; what others can't say are its `gaps`."""
    document = nft.list_ruleset_json(runner)
    asleep = {(table.family, table.name): table.dormant for table in tables(runner)}
    by_netlink = _Elements(runner, document)
    _with_devices(runner, by_netlink.document)
    listing = nft_json.parse(by_netlink.document, by_netlink, asleep, interface_names(runner))
    return _with_others(runner, listing)


def read_structure(runner: Runner) -> Listing:
    """The same without the elements of named sets, whatever their number: each set says that nobody read them."""
    document = nft.list_ruleset_json(runner)
    asleep = {(table.family, table.name): table.dormant for table in tables(runner)}
    _with_devices(runner, document)
    return _with_others(runner, nft_json.parse(document, _unread, asleep, interface_names(runner)))


def _unread(family: str, table: str, declared: Set) -> None:
    """No set's elements are asked for."""


def _with_others(runner: Runner, listing: Listing) -> Listing:
    """With what iptables knows of its rules, and what decides beside all tables."""
    whole = _with_legacy(runner, _with_iptables_nft(runner, listing))
    return replace(whole, beside=tuple(other_hooks(runner)))


def _with_devices(runner: Runner, document: dict[str, Any]) -> None:
    """The devices of chains at ingress and egress, where nft's JSON keeps them to itself; if no text tells them either,
    they stay unsaid: a gap.
    """
    chains = [one["chain"] for one in document["nftables"] if "chain" in one]
    unsaid = [chain for chain in chains if chain.get("hook") in ("ingress", "egress") and not chain.get("dev")]
    if not unsaid:
        return
    try:
        told = nft_text.parse(nft.list_ruleset_text(runner))
    except (KernelError, Unreadable):
        return
    known = {(t.family, t.name, chain.name): chain.hook for t in told.tables for chain in t.chains.values()}
    for chain in unsaid:
        hook = known.get((Family(chain["family"]), chain["table"], chain["name"]))
        if hook is not None and hook.devices:
            chain["dev"] = list(hook.devices)


class _Elements:
    """The elements of named sets: of `inet` tables as the kernel packs them, of others as nft says them."""

    def __init__(self, runner: Runner, document: dict[str, Any]) -> None:
        self._known: dict[tuple[str, str], Elements] = {}
        self._foreign = False
        self.document = document
        named = [one[kind] for one in document["nftables"] for kind in ("set", "map") if kind in one]
        for table in dict.fromkeys(one["table"] for one in named if one["family"] == "inet"):
            names = [one["name"] for one in named if (one["family"], one["table"]) == ("inet", table)]
            self._read(runner, table, names)
        if self._foreign or any(one["family"] != "inet" or not _packed(one) for one in named):
            self.document = _full(runner, document)

    def _read(self, runner: Runner, table: str, names: list[str]) -> None:
        try:
            for name, found in netlink.dump_sets(runner, table, names):
                self._known[table, name] = found
        except NotUnderstood:  # a set of another's with a catch-all element, say: nft tells it
            self._foreign = True

    def __call__(self, family: str, table: str, declared: Set) -> tuple[Element, ...] | None:
        found = self._known.get((table, declared.name)) if family == "inet" else None
        if found is None or not packed.readable(declared.parts, declared.answers):
            return None
        try:
            return packed.elements(found, declared.parts, declared.answers)
        except Unreadable:
            return None


def _packed(said: dict[str, Any]) -> bool:
    """Whether the types of a set say how the kernel packs its elements."""
    parts = said["type"] if isinstance(said["type"], list) else [said["type"]]
    return all(isinstance(part, str) for part in parts) and packed.readable(parts, said.get("map"))


def _full(runner: Runner, document: dict[str, Any]) -> dict[str, Any]:
    """The document with its sets whole; one that is empty says so."""
    whole = nft.list_ruleset_json(runner, terse=False)
    sets = {_key(said): one for one in whole["nftables"] for said in _named(one)}
    for one in sets.values():
        for said in _named(one):
            said.setdefault("elem", [])
    objects = [next((sets[key] for s in _named(one) if (key := _key(s)) in sets), one) for one in document["nftables"]]
    return {"nftables": objects}


def _named(one: dict[str, Any]) -> list[dict[str, Any]]:
    return [one[kind] for kind in ("set", "map") if kind in one]


def _key(said: dict[str, Any]) -> tuple[str, str, str]:
    return said["family"], said["table"], said["name"]


def _with_iptables_nft(runner: Runner, listing: Listing) -> Listing:
    """Tables with rules that nft can't say, as iptables-nft says them."""
    made = list(listing.tables)
    gaps = list(listing.gaps)
    for at, table in enumerate(made):
        if table.family in _SAVES and _hidden(table):
            tool = f"{_SAVES[table.family]}-nft-save"
            saved = _saved(runner, [tool, "-t", table.name], table.family, "nf_tables", gaps)
            found = next((one for one in saved if one.name == table.name), None)
            if found is not None:
                made[at] = replace(found, dormant=table.dormant, handle=table.handle)
    return replace(listing, tables=tuple(made), gaps=tuple(gaps))


def _hidden(table: Table) -> bool:
    """Whether some rule is of iptables-nft: nft shows its matches and targets without what they ask."""
    rules = (rule for chain in table.chains.values() for rule in chain.rules)
    return any(isinstance(one, Opaque) and "xt" in one.text for rule in rules for one in rule.statements)


def _with_legacy(runner: Runner, listing: Listing) -> Listing:
    """The tables of iptables-legacy, which nft doesn't know of."""
    found = list(listing.tables)
    gaps = list(listing.gaps)
    for family, names in _LEGACY.items():
        if runner.run(["cat", names]).stdout.split():
            found += _saved(runner, [f"{_SAVES[family]}-legacy-save"], family, "iptables-legacy", gaps)
    return replace(listing, tables=tuple(found), gaps=tuple(gaps))


def _saved(runner: Runner, argv: list[str], family: Family, engine: str, gaps: list[str]) -> list[Table]:
    """What a save tool says; if it can't, that is a gap: an empty answer would be a lie."""
    try:
        text = run_tool(runner, argv, f"reading {engine}'s rules").stdout
        read = iptables.parse(text, family, _ipsets(runner), engine)
    except (KernelError, RunnerError, Unreadable) as error:
        gaps.append(f"{argv[0]}: {error}")
        return []
    gaps += read.gaps
    return list(read.tables)


def _ipsets(runner: Runner) -> dict[str, Set]:
    """All ipsets; none if there is no tool for them: a rule that names one is then not understood."""
    try:
        return dict(ipset.parse(run_tool(runner, ["ipset", "save"], "reading ipsets").stdout))
    except (ToolMissing, KernelError, RunnerError, Unreadable):
        return {}
