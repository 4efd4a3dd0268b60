"""All packets at once, and one alone: the class engine and the trace of a packet are of one mind.

Rules of random sites, with tables of others around them; random packets, mostly of values that the rules know.
"""

from random import Random

import pytest

from segctl.compile import compile_point, render_table
from segctl.listing import nft_text
from segctl.listing.rule import STATES, Ending, Listing
from segctl.model.packet import Packet, Way
from segctl.model.ranges import V6
from segctl.prove import follow
from segctl.prove.bundle import FEWEST
from segctl.prove.engine import Evaluated, evaluate
from segctl.prove.row import Decided
from tests.property.test_prove import AWAKE, random_policy
from tests.strategies import AT

OTHERS = """
table ip raw { chain pre { type filter hook prerouting priority raw; policy accept; udp dport 1-1000 notrack } }
table inet other {
 map marks { typeof ip saddr . meta l4proto : meta mark; elements = { 10.0.0.1 . tcp : 5, 10.0.0.2 . udp : 6 } }
 chain helper { tcp dport { 22, 80-90 } return
  meta mark & 0xf == 5 goto drops
  ct mark & 0x80000000 != 0 counter }
 chain drops { ct state new drop }
 chain pre { type filter hook prerouting priority mangle; policy accept
  meta mark set ip saddr . meta l4proto map @marks }
 chain f { type filter hook forward priority 5; policy accept
  jump helper
  icmp type vmap { 3 : accept, 8 : jump drops }
  tcp flags & (syn|ack) == ack ct direction reply ip ttl < 5 drop }
}
"""


def known(evaluated: Evaluated, axis: str, rng: Random) -> int:
    """A value of an axis: the first of some class, or the one beside it."""
    found = evaluated.space.axes[evaluated.space.index[axis]]
    return max(0, min(found.last, rng.choice(list(found.firsts)) + rng.choice((0, 0, 0, -1, 1))))


def packet_of(evaluated: Evaluated, rng: Random) -> Packet:
    """A packet that conntrack can say something of."""
    state = rng.choice(sorted(set(STATES) - {"untracked"}))
    fresh = state in ("new", "invalid")
    bias = V6 if evaluated.family == 6 else 0
    forward = evaluated.way is Way.FORWARD
    faces = ("eth0", "eth1", "eth2", "other0")
    named = {
        name: known(evaluated, name, rng)
        for name in evaluated.space.index
        if "[" not in name and " " in name and name not in ("ct mark", "meta mark", "meta priority")
    }
    return Packet(
        way=evaluated.way,
        iif="" if evaluated.way is Way.OUTPUT else rng.choice(faces),
        oif="" if evaluated.way is Way.INPUT else rng.choice(faces),
        source=bias + known(evaluated, "saddr", rng),
        destination=bias + known(evaluated, "daddr", rng),
        protocol=rng.choice((6, 6, 17, 1, 58, 47)),
        head=known(evaluated, "head", rng),
        tail=known(evaluated, "tail", rng),
        flags=known(evaluated, "flags", rng),
        state=state,
        direction="original" if fresh or rng.random() < 0.5 else "reply",
        connection_mark=0 if fresh else known(evaluated, "ct mark[0:31]", rng) | rng.choice((0, 1 << 31)),
        priority=0 if not forward or evaluated.family == 4 else 3,
        fields=named,
    )


def first(evaluated: Evaluated, packet: Packet) -> list[Decided]:
    """The rows that decide a packet: those that may, up to the first that does."""
    values = {
        "iif": int.from_bytes(packet.iif.encode().ljust(16, b"\0"), "big"),
        "oif": int.from_bytes(packet.oif.encode().ljust(16, b"\0"), "big"),
        "saddr": packet.source % V6,
        "daddr": packet.destination % V6,
        "proto": packet.protocol,
        "head": packet.head,
        "tail": packet.tail,
        "flags": packet.flags,
        "state": STATES[packet.state],
        "direction": int(packet.direction == "reply"),
        **packet.fields,
    }
    for name, whole in (("ct mark", packet.connection_mark), ("meta mark", 0), ("meta priority", packet.priority)):
        for part in evaluated.registers[name]:
            values[part.axis] = (whole & part.mask) >> part.low
    places = [axis.class_of(values[axis.name]) if not axis.derived else 0 for axis in evaluated.space.axes]
    for bundle in evaluated.bundles:
        hit = (
            element
            for element, limits in enumerate(bundle.limits)
            if limits is not None and all(mask >> places[at] & 1 for at, mask in limits)
        )
        places[bundle.at] = next(hit, len(bundle.limits))
    out = []
    for one in evaluated.decided:
        if all(mask >> place & 1 for mask, place in zip(one.cube, places, strict=True)):
            out.append(one)
            if not one.maybe:
                break
    return out


def agree(listing: Listing, evaluated: Evaluated, rng: Random, count: int) -> None:
    for _ in range(count):
        packet = packet_of(evaluated, rng)
        alone = follow(listing, packet, AWAKE)
        together = {one.ending for one in first(evaluated, packet)}
        if together == {Ending.CONTINUE}:
            continue  # a rule un-tracks it, so that conntrack can't say this of it
        if alone.ending is not None:
            assert together == {alone.ending}, (packet, alone.met)
        else:
            assert len(together) > 1 or None in together


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("others", ["", OTHERS], ids=["alone", "among others"])
@pytest.mark.parametrize("fewest", [2, FEWEST], ids=["bundled", "one by one"])
def test_one_mind(seed: int, others: str, fewest: int) -> None:
    policy = random_policy(seed)
    rng = Random(seed)
    for point in (*policy.site.gateways()[:1], *policy.site.hosts()[:1]):
        text = render_table(compile_point(policy, point.name, AT), "segctl_a", 1, AT)
        listing = nft_text.parse(text + others)
        for family in (4, 6):
            for way in Way:
                evaluated = evaluate(listing, way, family, awake=AWAKE, fewest=fewest)
                agree(listing, evaluated, rng, 60)
