"""Rules that no packet meets: shadowed by those before them, or out of reach."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from segctl.draft.audit.given import Given
from segctl.draft.audit.walks import Heads, Walks, both, final, leading, less
from segctl.listing.rule import Anybit, Aside, Chain, Decide, Ending, Listing, Lookup, Match, Rule, Table
from segctl.model.diagnostic import Diagnostic, Note
from segctl.prove.space import Cube

_MOST_NOTES = 5
_ENDS = {Ending.ACCEPT, Ending.DROP, Ending.REJECT, Ending.RETURN}
_PLAIN = Match | Anybit | Lookup | Aside | Decide


def lines(chain: Chain) -> list[tuple[Rule, ...]]:
    """The rules of a chain, those that were made of one line together."""
    return [tuple(some) for _, some in groupby(chain.rules, key=lambda rule: (rule.line, rule.handle, rule.text))]


def idle(listing: Listing, walks: Walks) -> set[int]:
    """The rules that no packet meets, by identity; none of chains that weren't walked wholly."""
    return {
        id(rule)
        for table in listing.tables
        for chain in table.chains.values()
        if walks.tells_of(table, chain)
        for some in lines(chain)
        if not any(map(walks.met, some))
        for rule in some
    }


def say_idle(given: Given, listing: Listing, walks: Walks, dead: set[int]) -> Iterator[Diagnostic]:
    """A finding for each; one for a whole chain that nothing leads to; none for what another finding explains."""
    for table in listing.tables:
        for chain in table.chains.values():
            some = [one for one in lines(chain) if id(one[0]) in dead and id(one[0]) in given.where]
            if some and chain.hook is None:
                leads = list(leading(table, chain))
                if not leads:
                    yield _unled(given, chain, some)
                if all(id(rule) in dead for rule in leads):
                    continue
            for one in some:
                yield _shadowed(given, table, chain, one, walks)


def _unled(given: Given, chain: Chain, some: Sequence[tuple[Rule, ...]]) -> Diagnostic:
    what = f"no rule leads to the chain {chain.name}, with {_counted(len(some), 'rule')}"
    return Diagnostic(given.span(some[0][0]), "rule-out-of-reach", what, "take it out, or jump to it")


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _shadowed(given: Given, table: Table, chain: Chain, line: tuple[Rule, ...], walks: Walks) -> Diagnostic:
    asks, covers = _covers(table, chain, line, walks)
    rule = line[0]
    said = f"{chain.name}: {rule.text}"
    if not asks:
        what, help = f"no packet that comes here can match: {said}", "see what it asks for, or take it out"
        return Diagnostic(given.span(rule), "rule-out-of-reach", what, help)
    notes = tuple(Note(given.span(one), f"{_does(rule, one)}: {one.text}") for one in covers[:_MOST_NOTES])
    if (more := len(covers) - _MOST_NOTES) > 0:
        notes += (Note(None, f"and {_counted(more, 'rule')} more"),)
    where = "rules before it decide" if covers else "chains before this one decide"
    help = "take it out; or move it forward, if it should count"
    return Diagnostic(given.span(rule), "rule-shadowed", f"{where} all that it asks for: {said}", help, notes)


def _covers(table: Table, chain: Chain, line: tuple[Rule, ...], walks: Walks) -> tuple[bool, list[Rule]]:
    """Whether something that it asks for comes into its chain, and the rules before it that decide that: a single one
    where it asks for all of it.
    """
    asks = False
    covers: dict[int, Rule] = {}
    for one in walks.all:
        stage = walks.stage_of(one, table, chain)
        if stage is None:
            continue
        wanted = [cube for rule in line for cube in one.heard.alone(stage, table, chain, rule)]
        left = both(wanted, walks.entering(one, table, chain))
        asks |= bool(left)
        found = _taking(one, left, chain, line[0], table)
        for rule in found:
            if _certain(rule) and not less(left, one.heard.alone(stage, table, chain, rule)):
                found = [rule]
                break
        covers |= {id(rule): rule for rule in found}
    return asks, list(covers.values())


def _taking(one: Heads, wanted: list[Cube], chain: Chain, before: Rule, table: Table) -> list[Rule]:
    """The rules before one that decide what is wanted, each that takes some of it."""
    found = []
    left = wanted
    for earlier in chain.rules:
        if earlier is before or not left:
            break
        taken = one.heard.matches(earlier) if final(earlier, table) else []
        if taken and both(left, taken):
            found.append(earlier)
            left = less(left, taken)
    return found


def _certain(rule: Rule) -> bool:
    """Whether it ends every packet that it asks for."""
    return ending_of(rule) in _ENDS and all(isinstance(one, _PLAIN) for one in rule.statements)


def ending_of(rule: Rule) -> Ending | None:
    """What a rule with a plain verdict does."""
    said = next((one for one in rule.statements if isinstance(one, Decide)), None)
    return said.verdict.ending if said is not None else None


def _does(rule: Rule, other: Rule) -> str:
    """Whether the one that comes first does the same."""
    mine, its = ending_of(rule), ending_of(other)
    if its in (Ending.JUMP, Ending.GOTO, None):
        return "decides some or all of it"
    return "does the same" if mine is its else f"does otherwise ({its})"
