"""Every packet that a namespace sees, traced: our own reader of the kernel's trace, with a table that asks for all.

Its chains have the names by which `nftrace_gather` knows where a packet begins and ends.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from segctl.kernel import nft
from segctl.kernel.nftrace import rule_handles
from segctl.kernel.nftrace_events import Ear
from segctl.kernel.nftrace_gather import Bit, Gatherer, Ours, Seen
from segctl.kernel.nftrace_rules import BITS
from segctl.prove.sidebyside import Told
from segctl.runner import Runner

TABLE = "sglc_trace"
_BEFORE_ALL, _AFTER_ALL, _AFTER_CONNTRACK = -(1 << 31), (1 << 31) - 2, -199
_KNOWN = [(field, bit) for field in ("ct state", "ct direction", "ct mark") for bit in BITS[field]]


@dataclass(frozen=True, slots=True)
class Tracer:
    """What is heard of the traced packets."""

    ear: Ear
    gatherer: Gatherer

    def whole(self, patience: float = 0.0) -> list[Seen]:
        """Packets that came to their end since the last time, in this order."""
        events = self.ear.heard(time.monotonic() + patience)
        return [seen for event in events for seen in self.gatherer.hear(event)]

    def seen(self, patience: float = 0.0) -> list[Seen]:
        """The same, and those of which nothing was heard for so long: to be asked when nothing is under way."""
        found = self.whole()
        while self.gatherer.under_way and patience:
            if not (more := self.whole(patience)):
                break
            found += more
        return found + self.gatherer.left()


@contextmanager
def traced(runner: Runner, devices: Sequence[str], *, connections: bool = False) -> Iterator[Tracer]:
    """All packets that come by these interfaces or are sent; with `connections` conntrack's word on each, too.

    So that table makes the kernel track connections.
    """
    nft.load(runner, _text(devices, connections))
    try:
        held = rule_handles(runner)
        told = zip(held.get(("inet", TABLE, "told"), ()), _KNOWN, strict=True) if connections else ()
        bits: dict[int, Bit] = dict(told)
        with closing(Ear(runner)) as ear:
            yield Tracer(ear, Gatherer(Ours(TABLE, bits)))
    finally:
        nft.load(runner, f"delete table inet {TABLE}\ndelete table netdev {TABLE}\n")


def told_of(seen: Seen, others: Iterable[str] = ()) -> list[Told]:
    """A trace without the words of tables that only watch."""
    return [
        Told(one.family, one.table, one.chain, one.handle, one.verdict)
        for one in seen.events
        if (one.is_rule or one.policy) and one.table not in others
    ]


def _text(devices: Sequence[str], connections: bool) -> str:
    where = f"devices = {{ {', '.join(devices)} }} "
    inet = [
        _chain("first", "output", _BEFORE_ALL, "meta nftrace set 1"),
        *(_chain(f"way_{hook}", hook, _BEFORE_ALL) for hook in ("forward", "input")),
        _chain("last_input", "input", _AFTER_ALL),
    ]
    last = _chain("last_egress", f"egress {where}", _AFTER_ALL)
    if connections:  # and neighbours that don't answer: a packet to them comes to no egress
        last = ""
        inet.append(_chain("last_postrouting", "postrouting", _AFTER_ALL))
        words = {"ct state": "ct state & {bit} != 0", "ct direction": "ct direction reply"}
        rules = "".join(f"  {words.get(field, 'ct mark & {bit} != 0').format(bit=bit)}\n" for field, bit in _KNOWN)
        leads = (_chain(hook, hook, _AFTER_CONNTRACK, "goto told") for hook in ("prerouting", "output"))
        inet = [f" chain told {{\n{rules} }}\n", *leads, *inet]
    return (
        f"table inet {TABLE} {{\n{''.join(inet)}}}\ntable netdev {TABLE} {{\n"
        + _chain("first", f"ingress {where}", _BEFORE_ALL, "meta nftrace set 1")
        + f"{last}}}\n"
    )


def _chain(name: str, hook: str, priority: int, rule: str = "") -> str:
    return f" chain {name} {{\n  type filter hook {hook} priority {priority}; policy accept;\n  {rule}\n }}\n"
