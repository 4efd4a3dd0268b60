"""prove: what the kernel holds equals the intent, for every packet."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from segctl.cli.exits import Exit
from segctl.cli.live import print_trace, seconds, trace_exit
from segctl.cli.options import (
    Command,
    Settings,
    at_option,
    choose_point,
    format_option,
    netns_option,
    point_option,
    policy_of,
    settings,
)
from segctl.cli.output import write
from segctl.cli.place import runner_of

if TYPE_CHECKING:
    from segctl.listing import Listing
    from segctl.model.packet import Packet
    from segctl.model.point import Point
    from segctl.policy import Policy
    from segctl.prove import Proof
    from segctl.runner import Runner


@click.command(
    cls=Command,
    examples=(
        "prove --netns sg-shop-gw1",
        "prove --point gw1 --file rules.nft --as-if-awake segctl_a --format json",
        "prove --netns sg-shop-gw1 --trace 'in eth1 out eth2 10.0.1.11 -> 10.0.2.20 tcp 40000 -> 8443'",
        "prove --netns sg-shop-gw1 --trace 'in eth1 out eth2 any -> 10.0.2.20 tcp any -> 8443' --live --wait 5s",
    ),
)
@point_option
@netns_option
@click.option("--file", "files", type=click.Path(path_type=Path, exists=True, dir_okay=False), multiple=True,
              help="Rules that were saved, in place of a kernel's: nft (-j) list ruleset, iptables-save, "
                   "ip6tables-save, ipset save; several are taken together.")  # fmt: skip
@click.option(
    "--as-if-awake", metavar="TABLE", help="Of our two tables, the one that is looked at as if it were awake."
)
@click.option("--trace", metavar="PACKET", help="Follow one packet through every rule that it meets, in place of all.")
@click.option("--live", is_flag=True,
              help="With --trace: wait for the next real packet of these words, in which an address, a port or an "
                   "ICMP type may be 'any', and show beside the model's way the kernel's own trace of it.")  # fmt: skip
@click.option("--wait", metavar="TIME", default="10s", show_default=True, callback=seconds,
              help="With --live: how long, as 30s or 2m.")  # fmt: skip
@at_option
@format_option("text", "json")
@settings
def prove(
    settings: Settings,
    point: str | None,
    netns: str | None,
    files: tuple[Path, ...],
    as_if_awake: str | None,
    trace: str | None,
    live: bool,
    wait: float,
    at: datetime,
    format_: str,
) -> Exit:
    """Show that a point's rules do with every packet what the site means, or a packet that tells the two apart.

    The rules are read back from the kernel (or from files) and evaluated for all packets, not for samples. Exit 0
    proven, 1 different, 5 unproven: some rule isn't understood, and it is named. With --trace, 0 it passes, 1 it
    doesn't; with --live, 5 no such packet came, or model and kernel don't agree.
    """
    if live and (trace is None or files or as_if_awake is not None):
        raise click.UsageError("--live goes with --trace, on a kernel as it is: not with --file or --as-if-awake")
    loaded = settings.load()
    policy = policy_of(settings, at, loaded)
    chosen = policy.site.points[choose_point(policy.site, point)]
    if live and trace is not None:
        from segctl.cli.live import trace_live

        return trace_live(settings, runner_of(chosen.where, netns), trace, wait, format_)
    packet = _packet(trace) if trace is not None else None
    listing = _listing(chosen, netns, files)
    if packet is not None:
        return _trace(listing, packet, _awake(as_if_awake), format_)

    from segctl.load.stamp import digest_of
    from segctl.prove import Found
    from segctl.prove import prove as prove_rules

    policy = policy if files else _held(policy, runner_of(chosen.where, netns), at)
    proof = prove_rules(listing, policy, chosen, at, digest_of(loaded.stamp), _awake(as_if_awake))
    _print(proof, format_)
    return {Found.PROVEN: Exit.YES, Found.DIFFERENT: Exit.NO, Found.UNPROVEN: Exit.NO_ANSWER}[proof.found]


def _held(policy: "Policy", runner: "Runner", at: datetime) -> "Policy":
    """With what is held at run time there."""
    from segctl.apply.flip import side_of
    from segctl.apply.overlay import overlay
    from segctl.apply.slots import read_slots
    from segctl.model.moment import milliseconds
    from segctl.store import state_of

    with state_of(runner, make=False) as state:
        live = read_slots(runner).live if state is not None else None
        side = side_of(state, live.generation) if state is not None and live is not None else None
        if state is None or side is None:
            return policy
        return overlay(side, state.overrides.active(milliseconds(at))).over(policy)


def _listing(point: "Point", netns: str | None, files: tuple[Path, ...]) -> "Listing":
    """What a kernel says, or files do."""
    if files:
        if netns is not None:
            raise click.UsageError("--file or --netns: the rules are in one place")
        from segctl.listing.saved import read_files

        return read_files(files)
    runner = runner_of(point.where, netns)

    from segctl.apply.reading import read_listing

    return read_listing(runner)


def _packet(words: str) -> "Packet":
    from segctl.load.packets import NoPacket, parse_packet

    try:
        return parse_packet(words)
    except NoPacket as error:
        raise click.BadParameter(str(error), param_hint="--trace") from error


def _trace(listing: "Listing", packet: "Packet", awake: dict[tuple[str, str], bool] | None, format_: str) -> Exit:
    """One packet: exit 0 if it passes, 1 if not, 5 if nobody can say."""
    from segctl.prove import follow, said

    trace = follow(listing, packet, awake)
    print_trace(said(trace), format_)
    return trace_exit(trace.ending)


def _awake(table: str | None) -> dict[tuple[str, str], bool] | None:
    if table is None:
        return None
    from segctl.apply.slots import SLOTS

    if table not in SLOTS:
        raise click.UsageError(f"--as-if-awake is one of {', '.join(SLOTS)}")
    return {("inet", slot): slot == table for slot in SLOTS}


def _print(proof: "Proof", format_: str) -> None:
    from segctl.report.proof import proof_json, proof_lines

    if format_ == "json":
        click.echo(json.dumps(proof_json(proof), indent=1, ensure_ascii=False))
    else:
        write(proof_lines(proof))
