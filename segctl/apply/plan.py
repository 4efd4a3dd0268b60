"""What `apply` would change on a point, found without changing anything, and as a file that root carries out later."""

import json
import os
import stat
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from segctl.apply.confirm import demand_settled
from segctl.apply.hold import as_meant
from segctl.apply.job import Planned
from segctl.apply.keeping import Reread, kept_over
from segctl.apply.lineage import demand_descent
from segctl.apply.lockout import demand_management
from segctl.apply.overlay import overlay
from segctl.apply.permits import with_permits
from segctl.apply.priming import would_cut
from segctl.apply.proving import Shown, prove_as
from segctl.apply.reading import read_listing
from segctl.apply.result import CannotApply, Level, Lost, Plan
from segctl.apply.slots import read_slots
from segctl.apply.status import words
from segctl.apply.surroundings import concerns
from segctl.apply.verify import Held, held, meant, numbered
from segctl.kernel import netlink
from segctl.kernel.parts import load_asleep
from segctl.kernel.scratch import in_scratch
from segctl.kernel.structure import for_slot
from segctl.kernel.tables import generation
from segctl.listing.rule import Listing
from segctl.model.generation import Loadable
from segctl.model.moment import milliseconds
from segctl.policy import Policy
from segctl.runner import Runner
from segctl.store import Damaged, NotWritten, Source, State, StoreError, Unsafe, state_of
from segctl.store.origin import Commit
from segctl.store.overrides import Override
from segctl.store.plain import from_plain, number, side_from, side_plain, text, to_plain
from segctl.store.sealed import seal, unseal

_BIGGEST = 1 << 30  # bytes of a plan


@dataclass(frozen=True, slots=True)
class Carried:
    """A plan as it is carried out: the rules, where they come from, and the state that it was made on."""

    rules: Loadable
    source: Source
    planned: Planned


def plan(
    runner: Runner,
    policy: Policy,
    rules: Loadable,
    at: datetime,
    source: Source,
    reread: Reread | None = None,
    *,
    replaced: bool = False,
) -> tuple[Plan, Carried]:
    """What would be done, and what carries it out. `reread`: for connections that are kept; `replaced`: the site may be
    another. KernelError, RunnerError, StoreError where that can't be told.
    """
    with state_of(runner, make=False) as state:
        rules = kept_over(runner, state, policy, rules, reread)
        slots = read_slots(runner)
        live = slots.live
        now = milliseconds(at)
        holding = state.overrides.active(now) if state is not None else ()
        meaning = overlay(rules.side, holding).over(policy)
        loaded = with_permits(rules, holding, now)
        changes = generation(runner)
        found = concerns(runner, meaning, rules.point)
        refused = [one.what for one in found if one.level is Level.REFUSES]
        refused += _of(lambda: demand_management(runner, meaning, rules.point, at))
        if state is not None:
            refused += _unsettled(state, runner, replaced)
        if state is not None and not replaced:
            refused += _of(lambda: demand_descent(runner, state, slots, source, rules.point))
        shown = proven_ahead(runner, meaning, loaded, at, slots.free, holding)
        if not shown.proven:
            refused.append(f"it isn't proven: {shown.found} (--unproven wakes it nevertheless)")
        wanted = meant(loaded, slots.free, 0, at)
        before = held(runner, live.name) if live is not None else None
        same = before is not None and _same(wanted, before, live.generation if live is not None else None)
        kept = _kept(state, live.generation if live is not None else None)
        made = Plan(
            rules.point,
            runner.where,
            live.generation if live is not None else None,
            tuple(refused),
            (count_rules(kept.structure) if kept is not None else 0, count_rules(rules.structure)),
            (kept.count() if kept is not None else 0, loaded.count()),
            same,
            tuple(Lost(str(one)) for one in would_cut(runner, meaning, rules, at)),
            live is None,
            shown.found,
            shown.told,
            found,
            tuple(map(words, holding)),
        )
        digest = before.digest() if before is not None else ""
        planned = Planned(made.live, slots.free, changes, digest, shown.read, shown.found, runner.where)
        return made, Carried(rules, source, planned)


def _unsettled(state: State, runner: Runner, replaced: bool) -> list[str]:
    """Why nothing may follow what is live: it waits for its confirmation, or nobody knows whether it does."""
    try:
        standing = state.standing()
    except Damaged as error:
        return [] if replaced else [_said(error)]
    return _of(lambda: demand_settled(standing, runner))


