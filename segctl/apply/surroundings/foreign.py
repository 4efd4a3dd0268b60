"""Tables that aren't ours on hooks where packets of ours pass: whose they are, and what they can do to us."""

from collections.abc import Iterable, Iterator

from segctl.apply.result import Concern, Level
from segctl.apply.slots import SLOTS
from segctl.apply.surroundings.makers import made_by
from segctl.kernel.nftrace import PREFIX
from segctl.listing.rule import (
    Choose,
    Decide,
    Ending,
    Family,
    Hook,
    Listing,
    Opaque,
    Statement,
    Table,
    Translate,
    Untrack,
)

HOLD = "segctl_hold"
_OURS = (*SLOTS, HOLD)
_ENDS = (Ending.DROP, Ending.REJECT, Ending.QUEUE, Ending.STOLEN)
_SAVERS = ("iptables-legacy-save", "ip6tables-legacy-save")

FINAL = "a drop of theirs is final, whatever we accept"
JUDGED = "what they accept is still ours to judge"


def foreign(listing: Listing) -> tuple[Table, ...]:
    """Tables of others that packets of ours may meet: those on a hook; not ARP's, which meets none."""
    return tuple(table for table in listing.tables if not _ours(table) and _hooks(table) and table.family != Family.ARP)


def _ours(table: Table) -> bool:
    return table.name.startswith(PREFIX) or (table.family == Family.INET and table.name in _OURS)


def _hooks(table: Table) -> list[Hook]:
    return [chain.hook for chain in table.chains.values() if chain.hook is not None]


def table_concerns(listing: Listing) -> Iterator[Concern]:
    """One for each foreign table, and one for each thing that could not be read."""
    for table in foreign(listing):
        yield _concern(table)
    for gap in listing.gaps:
        unseen = gap.startswith(_SAVERS)
        level = Level.REFUSES if unseen else Level.WARNS
        why = ": whether those rules use marks can't be seen" if unseen else ""
        yield Concern(level, f"not all rules can be read: {gap}{why}", "apt install iptables" if unseen else "")
    for one in listing.beside:
        yield Concern(
            Level.WARNS, f"{one}: it decides on packets where no rule sees them",
            "look at what it does (`bpftool net`, `tc filter show`); the proof can't",
        )  # fmt: skip


def named(table: Table) -> str:
    """`table ip filter (Docker, ufw; iptables-legacy)`."""
    makers = ", ".join(made_by(table))
    return f"table {table.family} {table.name}" + (f" ({makers})" if makers else "")


def _concern(table: Table) -> Concern:
    where = ", ".join(_place(hook) for hook in _hooks(table))
    what = f"{named(table)} stands on {where}"
    if table.dormant:
        return Concern(Level.TELLS, f"{what}; it sleeps: it does nothing until somebody wakes it")
    able = list(_can(table))
    said = "; ".join([*able, JUDGED])
    return Concern(Level.WARNS if able else Level.TELLS, f"{what}: {said}")


def _place(hook: Hook) -> str:
    policy = f", policy {hook.policy}" if hook.policy is not Ending.ACCEPT else ""
    devices = f" of {' '.join(hook.devices)}" if hook.devices else ""
    return f"{hook.name}{devices} ({hook.kind}, priority {hook.priority}{policy})"


def _can(table: Table) -> Iterator[str]:
    """What its rules can do to packets of ours, in words."""
    said = list(_statements(table))
    dropping = any(hook.policy in _ENDS for hook in _hooks(table)) or any(map(_may_end, said))
    if dropping:
        yield FINAL
    if any(isinstance(one, Translate) for one in said):
        yield "it translates addresses: we judge a packet by its source before and its destination after"
    if any(isinstance(one, Untrack) for one in said):
        yield "what it un-tracks has no connection for us"
    opaque = [one.text for one in said if isinstance(one, Opaque)]
    if any(text.startswith(("flow ", "-j FLOWOFFLOAD")) for text in opaque):
        yield "what it offloads passes by our rules"
    elif opaque:
        yield f"it holds rules that nobody here can judge ({opaque[0][:60]})"


def _statements(table: Table) -> Iterator[Statement]:
    for chain in table.chains.values():
        for rule in chain.rules:
            yield from rule.statements


def _may_end(statement: Statement) -> bool:
    match statement:
        case Decide(verdict=verdict):
            return verdict.ending in _ENDS
        case Choose(map=said):
            values: Iterable[object] = () if isinstance(said, str) else (one.value for one in said.elements)
            return isinstance(said, str) or any(getattr(value, "ending", None) in _ENDS for value in values)
        case _:
            return False
