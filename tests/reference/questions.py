"""Random questions on a site, where something changes: at the borders of everything that it names."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random

from segctl.model.flow import Flow, Guardrail, Management
from segctl.model.point import Interface
from segctl.model.ranges import V6, family
from segctl.model.selector import Block, Selector
from segctl.model.service import family_of, traffic
from segctl.model.site import Site
from tests.reference import build
from tests.reference.addresses import own_of_gateway, own_of_host, selected
from tests.reference.draw import AT, BORDERS, DENSE, ESSENTIAL, GROUPS
from tests.reference.essentials import HOSTS, TABLE, host_word_holds
from tests.reference.law import Question

WEIGHTS = (12, 4, 1, 1)  # how often an end is something that the site names, of a gateway's networks, special, anywhere
LINK_LOCAL = [build.span_of(text)[0] for text in ("fe80::7", "fe80::8")]
LAST = {4: (1 << 32) - 1, 6: V6 + (1 << 128) - 1}

Pools = dict[int, list[list[int]]]
"""By family: addresses to choose from, one list for each of WEIGHTS."""
Statement = Flow | Guardrail | Management


def random_questions(rng: Random, site: Site, count: int, at: datetime = AT) -> list[Question]:
    """Both ends of one family, times around `at`: some anywhere, some that a statement or an essential matches."""
    pools, places = address_pools(site), traffic_places(site)
    statements: list[Statement] = [*site.flows, *site.guardrails, *site.management]
    questions = []
    for _ in range(count):
        asked = random_question(rng, pools, places, at)
        kind = rng.random()
        if kind < 0.4 and statements:
            asked = aimed_at(rng, site, pools, rng.choice(statements), asked)
        elif kind > 0.8:
            asked = (local_to_host if site.hosts() and kind > 0.95 else local)(rng, site, asked)
        questions.append(asked)
    return questions


def random_question(rng: Random, pools: Pools, places: dict[int, list[int]], at: datetime) -> Question:
    of_family = pools[rng.choice((4, 4, 6))]
    source, destination = (rng.choice(rng.choices(of_family, WEIGHTS)[0]) for _ in range(2))
    moment = at + rng.choice((0, 0, 0, 0, 1, -1, 86_400, -86_400)) * timedelta(seconds=1)
    return Question(source, destination, random_place(rng, places, family(source)), moment)


def aimed_at(rng: Random, site: Site, pools: Pools, statement: Statement, asked: Question) -> Question:
    """Both ends and the service from what the statement names, as far as these have something of the family."""
    of_family = family(asked.source)
    addresses = [rng.choice(rng.choices(pools[of_family], WEIGHTS)[0]) for _ in range(20)]
    sources = [each for each in addresses if selected(site, statement.source, each, both=True)]
    if isinstance(statement, Management):
        own = pools[of_family][1]
        destinations = [each for each in own if own_of_gateway(site, each) or own_of_host(site, each)]
    else:
        destinations = [each for each in addresses if selected(site, statement.destination, each, both=True)]
    spans = [span for service in statement.services for span in service.traffic]
    places = [first for first, _ in spans if family_of(first) == of_family]
    return Question(
        rng.choice(sources or [asked.source]), rng.choice(destinations or [asked.destination]),
        rng.choice(places or [asked.traffic]), asked.at,
    )  # fmt: skip


def local(rng: Random, site: Site, asked: Question) -> Question:
    """A row of the essentials' table at some interface, its two ends perhaps at two interfaces."""
    interfaces = [each for point in site.gateways() for each in point.interfaces.values()]
    if not interfaces:
        return asked
    here = rng.choice(interfaces)
    there = here if rng.random() < 0.8 else rng.choice(interfaces)
    rows = [row for row in TABLE if not row.links or any(link in here.links for link in row.links.split())]
    row = rng.choice(rows if rng.random() < 0.8 else TABLE)
    source = rng.choice(of_word(rng, rng.choice(row.source.split(", ")), here) or [asked.source])
    fitting = [
        addresses
        for word in row.destination.split(", ")
        if (addresses := [each for each in of_word(rng, word, there) if family(each) == family(source)])
    ]
    if not fitting:
        return asked
    place = traffic(family(source), row.protocol, rng.choice(row.ports) if row.ports else 0)
    return Question(source, rng.choice(rng.choice(fitting)), place, asked.at)


