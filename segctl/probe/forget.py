"""Connections of protocols without ports, forgotten: for these a connection is two addresses and the protocol.

Whatever was once let through between two machines lets the other way through as its reply, and the next run's packet as
its continuation, for as long as it is tracked (GRE 30 seconds, others ten minutes). New ports, which every other packet
has, don't exist here. So the two ways of a pair are tried one after the other, and what is tracked is cleared between.
"""

from collections.abc import Iterable, Sequence

from segctl.model.service import ICMP, ICMP6, WITH_PORTS, protocol_of
from segctl.probe.judge import Trial
from segctl.probe.stage import Node


def without_ports(trial: Trial) -> bool:
    """Whether nothing in its packet tells one connection of the pair from the next (ICMP echo has its identifier)."""
    protocol = protocol_of(trial.cell.traffic)
    return protocol not in WITH_PORTS and protocol not in (ICMP, ICMP6)


def waves(places: Iterable[int], trials: Sequence[Trial]) -> tuple[list[int], list[int], list[int]]:
    """Places in the order of trying: all with ports; without ports one way; without ports the other way."""
    out: tuple[list[int], list[int], list[int]] = [], [], []
    for place in places:
        trial = trials[place]
        ends = trial.cell.source.address, trial.cell.destination.address
        out[0 if not without_ports(trial) else 1 if ends[0] < ends[1] else 2].append(place)
    return out


def forget(nodes: Iterable[Node], trials: Iterable[Trial]) -> None:
    """Clear what these machines track of the trials' protocols without ports. Raises RunnerError without `conntrack`.

    All of a protocol at once: a stage's machines are there to be tried, nobody else's tunnels run through them.
    """
    protocols = sorted({protocol_of(trial.cell.traffic) for trial in trials if without_ports(trial)})
    for node in nodes:
        for protocol in protocols:
            node.runner.run(["conntrack", "-D", "-p", str(protocol)])  # exit 1: there was none
