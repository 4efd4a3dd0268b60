"""What a list of hosts says, before anything is proposed: names and addresses as their source writes them."""

from dataclasses import dataclass, field
from enum import StrEnum

from segctl.model.diagnostic import Diagnostic, SiteError
from segctl.model.span import Span


class Form(StrEnum):
    """The forms that `init --from` reads; their names are those of `--as`."""

    CSV = "csv"
    HOSTS = "hosts"
    ANSIBLE = "ansible"


FORMS = tuple(Form)
MOST_HOSTS = 200_000
"""Hosts of one list: a range in an inventory can say more than any network holds."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that a person should look at; `line` of the source, 0 for the whole of it."""

    text: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Host:
    """One host as its source calls it.

    `addresses` are words that should be addresses; `groups` those that list it, the deciding one first; `doubts` what
    the reader already knows against it. With `unusable` it is left out whatever its addresses, for that reason.
    """

    name: str
    addresses: tuple[str, ...]
    line: int
    aliases: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    unusable: str = ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """A whole list. `parents` says of each group the groups that hold it; `by` how its groups are called.

    `clean`: the text could be read by a site as it stands (a CSV in the language's own form).
    """

    form: Form
    file: str
    hosts: tuple[Host, ...]
    by: str = ""
    doubts: tuple[Doubt, ...] = ()
    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    clean: bool = False


def wrong(file: str, line: int, column: int, code: str, what: str, help: str = "") -> SiteError:
    """The source can't be read: where, why, what mends it."""
    return SiteError((Diagnostic(Span(file, line, column), code, what, help),))
