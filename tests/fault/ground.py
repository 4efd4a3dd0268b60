"""A point that faults are tried on: a namespace of its own, a state folder of its own, and what is to be seen there."""

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from segctl.apply import Proving, Wish
from segctl.apply import apply as apply_rules
from segctl.apply.change import apply_plan
from segctl.apply.hold import TABLE, holding, intact, wanted
from segctl.apply.overrides import now
from segctl.apply.plan import Carried, plan
from segctl.apply.slots import SLOTS, generation_of, read_slots
from segctl.apply.verify import Held, held, meant
from segctl.kernel import namespaces as ns
from segctl.kernel import netlink
from segctl.runner import Netns
from segctl.store import Source, Standing, StoreError, state_of
from segctl.store.plain import to_plain
from segctl.store.state import VARIABLE
from tests.fault.command import Act, Ended, called, command, typed
from tests.kernel.applied import compiled

SITE = """
segments:
  a: {{strictness: strict, members: [10.96.1.0/24, "fd96:1::/64"]}}
  b: {{strictness: strict, members: [10.96.2.0/24, "fd96:2::/64"]}}
points:
  gw:
    kind: gateway
    interfaces:
      eth1: {{segments: [a], addresses: [10.96.1.1/24, "fd96:1::1/64"]}}
      eth2: {{segments: [b], addresses: [10.96.2.1/24, "fd96:2::1/64"]}}
management:
  - {{from: a, services: [tcp/22]}}
flows:
  - {{name: {name}, from: a, to: b, services: [udp/{port}], why: "a test"}}
  - {{name: cure, from: a, to: b, services: [udp/99], why: "what is held is looked after", remediation: true}}
"""
OLD, NEW = (SITE.format(name=name, port=port) for name, port in (("old", 81), ("new", 82)))
TEXTS = {"old": OLD, "new": NEW}
UNLOOKED = Wish(proving=Proving.LEFT_OUT)
NOTHING, EDITED = "nothing", "neither"
BAD = "10.96.1.9"
_FITNESS = "fitness"


@dataclass(frozen=True)
class Seen:
    """What is to be seen: which site's rules are live (`old`, `new`, nothing, or neither), whole; which generation that
    is; what is held, and whether by rules that are ours.
    """

    live: str
    number: int | None
    held: frozenset[str]
    holds: bool = True

    def __str__(self) -> str:
        shut = "closed" if "panic" in self.held else f"{len(self.held)} held" if self.held else ""
        return " and ".join(filter(None, (self.live, shut)))


def digest(found: Held) -> str:
    """Of rules and elements, whatever the generation's number."""
    chains = tuple(chain for chain in found.image.chains if not chain.name.startswith("gen_"))
    return sha256(replace(found, image=replace(found.image, chains=chains)).digest().encode()).hexdigest()


@cache
def labels() -> dict[str, str]:
    """Digest to the name of the site."""
    return {digest(meant(compiled(text)[1], SLOTS[0], 1, datetime.now(UTC))): name for name, text in TEXTS.items()}


