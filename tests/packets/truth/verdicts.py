"""What a volley is, and what came of it: the kernel's verdict on each packet beside the evaluator's."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from segctl.listing.rule import Ending, Listing
from segctl.model.ranges import show_address
from tests.packets.truth.model import Said
from tests.packets.truth.rulesets import RuleSet
from tests.packets.truth.shots import Shot, Taste
from tests.packets.truth.wire import Fate


@dataclass(frozen=True, slots=True)
class Volley:
    """Rules and the packets that are sent through them; the same seed gives the same."""

    seed: int
    rules: RuleSet
    taste: Taste
    shots: tuple[Shot, ...]
    marks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """A volley, or some shots of it, with what became of each by its number, and the rules as they were read back."""

    volley: Volley
    shots: Sequence[Shot]
    listing: Listing
    fates: dict[int, Fate]


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
        """Whether the evaluator is certain of something else than what happened, or fails."""
        if self.said.fault:
            return True
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

    def summary(self) -> str:
        """All counts, on one line a kind."""
        doubts = "".join(f"\n  {often} uncertain: {reason}" for reason, often in self.doubts.most_common())
        skipped = "".join(f"\n  {often} rule sets left out: {reason}" for reason, often in self.skipped.most_common())
        verdicts = ", ".join(f"{often} {word}" for word, often in self.kernel.most_common())
        counted = f"{self.packets} packets, {self.rounds} rule sets; {verdicts}; {len(self.differing)} differ"
        return counted + doubts + skipped

    def add(self, volley: Volley, verdicts: Sequence[Verdict]) -> None:
        self.rounds += 1
        for one in verdicts:
            self.packets += 1
            self.kernel[one.kernel] += 1
            if one.differs:
                self.differing.append((volley, one))
            elif one.said.ending is None:
                self.doubts[one.said.doubts[0] if one.said.doubts else "no reason"] += 1


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
        f"evaluator: {verdict.said.fault or verdict.said.ending} {' '.join(verdict.said.doubts)}",
        *(f"    {one}" for one in verdict.said.met),
    ]
    return "\n".join(lines)
