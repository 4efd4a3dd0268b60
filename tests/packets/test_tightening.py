"""What the new policy denies stops in the instant of the flip; what it still allows loses nothing.

Connections speak in both directions, each packet dated. `apply` is held just before its last step, which forgets
connections: until there conntrack's entries are as they were, and the flip alone has stopped what was stopped.
"""

import pytest

from segctl.model.service import TCP, UDP
from tests.packets.chat import BACK, FORTH, Chat, Line, chatting, line
from tests.packets.net import Change
from tests.packets.point import Dated, Point, said
from tests.packets.raw import ear

pytestmark = pytest.mark.packets

BUSY, CALM = 1000, 100  # packets a second
BEFORE: tuple[Change, ...] = (
    (
        "flows:",
        """flows:
  - {name: gone, from: w1, to: d1, services: [udp/2001, tcp/2001], why: "removed"}
  - {name: before, from: web, to: db, services: [udp/2002, tcp/2002], why: "gets another name"}
  - {name: wider, from: web, to: db, services: [udp/2003, tcp/2003], why: "gets another port"}
""",
    ),
)
AFTER: tuple[Change, ...] = (
    (
        "flows:",
        """flows:
  - {name: wider, from: web, to: db, services: [udp/2003-2004, tcp/2003-2004], why: "gets another port"}
  - {name: added, from: [web, admin], to: db, services: [udp/2005, tcp/2005], why: "is new"}
  - {name: after, from: web, to: db, services: [udp/2002, tcp/2002], why: "gets another name"}
""",
    ),
    # the site in another order
    ('  db: {strictness: strict, members: [10.97.2.0/24, "fd97:2::/64"]}\n', ""),
    ("segments:\n", 'segments:\n  db: {strictness: strict, members: [10.97.2.0/24, "fd97:2::/64"]}\n'),
    ('  w1: {addresses: [10.97.1.1, "fd97:1::1"]}\n  w2: {addresses: [10.97.1.2, "fd97:1::2"]}\n', ""),
    (
        "  d1: {",
        '  w2: {addresses: [10.97.1.2, "fd97:1::2"]}\n  w1: {addresses: [10.97.1.1, "fd97:1::1"]}\n  d1: {',
    ),
)


def staying(point: Point, version: int) -> list[Line]:
    """What both generations allow: over one line, over another one in each; where one end alone speaks, too."""
    ends = point["w2"], point["d2"], version
    found = [
        line(kind, *ends, port, CALM, ways)
        for kind in ("udp", "tcp")
        for port, ways in ((1001, (FORTH, BACK)), (2002, (FORTH, BACK)), (2003, (FORTH, BACK)))
    ]
    ends = point["w1"], point["d2"], version
    return found + [line(kind, *ends, 2002, CALM, (way,)) for kind in ("udp", "tcp") for way in (FORTH, BACK)]


@pytest.mark.parametrize("version", [4, 6])
def test_the_flip_itself_stops_it(point: Point, version: int) -> None:
    point.fresh(said(*BEFORE))
    gone = [line(kind, point["w1"], point["d1"], version, 2001, BUSY) for kind in ("udp", "tcp")]
    live = staying(point, version)
    place = Dated(point.gateway)
    begun: list[int] = []
    stopped: list[dict[str, dict[str, tuple[int, int, int]]]] = []

    with chatting([*gone, *live]) as chat:

        def told(step: str) -> None:
            if step in ("flip", "let go"):
                begun.append(len(place.ran))
            if step == "tidy":
                stopped.append(_held_before_tidy(point, chat, gone, live, version))

        chat.more(200)
        numbers = {one.mark for one in point.tracked()}
        point.apply(said(*AFTER), told, place)
        chat.more(100, live)
        changed = {one.mark for one in point.tracked()}
        chat.end()
    (flip,) = place.ran[begun[0] : begun[1]]  # the one command of that step
    done = flip[2]
    for one in gone:
        for heard in chat.of(one):
            late = [date for date in heard.sent if date > done]
            print(f"\n  {one.name}: {len(late)} sent after the flip, of which came: {len(heard.after(done))}", end="")
            assert heard.after(done) == []
            assert len(heard.came) > 100
    for one in live:
        for heard in chat.of(one):
            assert (one.name, heard.missing, heard.lost, heard.broken) == (one.name, 0, 0, "")
            assert len(heard.after(done)) > 50
    assert numbers - changed, "some were renumbered"
    assert changed - numbers


def _held_before_tidy(
    point: Point, chat: Chat, gone: list[Line], live: list[Line], version: int
) -> dict[str, dict[str, tuple[int, int, int]]]:
    """Since the flip, with every entry of conntrack as it was: many more are sent, TCP sends again; nothing comes."""
    (udp, tcp) = gone
    chat.more(300, [udp])
    stopped = chat.counts()
    with ear(point["d1"]) as there, ear(point["w1"]) as here:
        chat.until(
            lambda now: all(now[tcp.name][way][2] >= max(2, stopped[tcp.name][way][2] + 1) for way in (FORTH, BACK))
        )
        chat.more(200, [udp])
        chat.more(20, live)
        frames = [frame for frame in (*there.listen(), *here.listen()) if not frame.outgoing]
    now = chat.counts()
    for one in gone:
        for way in (FORTH, BACK):
            assert now[one.name][way][1] == stopped[one.name][way][1], f"{one.name} {way} goes on"
    ports = [frame for frame in frames if (2001).to_bytes(2, "big") in _ports(frame.body)]
    assert ports == []
    assert any((2002).to_bytes(2, "big") in _ports(frame.body) for frame in frames), "the ears hear"
    tracked = [one.protocol for one in point.tracked() if one.dport == 2001 and one.family == version]
    assert sorted(tracked) == [TCP, UDP]
    return now


def _ports(body: bytes) -> tuple[bytes, bytes]:
    at = 40 if body[:1] and body[0] >> 4 == 6 else 20
    return body[at : at + 2], body[at + 2 : at + 4]