class Ground:
    """One such point. `name`: its namespace; `base`: the site that was live when the last thing began."""

    base = "old"

    def __init__(self, name: str, folder: Path, fitness: bytes | None = None) -> None:
        self.runner, self.top, self._fitness = Netns(name), folder, fitness
        self.begin()

    # -- as a machine -------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Anew: no rules, and nothing is kept but that this machine is fit."""
        shutil.rmtree(self.top, ignore_errors=True)
        self.top.mkdir(mode=0o700)
        if self._fitness is not None:
            (self.top / _FITNESS).touch(0o600)
            (self.top / _FITNESS).write_bytes(self._fitness)
        self.reboot()

    def reboot(self) -> None:
        """The kernel forgets everything; the disk stays."""
        self.use()
        self.end()
        ns.apart(lambda: ns.make(self.runner.name))

    def end(self) -> None:
        ns.remove(self.runner.name)

    def use(self) -> None:
        """Commands of this process keep their state there from now on."""
        os.environ[VARIABLE] = str(self.top)

    @property
    def folder(self) -> Path:
        """Where the point's state lies."""
        return self.top / self.runner.key

    # -- what is done there -------------------------------------------------------------------------------------------

    def apply(self, site: str, wish: Wish = UNLOOKED) -> Act:
        """Apply a site by its name, without the proof, which has tests of its own."""
        return called(lambda: apply_rules(self.runner, *compiled(TEXTS[site]), datetime.now(UTC), wish))

    def planned(self, site: str) -> Carried:
        """A plan of it, as `segctl plan --out` writes it down."""
        policy, rules = compiled(TEXTS[site])
        return plan(self.runner, policy, rules, datetime.now(UTC), Source(policy.site.name))[1]

    def carried_out(self, carried: Carried) -> Act:
        return called(lambda: apply_plan(self.runner, carried, datetime.now(UTC), Wish()))

    def slots(self) -> tuple[str, str]:
        """The names of the slot that sleeps or is empty, and of the one that is awake, if one is."""
        slots = read_slots(self.runner)
        return slots.free, slots.live.name if slots.live is not None else ""

    def typed(self, *words: str) -> Act:
        """A command line that names this place."""
        return typed("--quiet", *words, "--netns", self.runner.name)

    def does(self, act: Act) -> Ended:
        """It must go well."""
        ended = command(act)
        assert ended.code == 0, ended
        return ended

    def nft(self, text: str) -> None:
        """Somebody else."""
        done = self.runner.run(["nft", "-f", "-"], stdin=text)
        assert not done.code, done.stderr

    # -- what is to be seen -------------------------------------------------------------------------------------------

    def seen(self) -> Seen:
        """What the kernel holds."""
        found = {one.name: one for one in netlink.tables(self.runner) if one.family == "inet"}
        awake = [name for name in SLOTS if name in found and not found[name].dormant]
        live, number = NOTHING, None
        if awake:
            (name,) = awake  # never both
            live, number = labels().get(digest(held(self.runner, name)), EDITED), generation_of(self.runner, name)
        back = keys(holding(self.runner, now()))
        return Seen(live, number, back, not back or not found[TABLE].dormant)

    def sleeping(self) -> str:
        """Which site's rules sleep, whole."""
        slot = read_slots(self.runner).sleeping
        return labels().get(digest(held(self.runner, slot.name)), EDITED) if slot is not None else NOTHING

    def kept(self, number: int) -> str:
        """Of which site a generation that is kept is."""
        with state_of(self.runner, make=False) as state:
            generation = state.generations.read(number) if state is not None else None
        if generation is None:
            return NOTHING
        return next((n for n, t in TEXTS.items() if to_plain(compiled(t)[1]) == to_plain(generation.rules)), EDITED)

    def standing(self) -> Standing | None:
        """What is confirmed; None where that can't be read."""
        try:
            with state_of(self.runner, make=False) as state:
                return state.standing() if state is not None else Standing()
        except StoreError:
            return None

    def journal(self) -> list[dict[str, Any]]:
        """Its lines."""
        with state_of(self.runner, make=False) as state:
            return state.journal.lines() if state is not None else []

    def noted(self) -> frozenset[str]:
        """What the overrides on disk hold, as `Seen.held`."""
        with state_of(self.runner, make=False) as state:
            active = state.overrides.active(now()) if state is not None else ()
        return keys(wanted(active, now()))

    def exceptions_are_those_of(self, text: str) -> bool:
        """Whether the hold table's rules are ours, with the exceptions of that site."""
        return intact(self.runner, compiled(text)[1].side, now())


def keys(held_back: Mapping[str, Iterable[bytes]]) -> frozenset[str]:
    """What is held, by set and key, in one way of writing."""
    return frozenset("panic" if name == "panic" else key.hex() for name, held in held_back.items() for key in held)
