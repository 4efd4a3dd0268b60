"""Short ways to parse one rule."""

from collections.abc import Mapping

from segctl.listing import iptables
from segctl.listing.rule import Family, Rule, Set, Statement, Table

IP = Family.IP
IP6 = Family.IP6


def table(lines: str, family: Family = IP, sets: Mapping[str, Set] | None = None, name: str = "filter") -> Table:
    """The one table of a save."""
    (found,) = iptables.parse(f"*{name}\n{lines}\nCOMMIT\n", family, sets or {}).tables
    return found


def rules(words: str, family: Family = IP, sets: Mapping[str, Set] | None = None) -> tuple[Rule, ...]:
    """The rules of one line in FORWARD, beside a chain `other`."""
    return table(f":FORWARD ACCEPT\n:other -\n-A FORWARD {words}", family, sets).chains["FORWARD"].rules


def statements(words: str, family: Family = IP, sets: Mapping[str, Set] | None = None) -> tuple[Statement, ...]:
    """Those of a line that is one rule."""
    (rule,) = rules(words, family, sets)
    return rule.statements
