"""Which rules of a kernel carry a decision out, as lines of text and as plain values for JSON."""

from collections.abc import Iterable, Iterator

from segctl.apply.result import Carried
from segctl.model.ranges import show_address
from segctl.report.proof import show_packet, show_rule


def show_carried(where: str, found: Iterable[Carried]) -> Iterator[str]:
    """Of one connection of each part of an answer."""
    yield ""
    yield f"at {where}:"
    for one in found:
        yield f"  {show_packet(one.packet)}"
        yield f"    {one.ending or 'nobody can say: ' + '; '.join(one.doubts)}"
        yield from (f"    {show_rule(rule)}" for rule in one.rules)
        if one.otherwise:
            yield f"    OTHERWISE than the site, which says {one.wanted}: segctl status and overrides tell why"
        if one.hits is not None:
            yield f"    hits: {one.hits} of {one.counts}"


def plain_carried(found: Iterable[Carried]) -> list[dict[str, object]]:
    """The same."""
    return [
        {
            "source": show_address(one.packet.source),
            "destination": show_address(one.packet.destination),
            "protocol": one.packet.protocol,
            "into": one.packet.iif or None,
            "out": one.packet.oif or None,
            "ending": one.ending,
            "rules": [{"table": r.table, "chain": r.chain, "handle": r.handle, "text": r.text} for r in one.rules],
            "wanted": one.wanted,
            "otherwise": one.otherwise,
            "hits": one.hits,
            "counts": one.counts or None,
            "doubts": list(one.doubts),
        }
        for one in found
    ]
