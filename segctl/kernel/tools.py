"""The programs that we start: which package brings each, and how their ends are judged."""

from collections.abc import Sequence

from segctl.kernel.errors import ToolCrashed, ToolMissing, refused_in_words
from segctl.runner import Completed, NoSuchTool, Runner

PACKAGES = {
    "nft": "nftables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "dot": "graphviz",
    "iptables-save": "iptables",
    "ipset": "ipset",
}
"""Program to Debian package."""


def run_tool(
    runner: Runner,
    argv: Sequence[str],
    doing: str,
    *,
    stdin: bytes | str | None = None,
    timeout: float | None = 600.0,
    help_if_crashed: str = "",
) -> Completed:
    """Run it, and return only if it ended well.

    `doing` begins the message of a failure. Raises ToolMissing, ToolCrashed, and KernelRefused in its kinds;
    the runner's own errors (no such place, too slow) pass through.
    """
    try:
        done = runner.run(argv, stdin=stdin, timeout=timeout)
    except NoSuchTool as error:
        raise ToolMissing(error.tool, PACKAGES.get(error.tool, "")) from error
    if done.code < 0:
        raise ToolCrashed(argv[0], -done.code, help_if_crashed)
    if done.code > 0:
        raise refused_in_words(f"{doing} on {runner.where}", done.stderr)
    return done
