"""What only was observed: who asked whom for what, how often, and the line of the site that would allow it.

The rules note it in sets of bounded size (class of the source, class of the destination, protocol, port); what found no
room is counted. Each generation begins anew.
"""

from collections import defaultdict

from segctl.apply.gone import way_on
from segctl.apply.result import CannotApply, Observed, WouldDeny
from segctl.apply.slots import read_slots
from segctl.kernel.counters import counted, first_rule
from segctl.model.elements import Elements
from segctl.model.generation import Loadable
from segctl.model.ranges import V6, Ranges, show_addresses
from segctl.model.service import WITH_PORTS
from segctl.runner import Runner
from segctl.store import state_of

_SETS = ("would_deny", "would_deny_icmp4", "would_deny_icmp6", "would_deny_other")
_MAPS = ("source4", "source6")
_WORLD = "world"


def would_deny(runner: Runner) -> WouldDeny:
    """The most frequent first. CannotApply where nothing that is kept is live."""
    slots = read_slots(runner)
    live = slots.live
    with state_of(runner, make=False) as state:
        kept = state.generations.read(live.generation) if state and live and live.generation is not None else None
        if live is None or kept is None:
            raise CannotApply(f"no generation that is kept is live on {runner.where}", way_on(state))
    names = _Names(kept.rules)
    found = []
    for name in _SETS:
        for key, _, packets in counted(runner, live.name, [name]):
            source, target = (names.of(int.from_bytes(key[at : at + 4], "little")) for at in (0, 4))
            found.append(Observed(source, target, _service(name, key[8:]), packets))
    total = first_rule(runner, live.name, "noted")
    noted = sum(one.packets for one in found)
    order = sorted(found, key=lambda one: (-one.packets, one.source, one.destination, one.service))
    return WouldDeny(runner.where, kept.about.number, tuple(order), max(0, total - noted))


def _service(name: str, rest: bytes) -> str:
    """As a site writes it (design, services): tcp/443, icmp4/8, proto/47."""
    if name == "would_deny":
        return f"{WITH_PORTS[rest[0]]}/{int.from_bytes(rest[4:6], 'big')}"
    if name == "would_deny_other":
        return f"proto/{rest[0]}"
    return f"{name.removeprefix('would_deny_')}/{rest[0]}"


class _Names:
    """A class of addresses as a site names it: an endpoint, a segment, or its addresses."""

    def __init__(self, rules: Loadable) -> None:
        self._side = rules.side
        self._held: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for one in rules.elements:
            if one.name in _MAPS:
                self._add(one)
        self._zones = {home.id: home for home in rules.side.homes}
        self._endpoints = {Ranges.of((a, a) for a in some): name for name, some in rules.side.endpoints.items()}

    def _add(self, one: Elements) -> None:
        assert one.ends is not None and one.data is not None
        base = V6 if one.keys.shape[1] == 16 else 0
        for first, last, data in zip(one.keys, one.ends, one.data, strict=True):
            span = int.from_bytes(bytes(first), "big") + base, int.from_bytes(bytes(last), "big") + base
            self._held[int.from_bytes(bytes(data), "little")].append(span)

    def of(self, id: int) -> str:
        """In words."""
        home = self._zones.get(id & 0xFFFF0000)
        addresses = Ranges.of(self._held.get(id, ()))
        if addresses in self._endpoints:
            return self._endpoints[addresses]
        if home is None or not addresses or addresses == home.addresses:
            return home.segment if home is not None else _WORLD
        return f"{home.segment} ({show_addresses(addresses, len(addresses.spans))})"