def _of(demand: Callable[[], None]) -> list[str]:
    try:
        demand()
    except CannotApply as error:
        return [_said(error)]
    return []


def _said(error: CannotApply | StoreError) -> str:
    return f"{error} ({error.help})" if error.help else str(error)


def _kept(state: State | None, number_: int | None) -> Loadable | None:
    with suppress(StoreError):
        kept = state.generations.read(number_) if state is not None and number_ is not None else None
        return kept.rules if kept is not None else None
    return None


def _same(wanted: Held, found: Held, number_: int | None) -> bool:
    """But for the generation's number."""
    return number_ is not None and numbered(wanted, 0, number_).digest() == found.digest()


def count_rules(structure: str) -> int:
    """The rules of a table's text: lines in its chains."""
    return sum(1 for _ in _rules(structure))


def _rules(structure: str) -> Iterator[str]:
    inside = False
    for line in structure.splitlines():
        if line.startswith(" chain "):
            inside = not line.endswith("{ }")
        elif line == " }":
            inside = False
        elif inside and not line.startswith("  type "):
            yield line


def proven_ahead(
    runner: Runner, policy: Policy, rules: Loadable, at: datetime, slot: str, holding: tuple[Override, ...]
) -> Shown:
    """The proof of rules that aren't loaded: as a kernel of its own holds them, among all that others hold there."""

    def alone(place: Runner) -> Listing:
        load_asleep(place, for_slot(rules.structure, slot, 0))
        netlink.add(place, slot, (one.at(milliseconds(at)) for one in rules.elements))
        return read_listing(place)

    ours = next(one for one in in_scratch(alone).tables if one.name == slot)
    here = as_meant(read_listing(runner), holding, milliseconds(at))
    others = tuple(one for one in here.tables if (one.family, one.name) != ("inet", slot))
    listing = replace(here, tables=(*others, ours))
    return prove_as(listing, policy, rules.point, at, slot)


def write(carried: Carried, path: Path) -> None:
    """The plan as a file: sealed, and readable by nobody else. CannotApply for what none can carry; NotWritten."""
    demand_follows(carried)
    source = carried.source
    value = {
        "rules": to_plain(carried.rules),
        "side": side_plain(carried.rules.side),
        "source": {
            "site": source.site,
            "digest": source.digest,
            "commit": asdict(source.commit),
            "files": {name: b64encode(data).decode() for name, data in source.files.items()},
        },
        "planned": asdict(carried.planned),
    }
    try:
        path.touch(mode=0o600)
        path.write_bytes(seal("plan", json.dumps(value).encode()))
    except OSError as error:
        raise NotWritten(f"the plan can't be written to {path}: {error.strerror}") from error


def demand_follows(carried: Carried) -> None:
    """CannotApply if a plan is of a point's first generation."""
    if carried.planned.live is None:
        raise CannotApply(
            "a point's first generation gives every connection in use its number, by what the site means",
            "`segctl apply` from the site; plans carry what follows",
        )


def read(path: Path) -> Carried:
    """A plan from a file, checked value by value. Damaged, Newer for anything else; Unsafe for what is no file."""
    content = unseal("plan", _bytes(path), path)
    try:
        value = json.loads(content)
        side = side_from(value["side"], path)
        said = value["source"]
        commit = Commit(text(said["commit"]["name"], 255), said["commit"]["dirty"] is True)
        files = {text(name, 4096): b64decode(text(one), validate=True) for name, one in said["files"].items()}
        source = Source(text(said["site"], 255), text(said["digest"], 255), files, commit)
        found = value["planned"]
        planned = Planned(
            None if found["live"] is None else number(found["live"]),
            text(found["slot"], 15),
            number(found["changes"]),
            text(found["held"], 255),
            text(found["read"], 255),
            text(found["found"], 15),
            text(found["where"], 4096),
        )
        return Carried(from_plain(value["rules"], path, side), source, planned)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise Damaged(f"{path} is no plan: {type(error).__name__}: {error}") from error


def _bytes(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Unsafe(f"{path} can't be read: {error.strerror}") from error
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise Unsafe(f"{path} is no regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(min(about.st_size, _BIGGEST) or 1)  # as much memory as that is taken beforehand
    finally:
        os.close(descriptor)
