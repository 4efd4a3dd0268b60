"""Flows that name a block of addresses where only a few of them are of machines that the site knows."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from segctl.model.diagnostic import Diagnostic
from segctl.model.flow import Flow
from segctl.model.selector import Block
from segctl.policy import Policy
from segctl.policy.waive import waived

CODE = "wider-than-needed"
_NAMED = 3


def wider(policy: Policy) -> Iterator[Diagnostic]:
    """A block without any known machine is left alone: then nothing says what is needed."""
    known = sorted((address, one.name) for one in policy.site.endpoints.values() for address in one.addresses)
    addresses = [address for address, _ in known]
    for flow in policy.site.flows if known else ():
        if waived(flow.waive, CODE):
            continue
        for block in _blocks(flow):
            those = known[bisect_left(addresses, block.first) : bisect_right(addresses, block.last)]
            size = block.last - block.first + 1
            if 0 < len(those) < size:
                where = f"{block.text}, {_many(size)} addresses"
                what = f"flow '{flow.name}' names {where}, where the site knows {_names(name for _, name in those)}"
                yield Diagnostic(block.span, CODE, what, "name these endpoints, their labels, or a segment")


def _names(those: Iterable[str]) -> str:
    names = list(dict.fromkeys(those))
    shown = ", ".join(f"'{name}'" for name in names[:_NAMED])
    return shown + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _blocks(flow: Flow) -> Iterator[Block]:
    return (one for one in (*flow.source, *flow.destination) if isinstance(one, Block) and one.first < one.last)


def _many(size: int) -> str:
    """IPv6 networks have more addresses than anybody reads."""
    return str(size) if size < 1 << 32 else f"2^{size.bit_length() - 1}" if size & (size - 1) == 0 else f"{size:.0e}"
