"""One round: random rules, random packets, the kernel's verdict on each beside the evaluator's."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from segctl.kernel import nft
from tests.packets.truth.bodies import TCP
from tests.packets.truth.eye import STATES
from tests.packets.truth.grammar import random_rules
from tests.packets.truth.hints import Hints
from tests.packets.truth.model import READERS, Model, modelled
from tests.packets.truth.rulesets import RuleSet
from tests.packets.truth.shots import Drawer, Shot, Taste
from tests.packets.truth.talks import preparing
from tests.packets.truth.verdicts import Answered, Verdict, Volley
from tests.packets.truth.wire import Fate, Wire

_LINE = re.compile(r"/dev/stdin:(\d+):")


class Unloadable(Exception):
    """nft refuses the rules, and not line by line."""


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
        return self.judged(self.answered(volley, shots))

    def answered(self, volley: Volley, shots: Sequence[Shot] | None = None) -> Answered:
        """What the kernel does with the packets, and what is read of its rules."""
        wanted = volley.shots if shots is None else shots
        self._prepare(volley, wanted)
        self._load(volley.rules)
        listing = READERS[volley.seed % len(READERS)](self.wire.world)
        fates = self.wire.fates(volley.seed & 0xFFFFFFFF, [(shot.number, shot.frames) for shot in wanted])
        self._check(volley, wanted, fates)
        return Answered(volley, wanted, listing, fates)

    def judged(self, answered: Answered, model: Model | None = None) -> list[Verdict]:
        """The same beside what the evaluator, or another, says."""
        text, says = answered.volley.rules.text, model or self.model
        # what ingress refuses is answered without the output hook, but an egress chain may drop the answer
        unheard = "hook ingress" in text and "hook egress" in text
        return [
            Verdict(
                shot,
                answered.fates[shot.number],
                says(answered.listing, shot.packet),
                shot.answerable and not unheard and (shot.packet.protocol == TCP or "tcp reset" not in text),
            )
            for shot in answered.shots
        ]

    def clear(self) -> None:
        """No rules under test are loaded."""
        if self.loaded is not None:
            nft.load(self.wire.world.router, self.loaded.removal)
        self.loaded = None

    def _prepare(self, volley: Volley, shots: Sequence[Shot]) -> None:
        self.clear()
        text = self.preparation(volley)
        if text:
            nft.load(self.wire.world.router, text)
        self.wire.forget()
        self.wire.shoot(frame for shot in shots for frame in shot.before)

    def preparation(self, volley: Volley) -> str:
        """The tables that must stand while connections are made."""
        text = ""
        if volley.taste.tracked != self.watched:
            text += STATES if volley.taste.tracked else "delete table inet sglc_states\n"
            self.watched = volley.taste.tracked
        if volley.taste.tracked:
            text += preparing(volley.marks)
        return text

    def _load(self, rules: RuleSet) -> None:
        gone = "delete table inet sglc_prepare\n" if self.watched else ""
        nft.load(self.wire.world.router, gone + rules.text)
        self.loaded = rules

    def _check(self, volley: Volley, shots: Sequence[Shot], fates: dict[int, Fate]) -> None:
        """What our own arrangement promises: who leaves does so where the routes say, and is what conntrack says."""
        for shot in shots:
            fate, packet = fates[shot.number], shot.packet
            assert fate.went in (None, packet.oif or "input"), (volley.seed, shot, fate)
            if "notrack" not in volley.rules.text:
                assert fate.state in (None, f"{packet.state} {packet.direction}"), (volley.seed, shot, fate)
