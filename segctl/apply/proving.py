"""The proof of a generation that sleeps, and that what was proven is what is awake."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from segctl.apply.hold import as_meant
from segctl.apply.reading import read_listing
from segctl.apply.result import NotApplied
from segctl.apply.slots import SLOTS
from segctl.listing.digest import digest
from segctl.listing.rule import Listing, Table
from segctl.model.moment import milliseconds
from segctl.policy import Policy
from segctl.runner import Runner
from segctl.store.overrides import Override

if TYPE_CHECKING:
    from segctl.prove import Proof

_TOLD = 3  # differences in a message
_GENERATION = "gen_"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a proof came to (`Found`), with the first differences, and a hash of all that it read, as if awake."""

    found: str
    told: tuple[str, ...]
    read: str

    @property
    def proven(self) -> bool:
        return self.found == "proven"


def shown(
    runner: Runner, policy: Policy, point: str, at: datetime, slot: str, overrides: Iterable[Override] = ()
) -> Shown:
    """Whether what sleeps in a slot would do with every packet what the site means, among all that others hold."""
    listing = as_meant(read_listing(runner), overrides, milliseconds(at))
    return prove_as(listing, policy, point, at, slot)


def prove_as(listing: Listing, policy: Policy, point: str, at: datetime, slot: str) -> Shown:
    """The same of what was read, as if that slot of ours were awake and the other asleep."""
    from segctl.prove import TooLarge, prove

    awake = {("inet", name): name == slot for name in SLOTS}
    try:
        proof = prove(listing, policy, policy.site.points[point], at, awake=awake)
    except TooLarge as error:
        return Shown("unproven", (f"{error}: {error.help}",), as_awake(listing, slot))
    return Shown(str(proof.found), tuple(told(proof)), as_awake(listing, slot))


def told(proof: "Proof") -> Iterator[str]:
    """The first differences in words, and what could not be read."""
    for one in (*proof.differences, *proof.unproven)[:_TOLD]:
        ends = f"{one.source or 'special'} -> {one.destination or 'special'} {one.service}"
        yield f"{ends}: the rules {' or '.join(one.does)}, the site says {one.must}"
    yield from proof.gaps


def still(runner: Runner, slot: str, proof: Shown, overrides: Iterable[Override], at: datetime) -> None:
    """NotApplied if what is held now, with that slot awake, is not what the proof was about."""
    if as_awake(as_meant(read_listing(runner), overrides, milliseconds(at)), slot) != proof.read:
        raise NotApplied(
            f"what {runner.where} holds changed between the proof and the flip",
            "somebody else changes rules there: apply again when they are done",
        )


def as_awake(listing: Listing, slot: str) -> str:
    """A hash of everything that was read, as if that slot of ours were awake and the other asleep."""
    return digest((_as_awake(table, slot) for table in listing.tables), listing.gaps)


def _as_awake(table: Table, slot: str) -> Table:
    if table.family != "inet" or table.name not in SLOTS:
        return table
    chains = {name: chain for name, chain in table.chains.items() if not name.startswith(_GENERATION)}
    return replace(table, dormant=table.name != slot, chains=chains)