def local_to_host(rng: Random, site: Site, asked: Question) -> Question:
    """A row of the essentials' table of host points, its ends what its words mean at one of them."""
    here = rng.choice(site.hosts())
    row = rng.choice(HOSTS)
    own = list(site.endpoints[str(here.endpoint)].addresses)
    pool = [*own, *LINK_LOCAL, *GROUPS, *BORDERS, asked.source, asked.destination]
    pool += [
        each.address for point in site.gateways() for there in point.interfaces.values() for each in there.addresses
    ]
    pairs = [(source, destination) for source in pool for destination in pool if family(source) == family(destination)]
    fitting = [
        pair for pair in pairs
        if any(host_word_holds(site, word, here, *pair) for word in row.source.split(", "))
        and any(host_word_holds(site, word, here, *pair[::-1]) for word in row.destination.split(", "))
    ]  # fmt: skip
    source, destination = rng.choice(fitting or [(asked.source, asked.destination)])
    return Question(source, destination, traffic(family(source), row.protocol, rng.choice(row.ports)), asked.at)


def of_word(rng: Random, word: str, interface: Interface) -> list[int]:
    """Some addresses that a word of the table means at this interface."""
    if word == "ll":
        return LINK_LOCAL
    if word in ("v4 own", "v6 own", "v4 net", "v6 net"):
        declared = [each for each in interface.addresses if family(each.address) == int(word[1])]
        if word.endswith("own"):
            return [each.address for each in declared]
        return [rng.choice((each.address, *each.network(), rng.randint(*each.network()))) for each in declared]
    first, last = build.span_of(word)
    return [first, last]


def random_place(rng: Random, places: dict[int, list[int]], of_family: int) -> int:
    """A kind of packet: mostly one at a border of a service that the site or an essential names."""
    if rng.random() < 0.9:
        return rng.choice(places[of_family])
    protocol = rng.choice((1, 2, 6, 17, 47, 50, 58, 89, 112, 132, rng.randrange(256)))
    return traffic(of_family, protocol, rng.choice((0, 8, 22, 135, 443, 0xFFFF, rng.randrange(0x10000))))


def address_pools(site: Site) -> Pools:
    """Everything that the site names, with its neighbours; gateways and their networks; special ones; any."""
    spans = [(each, each) for endpoint in site.endpoints.values() for each in endpoint.addresses]
    spans += [span for block in blocks_of(site) for span in block.addresses]
    named = {each for first, last in spans for each in (first - 1, first, (first + last) // 2, last, last + 1)}
    declared = [each for point in site.gateways() for there in point.interfaces.values() for each in there.addresses]
    own = {each.address + step for each in declared for step in (-1, 0, 1)}
    own |= {address for point in site.hosts() for address in site.endpoints[str(point.endpoint)].addresses}
    own |= {address for each in declared for address in (*each.network(), each.network()[1] - 1)}
    return {number: family_pools(number, named, own) for number in (4, 6)}


def family_pools(number: int, named: set[int], own: set[int]) -> list[list[int]]:
    first, last = (0, LAST[4]) if number == 4 else (V6, LAST[6])
    anywhere = Random(number)
    groups: list[Iterable[int]] = [
        named | set(DENSE[::9]), own | set(DENSE[::9]), BORDERS + GROUPS * 2,
        [anywhere.randint(first, last) for _ in range(20)],
    ]  # fmt: skip
    return [sorted(each for each in group if first <= each <= last) for group in groups]


def blocks_of(site: Site) -> Iterable[Block]:
    """All blocks that members and statements name."""
    named: list[Selector] = [member for segment in site.segments.values() for member in segment.members]
    for flow in site.flows:
        named += flow.source + flow.destination + flow.source_except + flow.destination_except
    for guardrail in site.guardrails:
        named += guardrail.source + guardrail.destination
    for entry in site.management:
        named += entry.source
    return (selector for selector in named if isinstance(selector, Block))


def traffic_places(site: Site) -> dict[int, list[int]]:
    """By family: the first and last place of all that a service, a mode or an essential names, and those beside it."""
    named = [service.traffic for flow in site.flows for service in flow.services]
    named += [service.traffic for guardrail in site.guardrails for service in guardrail.services]
    named += [service.traffic for entry in site.management for service in entry.services] * 2
    named += [segment.mode.services for segment in site.segments.values() if segment.mode is not None]
    named += [build.service(text).traffic for text in ESSENTIAL]
    out: dict[int, list[int]] = {}
    for number in (4, 6):
        first, last = traffic(number, 0), traffic(number, 255, 0xFFFF)
        near = [each + step for held in named for span in held for each in span for step in (-1, 0, 0, 0, 1)]
        out[number] = [each for each in near if first <= each <= last]
    return out
