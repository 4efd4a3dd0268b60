"""What stands in nf_tables beside the elements: tables, sets, the generation.

By netlink, as nft doesn't show it all.
"""

from dataclasses import dataclass

from segctl.kernel import nfset as nf
from segctl.kernel.errors import NotUnderstood
from segctl.kernel.nfset import SetInfo
from segctl.kernel.wire import NLM_F_DUMP, Channel, Message, answer, attributes, number, steadily, string, text
from segctl.runner import Runner

_FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
_DORMANT = 1


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the place, anybody's. `flags` as in the kernel: 1 dormant, 2 owner, 4 persist."""

    family: str
    name: str
    flags: int
    handle: int

    @property
    def dormant(self) -> bool:
        """Asleep: its chains are on no hook."""
        return bool(self.flags & _DORMANT)


def generation(runner: Runner) -> int:
    """The kernel's own count of nf_tables changes in this namespace, whosoever made them."""
    with Channel(runner) as channel:
        for body in channel.ask(Message(nf.GETGEN, b"", "reading the generation of the rules")):
            return number(answer(body)[1])
    raise NotUnderstood(f"the kernel tells no generation on {runner.where}")


def tables(runner: Runner) -> list[Table]:
    """All tables of all families, with the flags that `nft list tables` leaves out."""
    with Channel(runner) as channel:
        return [_table(body) for body in steadily(channel, Message(nf.GETTABLE, b"", "reading the tables", NLM_F_DUMP))]


def set_names(runner: Runner, table: str) -> list[SetInfo]:
    """The named sets and maps of a table of family inet; NotThere if there is no such table."""
    with Channel(runner) as channel:
        return list(sets_of(channel, table).values())


def sets_of(channel: Channel, table: str) -> dict[str, SetInfo]:
    """The same by name, over a channel that is open."""
    about = f"reading the sets of table {table}"
    request = Message(nf.GETSET, text(1, table), about, NLM_F_DUMP, nf.INET)
    return {info.name: info for body in steadily(channel, request) for info in [_set_info(answer(body))]}


def _set_info(found: dict[int, bytes]) -> SetInfo:
    """NFTA_SET_*: 2 name, 3 flags, 5 key length, 6 data type, 7 data length, 9 description { 1 size }."""
    flags = number(found.get(3, b""))
    is_map = bool(flags & nf.SET_MAP)
    verdict = is_map and number(found.get(6, b"")) == 0xFFFFFF00  # NFT_DATA_VERDICT
    size = attributes(found.get(9, b"")).get(1)
    return SetInfo(
        string(found[2]),
        flags,
        number(found[5]),
        number(found[7]) if is_map and not verdict else None,
        verdict,
        None if size is None else number(size),
    )


def _table(body: bytes) -> Table:
    found = answer(body)  # NFTA_TABLE_*: 1 name, 2 flags, 4 handle
    return Table(_FAMILIES.get(body[0], str(body[0])), string(found[1]), number(found.get(2, b"")), number(found[4]))
