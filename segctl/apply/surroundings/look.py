"""All that a place has which bears on our rules: read once, judged, never changed."""

from collections.abc import Iterable
from dataclasses import dataclass

from segctl.apply.reading import read_structure
from segctl.apply.result import CannotApply, Concern, Level
from segctl.apply.surroundings.foreign import foreign, table_concerns
from segctl.apply.surroundings.marks import SETTINGS as OF_MARKS
from segctl.apply.surroundings.marks import Marking, mark_concerns
from segctl.apply.surroundings.place import place_concerns
from segctl.apply.surroundings.settings import NAMES, Settings, of_interfaces, setting_concerns
from segctl.kernel.interfaces import Link, links
from segctl.kernel.ipsec import marked_policies
from segctl.kernel.marking import mark_rules, queues
from segctl.kernel.settings import read_settings
from segctl.listing.rule import Listing
from segctl.policy import Policy
from segctl.runner import Runner


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was read: rules without the elements of their sets, what asks for marks, settings, interfaces."""

    listing: Listing
    marking: Marking
    settings: Settings
    links: tuple[Link, ...]

    def concerns(self) -> tuple[Concern, ...]:
        """Those that no site is asked for, the gravest first."""
        return in_order(
            [
                *mark_concerns(foreign(self.listing), self.marking, self.settings),
                *table_concerns(self.listing),
                *setting_concerns(self.settings, self.links),
            ]
        )


def look_around(runner: Runner) -> Surroundings:
    """Read it. Raises KernelError and RunnerError in their kinds: what can't be read is no empty answer."""
    there = links(runner)
    return Surroundings(
        read_structure(runner),
        Marking(mark_rules(runner), queues(runner), marked_policies(runner)),
        read_settings(runner, (*NAMES, *OF_MARKS, *of_interfaces(there))),
        there,
    )


def concerns(runner: Runner, policy: Policy, point: str) -> tuple[Concern, ...]:
    """Everything at a point's place that bears on its rules, the gravest first: for plan, apply and status."""
    around = look_around(runner)
    own = place_concerns(policy, policy.site.points[point], around.links, around.settings)
    return in_order([*around.concerns(), *own])


def in_order(found: Iterable[Concern]) -> tuple[Concern, ...]:
    """The gravest first, else as they were found; each once."""
    levels = list(Level)
    return tuple(sorted(dict.fromkeys(found), key=lambda one: levels.index(one.level)))


def refuse(found: Iterable[Concern], where: str) -> None:
    """CannotApply if one of them refuses; it names each of those."""
    stopping = [one for one in found if one.level is Level.REFUSES]
    if stopping:
        named = "; ".join(one.what for one in stopping)
        helps = dict.fromkeys(one.help for one in stopping if one.help)
        raise CannotApply(f"{where} has what our rules would break, or that breaks them: {named}", "; ".join(helps))
