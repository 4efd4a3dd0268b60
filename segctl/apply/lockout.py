"""Before anything is loaded: would the new rules lock out who is managing this point right now?"""

import os
from collections.abc import Iterator
from datetime import datetime

from segctl.apply.result import CannotApply, NotApplied
from segctl.apply.slots import SLOTS
from segctl.kernel.routes import interfaces_towards
from segctl.kernel.sockets import Socket, established, programs
from segctl.listing.rule import Ending, Listing
from segctl.model.decision import Effect
from segctl.model.packet import Packet, Way
from segctl.model.point import PointKind
from segctl.model.ranges import family, show_address
from segctl.model.service import TCP, port_of, protocol_of, traffic
from segctl.policy import Policy, judge_at_point
from segctl.policy.coverage import behind
from segctl.policy.effect import loose
from segctl.runner import Runner

_SSH = 22
_SYN = 0x02
_SERVER = "sshd"


def demand_management(runner: Runner, policy: Policy, point: str, at: datetime) -> None:
    """CannotApply, naming each connection, if sessions of management that exist now would not pass."""
    lost = [f"{one}: {why}" for one in sessions(runner, policy) if (why := _refused(runner, policy, point, one, at))]
    if lost:
        raise CannotApply(
            f"the new rules would cut who manages {runner.where}: {'; '.join(lost)}",
            "declare who that is under `management`, or work from a source that is declared there",
        )


def demand_way_in(runner: Runner, listing: Listing, slot: str) -> None:
    """The same where no site is at hand: by the rules that sleep in a slot, as if they were awake."""
    from segctl.prove import follow

    awake = {("inet", name): name == slot for name in SLOTS}
    lost = []
    for one in sessions(runner, None):
        where = interfaces_towards(runner, [one.remote]).get(one.remote)
        if not where:
            continue
        ends = one.remote, one.local, TCP, one.remote_port, one.local_port
        packet = Packet(Way.INPUT, where, "", *ends, flags=_SYN)
        if follow(listing, packet, awake).ending is not Ending.ACCEPT:
            lost.append(str(one))
    if lost:
        raise NotApplied(
            f"the planned rules would cut who manages {runner.where}: {'; '.join(lost)}",
            "declare who that is under `management`, plan and apply again",
        )


def sessions(runner: Runner, policy: Policy | None) -> list[Socket]:
    """Connections to this point's sshd, to a management service, and the one that this command was typed over."""
    ports = {_SSH, *_ours()}
    for statement in policy.management.items if policy is not None else ():
        ports |= {port_of(first) for first, last in statement.traffic if first == last and protocol_of(first) == TCP}
    found = established(runner)
    servers = programs(found)
    return [one for one in found if one.local_port in ports or servers.get(one.inode, "").startswith(_SERVER)]


def _ours() -> Iterator[int]:
    """The server's port of the session that we are in (sshd(8), SSH_CONNECTION: client, port, server, port)."""
    words = os.environ.get("SSH_CONNECTION", "").split()
    if len(words) == 4 and words[3].isdigit():
        yield int(words[3])


def _refused(runner: Runner, policy: Policy, point: str, one: Socket, at: datetime) -> str:
    """Why a session would not pass; "" if it would."""
    where = interfaces_towards(runner, [one.remote]).get(one.remote)
    if where == "":
        return ""  # it comes from the point itself
    outcome = judge_at_point(policy, one.remote, one.local, traffic(family(one.remote), TCP, one.local_port), at)
    if outcome.effect is not Effect.PASS:
        return outcome.decision.reason
    gateway = policy.site.points[point]
    if gateway.kind is not PointKind.GATEWAY or where is None:
        return ""
    interface = gateway.interfaces.get(where)
    if interface is None:
        return f"it comes by {where}, which the site doesn't list"
    if where not in behind(policy, gateway, one.remote) and not loose(policy, interface):
        return f"it comes by {where}, behind which {show_address(one.remote)} doesn't live"
    return ""
