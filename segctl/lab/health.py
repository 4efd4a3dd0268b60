"""Whether a lab is still what was made, and whether it is the lab of this site."""

from dataclasses import replace
from pathlib import Path

from segctl.kernel.namespaces import may_make, missing
from segctl.lab.errors import Damaged, OtherSite
from segctl.lab.layout import layout
from segctl.lab.record import Record
from segctl.lab.state import Folder
from segctl.policy import Policy


def lost(record: Record) -> tuple[str, ...]:
    """The namespaces of the lab that are gone, whoever asks: who made it, or root.

    The names are looked up as the lab's listeners see them, for who isn't root from outside its user namespace, too.
    Without root and listeners that namespace is gone, and all that was in it.
    """
    listeners = Folder(record.lab).listeners()
    if listeners is None and not may_make():
        return record.namespaces
    return missing(record.namespaces, Path(f"/proc/{listeners}/root") if listeners else Path("/"))


def whole(record: Record) -> None:
    """Raises Damaged unless all that was made is there."""
    gone = lost(record)
    if gone:
        which = f"{len(gone)} of its {len(record.namespaces)} namespaces are" if len(gone) > 1 else f"{gone[0]} is"
        raise Damaged(
            f"the lab '{record.lab}' is damaged: {which} gone",
            f"`segctl lab down --name {record.lab}` removes the rest, then `segctl lab up` makes it anew",
        )


def of_site(record: Record, policy: Policy) -> str:
    """A word on how the lab differs from what the site would give now; '' if it doesn't.

    Raises OtherSite if it was made of a site of another name.
    """
    if record.site != policy.site.name:
        raise OtherSite(
            f"the lab '{record.lab}' is of the site '{record.site}', not of '{policy.site.name}'",
            "name the lab of this site with --lab, or the site with --site",
        )
    now = Record.of(layout(policy, record.lab, record.hosts_per_segment), up=True)
    if now == replace(record, up=True):
        return ""
    changed = [node.name for node in {*now.nodes} ^ {*record.nodes}]
    which = f" ({', '.join(sorted({*changed})[:5])})" if changed else ""
    return (
        f"the site has changed since the lab '{record.lab}' was made, and would give another one now{which}: "
        "`segctl lab down` and `segctl lab up` make it anew"
    )
