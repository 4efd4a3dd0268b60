"""Who else asks for marks and priorities, beside the rules of nftables and iptables: routing rules, and tc.

ip-rule(8) by fwmark: asked where a route is looked up. tc(8): classifiers and queueing disciplines at the way out.
"""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from segctl.runner import Runner

_INVERT = 2  # FIB_RULE_INVERT
_EVERY_BIT = 0xFFFFFFFF

_ASKS_MARKS = {
    "fw": "packet marks",
    "basic": "what can't be read here, perhaps packet marks",
    "flow": "what can't be read here, perhaps packet marks",
}
_ACTS_ON_CONNECTIONS = ("connmark", "ctinfo")
_BY_PRIORITY = frozenset(
    {"prio", "mqprio", "taprio", "multiq", "htb", "hfsc", "cbq", "drr", "qfq", "ets", "skbprio", "cake", "dsmark"}
)
"""Disciplines whose classes a packet's priority chooses among (net/sched/sch_*.c); not those whose few bands only
change who goes first (pfifo_fast, fq)."""


@dataclass(frozen=True, slots=True)
class MarkRule:
    """A routing rule by the packet's mark, in the words of `ip rule`."""

    family: int
    text: str


@dataclass(frozen=True, slots=True)
class Queue:
    """Something of tc's on an interface that asks for a field of a packet: `ct mark`, `meta mark`, `meta priority`."""

    interface: str
    field: str
    text: str


def mark_rules(runner: Runner) -> tuple[MarkRule, ...]:
    """Routing rules of both families that ask for a mark."""
    from pyroute2 import IPRoute

    out = []
    with runner.inside(), IPRoute() as channel:
        for version, family in ((4, socket.AF_INET), (6, socket.AF_INET6)):
            for rule in channel.get_rules(family=family):
                if rule.get_attr("FRA_FWMARK") is not None or rule.get_attr("FRA_FWMASK") is not None:
                    out.append(MarkRule(version, _as_said(rule)))
    return tuple(out)


def _as_said(rule: Any) -> str:
    mark, mask = rule.get_attr("FRA_FWMARK") or 0, rule.get_attr("FRA_FWMASK")
    bits = "" if mask in (None, _EVERY_BIT) else f"/{mask:#x}"
    negated = "not " if rule["flags"] & _INVERT else ""
    return f"{rule.get_attr('FRA_PRIORITY') or 0}: {negated}fwmark {mark:#x}{bits} lookup {rule.get_attr('FRA_TABLE')}"


def queues(runner: Runner) -> tuple[Queue, ...]:
    """What tc has on the interfaces of the place that asks for marks or priorities."""
    from pyroute2 import IPRoute

    out: list[Queue] = []
    with runner.inside(), IPRoute() as channel:
        names = {link["index"]: str(link.get_attr("IFLA_IFNAME")) for link in channel.get_links()}
        for said in channel.get_qdiscs():
            index, kind, handle = said["index"], str(said.get_attr("TCA_KIND")), said["handle"]
            if index not in names:
                continue
            out += _discipline(names[index], kind, said)
            if not handle:
                continue  # the kernel's own, with nothing on it
            classes = [one["handle"] for one in channel.get_classes(index=index) if one["handle"] >> 16 == handle >> 16]
            for parent in (handle, *classes, *_SIDES.get(kind, ())):
                for one in channel.get_filters(index, parent=parent):
                    out += classifier(names[index], str(one.get_attr("TCA_KIND")), one.get_attr("TCA_OPTIONS"))
    return tuple(dict.fromkeys(out))


_SIDES = {"clsact": (0xFFFFFFF2, 0xFFFFFFF3), "ingress": (0xFFFF0000,)}  # as in segctl.kernel.hooks


def _discipline(interface: str, kind: str, said: Any) -> Iterator[Queue]:
    if kind in _BY_PRIORITY:
        yield Queue(interface, "meta priority", f"the queueing discipline {kind} on {interface}")
    options = said.get_attr("TCA_OPTIONS")
    if kind == "cake" and _value(options, "TCA_CAKE_FWMARK"):
        yield Queue(interface, "meta mark", f"the queueing discipline cake on {interface} with fwmark")


def classifier(interface: str, kind: str, options: Any) -> Iterator[Queue]:
    """What one filter of tc asks for; `options` as pyroute2 has them."""
    if kind in _ASKS_MARKS:
        yield Queue(interface, "meta mark", f"a tc filter {kind} on {interface}, which asks for {_ASKS_MARKS[kind]}")
    if kind == "u32" and _value(options, "TCA_U32_MARK") is not None:
        yield Queue(interface, "meta mark", f"a tc filter u32 on {interface}, which asks for packet marks")
    for action in _actions(options):
        if action in _ACTS_ON_CONNECTIONS:
            yield Queue(interface, "ct mark", f"a tc filter {kind} on {interface} with the action {action}")


def _value(options: Any, name: str) -> Any:
    return options.get_attr(name) if hasattr(options, "get_attr") else None


def _actions(options: Any) -> Iterator[str]:
    """The names of the actions, wherever they stand."""
    for name, value in options["attrs"] if _nested(options) else ():
        if name == "TCA_ACT_KIND":
            yield str(value)
        elif _nested(value):
            yield from _actions(value)
        elif isinstance(value, list):
            for one in value:
                yield from _actions(one)


def _nested(value: Any) -> bool:
    return isinstance(value, dict) and "attrs" in value
