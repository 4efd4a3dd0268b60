"""One change of a point under way: what is wanted, and what is known so far."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from segctl.apply.permits import with_permits
from segctl.apply.priming import Adoption
from segctl.apply.proving import Shown
from segctl.apply.result import Concern, Lost
from segctl.apply.slots import Slots, ticket
from segctl.apply.verify import Held
from segctl.model.generation import Loadable
from segctl.model.moment import milliseconds
from segctl.policy import Policy
from segctl.runner import Runner
from segctl.store.errors import Damaged
from segctl.store.generation import About
from segctl.store.origin import Source
from segctl.store.overrides import Override
from segctl.store.state import Standing, State


class Proving(StrEnum):
    """What a proof is good for: demanded, it must be there before the flip; else it is only told, or not asked for."""

    DEMANDED = "demanded"
    TOLD = "told"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Wish:
    """How a change is wanted.

    prime: seconds that a point's first generation sleeps. confirm: seconds after which it is taken back unless it is
    confirmed, None for no such end. replace, despite: why a site that doesn't descend from the live one is taken, and
    why its failed checks are passed over ("" where that isn't wanted).
    """

    prime: float = 0.0
    proving: Proving = Proving.DEMANDED
    confirm: float | None = None
    replace: str = ""
    despite: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """The live state that a plan was made on, and what was proven then.

    live: its generation; slot: where the new one goes; changes: the kernel's count of changes of nf_tables; held: a
    digest of the live generation's rules and elements. read: a hash of all that the proof read, found: its answer.
    where: the place, in words.
    """

    live: int | None
    slot: str
    changes: int
    held: str
    read: str
    found: str
    where: str


@dataclass(slots=True)
class Job:
    """`policy`: None where no site is at hand (boot, a saved plan). `plan`: what was planned, if this carries one out.

    `ticket` stands in the slot until the flip puts the generation's number there; `touched`: something was done;
    `flipped`: it may be awake. `number`: of a generation that is kept, None as long as a new one isn't; `about`: what
    this change kept of it. `begun`: the journal knows of it; `standing` (as bytes: `found`) and `overrides`: what it
    found on disk. `ended`: connections that nothing allows any more.
    """

    runner: Runner
    policy: Policy | None
    rules: Loadable
    at: datetime
    wish: Wish
    state: State
    source: Source
    told: Callable[[str], None]
    doing: str = "apply"
    plan: Planned | None = None
    number: int | None = None
    about: About | None = None
    begun: bool = False
    found: bytes | None = field(init=False)
    standing: Standing = field(init=False)
    overrides: tuple[Override, ...] = field(init=False)
    proof: Shown | None = None
    slots: Slots = field(default_factory=lambda: Slots(None, None))
    ticket: int = field(default_factory=ticket)
    touched: bool = False
    flipped: bool = False
    wanted: Held | None = None
    concerns: tuple[Concern, ...] = ()
    ended: tuple[Lost, ...] = ()
    adoption: Adoption = field(default_factory=lambda: Adoption((), ()))

    def __post_init__(self) -> None:
        self.found = self.state.standing_as_it_is()
        self.standing = _standing(self.state, anew=bool(self.wish.replace))
        self.overrides = self.state.overrides.all()

    @property
    def loaded(self) -> Loadable:
        """The rules, with what is let through for a time beside them."""
        return with_permits(self.rules, self.overrides, milliseconds(self.at))

    @property
    def slot(self) -> str:
        return self.slots.free

    @property
    def generation(self) -> int:
        if self.number is not None:
            return self.number
        return max([self.slots.next_generation, *(1 + kept for kept in self.state.generations.numbers()[-1:])])

    @property
    def first(self) -> bool:
        """Nothing of ours is awake yet."""
        return self.slots.live is None


def _standing(state: State, *, anew: bool) -> Standing:
    """What is confirmed; where that can't be read, and somebody gave a reason to begin anew, nothing."""
    try:
        return state.standing()
    except Damaged:
        if anew:
            return Standing()
        raise
