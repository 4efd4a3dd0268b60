"""A hash over what was read: equal where two listings mean the same to the evaluator."""

import hashlib
import marshal
from collections.abc import Iterable

from segctl.listing.rule import Chain, Element, Set, Statement, Table, Verdict


def digest(tables: Iterable[Table], gaps: Iterable[str] = ()) -> str:
    """SHA-256 over structure and elements. Neither the order of tables, sets and elements counts, nor what a run of
    the rules changes: handles, counters, what packets put into sets, the words of rules, and how long an element
    still lives (that it ends does).
    """
    whole = hashlib.sha256()
    for line in sorted(_table(table) for table in tables):
        whole.update(line)
    whole.update(repr(sorted(gaps)).encode())
    return whole.hexdigest()


def _table(table: Table) -> bytes:
    head = (str(table.family), table.name, table.dormant, table.engine)
    one = hashlib.sha256(repr(head).encode())
    for name in sorted(table.chains):
        one.update(_chain(table.chains[name]))
    for name in sorted(table.sets):
        one.update(_set(table.sets[name]))
    return one.digest()


def _chain(chain: Chain) -> bytes:
    rules = [[_statement(statement) for statement in rule.statements] for rule in chain.rules]
    return repr((chain.name, chain.hook, rules)).encode()


def _statement(statement: Statement) -> str:
    return repr(statement)


def _set(held: Set) -> bytes:
    head = (held.name, held.parts, held.answers, held.dynamic, held.fault)
    said = [] if held.dynamic else [_element(element) for element in held.elements]  # what packets put there
    return repr(head).encode() + marshal.dumps(said, 2)  # 2: no references, so equal values are equal bytes


def _element(element: Element) -> tuple[object, ...]:
    key, value, expires, negated = element
    said = str(value).encode() if isinstance(value, Verdict) else value
    return (key, said) if expires is None and not negated else (key, said, expires is not None, negated)
