"""Trials of connections: tracked asleep, numbered, live, ended."""

import time
from collections.abc import Callable

from segctl.apply.trials.trial import PATIENCE, SLOT, expect
from segctl.compile import render_delete, render_trial
from segctl.kernel import conntrack, netlink, nft
from segctl.kernel.bench import FAR, NEAR, Bench, behind, bench
from segctl.kernel.frames import ACK, CWR, ECE, SYN, tcp, udp
from segctl.runner import Runner

_PORT, _SWAPPED_PORT = 7, 8  # of templates/nftables/trials/numbers.nft.j2
_NUMBER, _SWAPPED, _NOT_LIVE = 0x101, 0x80000101, 0x102
_ENDS = 100  # milliseconds
_FOR_EVER = 3_600_000
_VERSIONS = (4, 6)


def _there(version: int, port: int = _PORT, flags: int | None = None) -> bytes:
    """From near to far."""
    ends = behind(NEAR, version), behind(FAR, version), 4000, port
    return udp(*ends) if flags is None else tcp(*ends, flags)


def _back(version: int, port: int = _PORT, flags: int | None = None) -> bytes:
    """The answer."""
    ends = behind(FAR, version), behind(NEAR, version), port, 4000
    return udp(*ends) if flags is None else tcp(*ends, flags)


def priming(runner: Runner) -> None:
    """A sleeping table already makes the kernel track, TCP also mid-stream."""
    with bench(runner) as gateway:
        nft.load(runner, render_trial("tracking", SLOT))
        for version in _VERSIONS:
            for packet, at in ((_there(version), NEAR), (_there(version, 9, ACK), NEAR), (_back(version, 9, ACK), FAR)):
                expect(gateway.crosses(packet, at), "a sleeping table drops packets")
        found = {(one.family, one.protocol, one.state) for one in conntrack.entries(runner)}
        for version in _VERSIONS:
            expect((version, 17, "") in found, f"no IPv{version} connection was tracked while the table slept")
            picked = (version, 6, "ESTABLISHED") in found
            expect(picked, f"a TCP connection over IPv{version} was not picked up mid-stream")


def states(runner: Runner) -> None:
    """New, established, invalid; original and reply."""
    with bench(runner) as gateway:
        nft.load(runner, render_trial("states", SLOT))
        for version in _VERSIONS:
            expect(not gateway.crosses(_back(version), FAR), f"IPv{version}: an answer passes that nobody asked for")
            expect(gateway.crosses(_there(version)), f"IPv{version}: a new connection isn't known as new")
            expect(gateway.crosses(_back(version), FAR), f"IPv{version}: an answer isn't known as a reply")
            expect(gateway.crosses(_there(version)), f"IPv{version}: a second packet isn't known as established")
            expect(not gateway.crosses(_there(version, 9, 0)), f"IPv{version}: TCP without a flag isn't invalid")
            expect(gateway.crosses(_there(version, 10, SYN)), f"IPv{version}: a SYN is invalid")


def opening(gateway: Bench) -> None:
    """Only SYN opens TCP, whatever its ECN bits."""
    for version in _VERSIONS:
        expect(not gateway.crosses(_there(version, 9, ACK)), f"IPv{version}: a lone ACK opens a connection")
        expect(gateway.crosses(_there(version, 10, SYN)), f"IPv{version}: a SYN doesn't open one")
        expect(gateway.crosses(_there(version, 11, SYN | ECE | CWR)), f"IPv{version}: a SYN with ECN doesn't open one")


def _number_of(runner: Runner, port: int) -> set[int]:
    return {one.mark for one in conntrack.entries(runner) if one.dport == port}


def numbers(runner: Runner) -> None:
    """A connection gets its number by a map; it can be given another, and be cut by it."""
    with bench(runner) as gateway:
        nft.load(runner, render_trial("numbers", SLOT, milliseconds=_FOR_EVER))
        for version in _VERSIONS:
            expect(gateway.crosses(_there(version)), f"IPv{version}: a connection that gets a number is dropped")
        expect(_number_of(runner, _PORT) == {_NUMBER}, "a connection doesn't have the number that the map says")
        renumbered = [(one, _NOT_LIVE) for one in conntrack.entries(runner)]
        expect(not conntrack.set_marks(runner, renumbered), "a connection can't be renumbered")
        expect(not gateway.crosses(_back(4), FAR), "a connection passes whose number isn't live")
        expect(_number_of(runner, _PORT) == {_NOT_LIVE}, "a connection doesn't have the number that it was given")
        conntrack.cut(runner, _NOT_LIVE)
        expect(not _number_of(runner, _PORT), "connections can't be cut by their number")


def live(runner: Runner) -> None:
    """Established passes by the interfaces and the masked number; for a swapped one too."""
    with bench(runner) as gateway:
        nft.load(runner, render_trial("numbers", SLOT, milliseconds=_FOR_EVER))
        for version in _VERSIONS:
            for port in (_PORT, _SWAPPED_PORT):
                expect(gateway.crosses(_there(version, port)), f"IPv{version}: a new connection is dropped")
                expect(gateway.crosses(_back(version, port), FAR), f"IPv{version}: the answer of a live one is dropped")
                expect(gateway.crosses(_there(version, port)), f"IPv{version}: a live connection is dropped")
        expect(_number_of(runner, _SWAPPED_PORT) == {_SWAPPED}, "the highest bit can't be added to a number")


def live_ends(runner: Runner) -> None:
    """A live element that ends takes its direction with it, and nothing else."""
    with bench(runner) as gateway:
        nft.load(runner, render_trial("numbers", SLOT, milliseconds=_ENDS))
        gateway.crosses(_there(4))
        gateway.crosses(_back(4), FAR)
        expect(_comes(lambda: not gateway.crosses(_there(4))), "a live element that ended still lets packets pass")
        expect(gateway.crosses(_back(4), FAR), "an element without an end is gone")


def ends_asleep(runner: Runner) -> None:
    """An element's end comes in a sleeping table as well. Who looks too late, on a busy machine, takes a later end."""
    for ends in (_ENDS, 10 * _ENDS, 100 * _ENDS):
        nft.load(runner, render_trial("ending", SLOT, milliseconds=ends))
        if found := len(netlink.dump(runner, SLOT, "live")) == 2:
            break
        nft.load(runner, render_delete(SLOT))
    expect(found, "an element with an end isn't loaded")
    gone = _comes(lambda: len(netlink.dump(runner, SLOT, "live")) == 1, PATIENCE + ends / 1000)
    expect(gone, "an element doesn't end in a table that sleeps")


def _comes(ask: Callable[[], bool], patience: float = PATIENCE) -> bool:
    """Whether it becomes so in time."""
    until = time.monotonic() + patience
    while not (now := ask()) and time.monotonic() < until:
        time.sleep(0.01)
    return now
