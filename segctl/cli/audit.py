"""audit: what rules let through that no site stands behind."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from segctl.cli.exits import Exit
from segctl.cli.options import Command, Settings, format_option, settings
from segctl.cli.output import write

if TYPE_CHECKING:
    from segctl.model.ranges import Ranges


def _behind(context: click.Context, parameter: click.Parameter, said: tuple[str, ...]) -> "dict[str, Ranges]":
    """`eth1=10.0.1.0/24,10.0.2.0/24`."""
    from segctl.model.ranges import Ranges, parse_address, prefix

    out: dict[str, Ranges] = {}
    for one in said:
        name, _, blocks = one.partition("=")
        try:
            spans = []
            for block in blocks.split(","):
                address, _, length = block.strip().partition("/")
                first = parse_address(address)
                most = 128 if ":" in address else 32
                if length and not 0 <= int(length) <= most:
                    raise ValueError(f"'{block}' has no such length")
                spans.append(prefix(first, int(length) if length else most))
        except ValueError as error:
            help = "write INTERFACE=BLOCK,…, as eth1=10.0.1.0/24"
            raise click.BadParameter(f"'{one}': {error}: {help}", context, parameter) from error
        if not name:
            raise click.BadParameter(f"'{one}' names no interface", context, parameter)
        out[name] = out.get(name, Ranges()) | Ranges.of(spans)
    return out


def _codes(context: click.Context, parameter: click.Parameter, said: tuple[str, ...]) -> frozenset[str]:
    from segctl.draft.result import CODES

    for one in said:
        if one not in CODES:
            raise click.BadParameter(f"no finding '{one}'; they are {', '.join(CODES)}", context, parameter)
    return frozenset(said)


@click.command(
    cls=Command,
    examples=(
        "audit rules.nft",
        "audit rules.nft --family 4 --behind eth1=10.0.1.0/24 --except source-loopback --format json",
    ),
)
@click.argument("files", metavar="FILE…", nargs=-1, required=True,
                type=click.Path(path_type=Path, exists=True, dir_okay=False))  # fmt: skip
@click.option("--family", type=click.Choice(("4", "6")), help="Only IPv4, or only IPv6; default what FILE speaks of.")
@click.option("--behind", metavar="INTERFACE=BLOCK,…", multiple=True, callback=_behind,
              help="What lives behind it (lo: the machine itself), in place of what the rules say.")  # fmt: skip
@click.option("--except", "without", metavar="CODE", multiple=True, callback=_codes,
              help="Leave such findings out.")  # fmt: skip
@format_option("text", "json")
@settings
def audit(settings: Settings, files: tuple[Path, ...], family: str | None, behind: "dict[str, Ranges]",
          without: frozenset[str], format_: str) -> Exit:  # fmt: skip
    """Say what somebody else's rules let through: who may open connections to whom, and what is odd about the rules.

    FILE is what `nft (-j) list ruleset`, iptables-save, ip6tables-save or ipset save wrote, or an nftables.conf; all
    FILEs are of one machine. No site is needed. Found are rules that are shadowed, redundant or out of reach, sources
    accepted from where they can't live, and IPv6 left open. Exit 0 nothing found, 1 something was, 5 nothing was, but
    some rule isn't modelled that bears on the answer, and it is named.
    """
    from segctl.draft import uncollected
    from segctl.draft.audit import audit as audit_rules
    from segctl.model.escaped import escaped
    from segctl.report.audit import audit_json, audit_lines

    with uncollected():
        found = audit_rules(files, (int(family),) if family else (), behind, without)
    if format_ == "json":
        click.echo(json.dumps(audit_json(found), indent=1, ensure_ascii=False))
    else:
        write(map(escaped, audit_lines(found)))
    if found.findings:
        return Exit.NO
    return Exit.NO_ANSWER if found.unanswered else Exit.YES
