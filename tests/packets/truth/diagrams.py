"""The second engine as the evaluator under test: each listing walked whole, once, then asked for its packets."""

from collections.abc import Iterator
from dataclasses import replace

from segctl.listing.rule import Listing
from segctl.prove import Packet
from tests.diagrams import Walks, asked, walks
from tests.packets.truth.model import Said


class Diagrammed:
    """A `Model` that remembers the last listing."""

    def __init__(self) -> None:
        self._last: tuple[Listing, Walks] | None = None

    def __call__(self, listing: Listing, packet: Packet) -> Said:
        try:
            if self._last is None or self._last[0] is not listing:
                self._last = listing, walks(listing)
            held = self._last[1]
            found = next((ends for one in _as_said(packet) if (ends := asked(held, one))), set())
        except Exception as error:
            return Said(None, fault=repr(error))
        if len(found) == 1:
            return Said(found.pop())
        return Said(None, ("several ends",) if found else ("conntrack says otherwise",))


def _as_said(packet: Packet) -> Iterator[Packet]:
    """As conntrack says it, or once a rule told it to leave the packet alone; where no rule asks, it says nothing."""
    yield packet
    yield replace(packet, state="untracked", direction="original", connection_mark=0)
    if packet.state == "untracked":
        yield replace(packet, state="invalid", direction="original", connection_mark=0)
