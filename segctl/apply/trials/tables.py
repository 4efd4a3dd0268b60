"""Trials of tables: loaded, read, asleep, woken in one flip, filled."""

from dataclasses import replace
from datetime import UTC, datetime

from segctl.apply.slots import read_slots
from segctl.apply.trials.trial import OTHER, SLOT, Broken, expect
from segctl.compile import render_delete, render_flip, render_trial
from segctl.compile.pack import pack_map
from segctl.compile.ruleset import Element, Field, NamedMap
from segctl.compile.tokens import Name
from segctl.kernel import conntrack, netlink, nft
from segctl.kernel.bench import FAR, NEAR, Bench, behind, bench
from segctl.kernel.errors import KernelRefused, NotThere, SetFull
from segctl.kernel.frames import udp
from segctl.kernel.image import digest_elements, read_image
from segctl.kernel.tools import run_tool
from segctl.model.moment import milliseconds
from segctl.model.ranges import V6, parse_address
from segctl.runner import Runner

OLDEST_NFT = (1, 0, 6)
"""The oldest nft that our rules were tried with."""

_FORWARD, _INPUT, _OUTPUT = 2, 1, 3  # NF_INET_* (linux/netfilter.h)
_DROP = 0
_OPENED = 7, 8  # the ports that the two generations on trial drop


def the_tools(runner: Runner) -> None:
    """They are there, and nft isn't too old."""
    found = nft.version(runner)
    expect(found >= OLDEST_NFT, f"nft {'.'.join(map(str, found))} is here")


def conntrack_lists(runner: Runner) -> None:
    """The tool is there, and the kernel answers it."""
    run_tool(runner, ["conntrack", "--version"], "looking for conntrack")
    expect(not list(conntrack.entries(runner)), "an empty namespace has connections")


def hooks(runner: Runner) -> None:
    """A table for both families, on all three hooks."""
    with bench(runner) as gateway:
        nft.load(runner, render_trial("hooks", SLOT))
        based = {chain.hook: chain.policy for chain in read_image(runner, SLOT).chains}
        expect(based.keys() == {_FORWARD, _INPUT, _OUTPUT}, "the table isn't on the hooks forward, input and output")
        expect(based[_FORWARD] == _DROP, "the policy drop was not kept")
        for version in (4, 6):
            expect(not _crosses(gateway, 7, version), f"IPv{version} passes a policy that drops")


def checked(runner: Runner) -> None:
    """To ask whether nft would take rules changes nothing."""
    nft.check(runner, render_trial("hooks", SLOT))
    expect(not netlink.tables(runner), "`nft -c` loaded what it was to check")


def told_as_json(runner: Runner) -> None:
    """What is held can be read as JSON."""
    nft.load(runner, render_trial("hooks", SLOT))
    said = nft.list_ruleset_json(runner)["nftables"]
    chains = {one["chain"]["name"] for one in said if "chain" in one}
    expect(chains == {"forward", "input", "output"}, f"of three chains nft tells {', '.join(sorted(chains)) or 'none'}")


def order(runner: Runner) -> None:
    """A drop of one table is final, an accept isn't."""
    with bench(runner) as gateway:
        nft.load(runner, render_trial("order", SLOT, other=Name(OTHER)))
        expect(not _crosses(gateway, 7), "what the first table drops passes, as the second accepts it")
        expect(not _crosses(gateway, 8), "what the second table drops passes, as the first accepted it")
        expect(_crosses(gateway, 9), "what both let through is lost")


def _asleep(runner: Runner, slot: str, generation: int, port: int) -> None:
    name = Name(f"gen_{generation:08x}")
    nft.load(runner, render_trial("generation", slot, generation=name, port=port))


def _crosses(gateway: Bench, port: int, version: int = 4) -> bool:
    return gateway.crosses(udp(behind(NEAR, version), behind(FAR, version), 4000, port))


def dormant(runner: Runner) -> None:
    """A sleeping table does nothing, and a flip wakes it."""
    with bench(runner) as gateway:
        _asleep(runner, SLOT, 1, _OPENED[0])
        expect(read_slots(runner).live is None, "a table that was loaded asleep is awake")
        for version in (4, 6):
            expect(_crosses(gateway, _OPENED[0], version), f"a sleeping table drops IPv{version}")
        nft.load(runner, render_flip(SLOT, 1, None))
        for version in (4, 6):
            expect(not _crosses(gateway, _OPENED[0], version), f"a table that was woken lets IPv{version} pass")


