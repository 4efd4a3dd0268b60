"""One round: random rules, random packets, the kernel's verdict on each beside the evaluator's."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from segctl.kernel import nft
from segctl.listing.rule import Ending, Listing
from segctl.model.ranges import show_address
from tests.packets.truth.eye import STATES
from tests.packets.truth.grammar import random_rules
from tests.packets.truth.hints import Hints
from tests.packets.truth.model import Model, Said, listing_of, modelled
from tests.packets.truth.rulesets import RuleSet
from tests.packets.truth.shots import Drawer, Shot, Taste
from tests.packets.truth.talks import preparing
from tests.packets.truth.wire import Fate, Wire

_LINE = re.compile(r"/dev/stdin:(\d+):")


class ReaderCrashed(Exception):
    """nft itself doesn't survive listing these rules (traps.md): there is nothing to compare."""


class Unloadable(Exception):
    """nft refuses the rules, and not line by line."""


@dataclass(frozen=True, slots=True)
class Volley:
    """Rules and the packets that are sent through them; the same seed gives the same."""

    seed: int
    rules: RuleSet
    taste: Taste
    shots: tuple[Shot, ...]
    marks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one packet, and what the evaluator says. `answerable`: if it is refused, an answer is seen."""

    shot: Shot
    fate: Fate
    said: Said
    answerable: bool

    @property
    def kernel(self) -> Ending:
        """The kernel's verdict: what it didn't answer it may have refused all the same."""
        if self.fate.went is not None:
            return Ending.ACCEPT
        return Ending.REJECT if self.fate.answered else Ending.DROP

    @property
    def differs(self) -> bool:
        """Whether the evaluator is certain of something else than what happened."""
        if self.said.ending is None or self.said.ending is self.kernel:
            return False
        silent = self.said.ending is Ending.REJECT and not self.answerable
        return not (silent and self.kernel is Ending.DROP)


@dataclass(slots=True)
class Tally:
    """What a number of rounds came to."""

    packets: int = 0
    rounds: int = 0
    kernel: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    differing: list[tuple[Volley, Verdict]] = field(default_factory=list)

    @property
    def uncertain(self) -> int:
        return self.doubts.total()

    def add(self, volley: Volley, verdicts: Sequence[Verdict]) -> None:
        self.rounds += 1
        for one in verdicts:
            self.packets += 1
            self.kernel[one.kernel] += 1
            if one.said.ending is None:
                self.doubts[one.said.doubts[0] if one.said.doubts else "no reason"] += 1
            elif one.differs:
                self.differing.append((volley, one))


@dataclass(slots=True)
class Ring:
    """Where rounds are fought: the wire, the evaluator, and what is loaded now."""

    wire: Wire
    model: Model = modelled
    loaded: RuleSet | None = None
    watched: bool = False

    def drawn(self, seed: int, count: int) -> Volley:
        """The volley of a seed, without the rules that this nft refuses."""
        rng = Random(seed)
        rules, hints, taste = random_rules(rng)
        rules = self.accepted(rules)
        return self._volley(seed, rng, rules, hints, taste, count)

    def _volley(self, seed: int, rng: Random, rules: RuleSet, hints: Hints, taste: Taste, count: int) -> Volley:
        drawer = Drawer(rng, hints, seed & 0xFFFFFFFF, taste)
        shots = tuple(drawer.shots(count))
        return Volley(seed, rules, taste, shots, tuple(drawer.marks))

    def accepted(self, rules: RuleSet) -> RuleSet:
        """The rules that load, without the lines that nft refuses; nothing is loaded."""
        self.clear()
        for _ in range(20):
            done = self.wire.world.router.run(["nft", "-c", "-f", "-"], stdin=rules.text)
            if not done.code:
                return rules
            less = rules.without_lines(int(line) for line in _LINE.findall(done.stderr))
            if less == rules:
                raise Unloadable(done.stderr)
            rules = less
        raise Unloadable("too many refusals")

    def fought(self, volley: Volley, shots: Sequence[Shot] | None = None) -> list[Verdict]:
        """Send what must be said before, load the rules, send the packets, ask the evaluator."""
        wanted = volley.shots if shots is None else shots
        self._prepare(volley, wanted)
        self._load(volley.rules)
        listing = self._listing()
        fates = self.wire.fates(volley.seed & 0xFFFFFFFF, [(shot.number, shot.frames) for shot in wanted])
        self._check(volley, wanted, fates)
        # what ingress refuses is answered without the output hook, but an egress chain may drop the answer
        unheard = "hook ingress" in volley.rules.text and "hook egress" in volley.rules.text
        return [
            Verdict(shot, fates[shot.number], self.model(listing, shot.packet), shot.answerable and not unheard)
            for shot in wanted
        ]

    def clear(self) -> None:
        """No rules under test are loaded."""
        if self.loaded is not None:
            nft.load(self.wire.world.router, self.loaded.removal)
        self.loaded = None

    def _prepare(self, volley: Volley, shots: Sequence[Shot]) -> None:
        self.clear()
        text = ""
        if volley.taste.tracked != self.watched:
            text += STATES if volley.taste.tracked else "delete table inet sglc_states\n"
            self.watched = volley.taste.tracked
        if volley.taste.tracked:
            text += preparing(volley.marks)
        if text:
            nft.load(self.wire.world.router, text)
        self.wire.forget()
        self.wire.shoot(frame for shot in shots for frame in shot.before)

    def _load(self, rules: RuleSet) -> None:
        gone = "delete table inet sglc_prepare\n" if self.watched else ""
        nft.load(self.wire.world.router, gone + rules.text)
        self.loaded = rules

    def _listing(self) -> Listing:
        router = self.wire.world.router
        done = router.run(["nft", "-j", "list", "ruleset"])
        if done.code:
            raise ReaderCrashed(done.stderr.strip().rpartition("\n")[2] or f"signal {-done.code}")
        return listing_of(json.loads(done.stdout), router, self.wire.world.interfaces)

    def _check(self, volley: Volley, shots: Sequence[Shot], fates: dict[int, Fate]) -> None:
        """What our own arrangement promises: who leaves does so where the routes say, and is what conntrack says."""
        for shot in shots:
            fate, packet = fates[shot.number], shot.packet
            assert fate.went in (None, packet.oif or "input"), (volley.seed, shot, fate)
            if "notrack" not in volley.rules.text:
                assert fate.state in (None, f"{packet.state} {packet.direction}"), (volley.seed, shot, fate)

    def tally(self, seeds: Sequence[int], count: int) -> Tally:
        """Rounds for each of these seeds, `count` packets each."""
        found = Tally()
        for seed in seeds:
            try:
                volley = self.drawn(seed, count)
                found.add(volley, self.fought(volley))
            except ReaderCrashed as error:
                found.skipped[f"nft crashed on listing: {error}"] += 1
        return found


def shown(verdict: Verdict, rules: RuleSet) -> str:
    """A packet, as far as the rules speak of it, and the two verdicts, for people."""
    packet, fate, text = verdict.shot.packet, verdict.fate, rules.text
    spoken = {name: value for name, value in packet.fields.items() if name.split()[-1].split(",")[-1] in text}
    lines = [
        f"{verdict.shot.kind}: {packet.way} {packet.iif or '-'} -> {packet.oif or '-'}, protocol {packet.protocol}",
        f"  {show_address(packet.source)} -> {show_address(packet.destination)}, head {packet.head} ({packet.head:#x}),"
        f" tail {packet.tail} ({packet.tail:#x}), flags {packet.flags:#x}",
        f"  {packet.state} {packet.direction}, ct mark {packet.connection_mark:#x}, mark {packet.mark:#x}, priority"
        f" {packet.priority:#x}; conntrack said {fate.state}",
        "  " + ", ".join(f"{name} {value:#x}" for name, value in spoken.items()),
        f"kernel:    {verdict.kernel} (went {fate.went}, answered {fate.answered})",
        f"evaluator: {verdict.said.ending} {' '.join(verdict.said.doubts)}",
        *(f"    {one}" for one in verdict.said.met),
    ]
    return "\n".join(lines)