def flip(runner: Runner) -> None:
    """One transaction wakes one table and puts the other to sleep, forth and back."""
    with bench(runner) as gateway:
        for slot, generation, port in ((SLOT, 1, _OPENED[0]), (OTHER, 2, _OPENED[1])):
            _asleep(runner, slot, generation, port)
        nft.load(runner, render_flip(SLOT, 1, None))
        for slot, generation, old in ((OTHER, 2, SLOT), (SLOT, 1, OTHER)):
            nft.load(runner, render_flip(slot, generation, old))
            live = read_slots(runner).live
            expect(live is not None and live.name == slot, f"after the flip {slot} isn't the one that is awake")
            dropped = _OPENED[generation - 1]
            expect(not _crosses(gateway, dropped), f"after the flip {slot} drops nothing")
            expect(_crosses(gateway, sum(_OPENED) - dropped), f"after the flip {old} still drops")


def guard(runner: Runner) -> None:
    """A flip to what isn't there fails whole: nothing is woken, made or put to sleep."""
    _asleep(runner, SLOT, 1, _OPENED[0])
    nft.load(runner, render_flip(SLOT, 1, None))
    _asleep(runner, OTHER, 2, _OPENED[1])
    before = netlink.tables(runner)
    _refused(runner, render_flip(OTHER, 3, SLOT), "a slot that holds another generation was woken")
    expect(netlink.tables(runner) == before, "a flip that was refused changed something")
    nft.load(runner, render_delete(OTHER))
    _refused(runner, render_flip(OTHER, 2, SLOT), "a slot that is gone was woken")
    expect(netlink.tables(runner) == before[:1], "a flip to a slot that is gone changed something")


def _refused(runner: Runner, text: str, otherwise: str) -> None:
    try:
        nft.load(runner, text)
    except NotThere:
        return
    except KernelRefused as error:
        raise Broken(f"it was refused for another reason: {error}") from error
    raise Broken(otherwise)


def _maps() -> tuple[NamedMap, ...]:
    """One of each kind that our rules have."""

    def net(text: str) -> tuple[int, int]:
        first = parse_address(text)
        return first, first + (255 if first < V6 else (1 << 64) - 1)

    nets = {4: ("192.0.2.0", "198.51.100.0", "203.0.113.0"), 6: ("2001:db8:1::", "2001:db8:2::", "2001:db8:3::")}
    classes = [
        NamedMap(
            Name(f"source{version}"), (Field.SADDR4 if version == 4 else Field.SADDR6,), Field.SOURCE,
            tuple(Element(net(text), 0x10000 + at) for at, text in enumerate(texts)), interval=True,
        )
        for version, texts in nets.items()
    ]  # fmt: skip
    pair = (Field.SOURCE, Field.TARGET, Field.PROTOCOL)
    ports = tuple(Element((0x10000, 0x20000, 17, port), port) for port in range(1, 101))
    lists = (Element((0x10001, 0x20000, 6), ("jump", "ports_1")), Element((0x10002, 0x20000, 6), ("goto", "ports_1")))
    later = datetime(2100, 1, 1, tzinfo=UTC)
    live = (Element(("near", "far", 0x101)), Element(("far", "near", 0x101), until=later))
    return (
        *classes,
        NamedMap(Name("flow_port"), (*pair, Field.PORT), Field.BASE, ports, counted=True),
        NamedMap(Name("flow_list"), pair, Field.VERDICT, lists),
        NamedMap(Name("live"), (Field.IN, Field.OUT, Field.NUMBER), None, live, timed=True),
    )


def elements(runner: Runner) -> None:
    """Elements go in by netlink, and come out as they went in."""
    maps = _maps()
    nft.load(runner, render_trial("elements", SLOT, maps=maps))
    packed = [pack_map(made).at(milliseconds(datetime.now(UTC))) for made in maps]
    netlink.add(runner, SLOT, packed)
    for sent, (name, found) in zip(packed, netlink.dump_sets(runner, SLOT, [one.name for one in packed]), strict=True):
        expect(digest_elements(found) == digest_elements(sent), f"the map {name} isn't read back as it was loaded")


def size(runner: Runner) -> None:
    """A set takes as many elements as it says, and not one more."""
    live = next(made for made in _maps() if made.name.text == "live")
    nft.load(runner, render_trial("elements", SLOT, maps=(live,)))
    full = replace(live, elements=tuple(Element(("near", "far", number)) for number in range(live.size)))
    netlink.add(runner, SLOT, [pack_map(full)])
    one = replace(live, elements=(Element(("near", "far", live.size)),))
    try:
        netlink.add(runner, SLOT, [pack_map(one)])
    except SetFull:
        return
    raise Broken("a set holds more elements than its size")


def read_back(runner: Runner) -> None:
    """The same text, loaded twice, is read back as the same rules."""
    images = []
    for _ in range(2):
        nft.load(runner, render_trial("hooks", SLOT))
        images.append(read_image(runner, SLOT).digest())
        nft.load(runner, render_delete(SLOT))
    expect(images[0] == images[1], "the same rules are read back otherwise the second time")
