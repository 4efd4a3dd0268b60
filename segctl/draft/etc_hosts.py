"""/etc/hosts, as hosts(5) and glibc read it: an address, its name, aliases; `#` begins a comment anywhere."""

from collections.abc import Iterator

from segctl.draft.hosts import Doubt, Form, Host, Inventory
from segctl.load.values import shorten
from segctl.model.ranges import parse_address


def read_etc_hosts(text: str, file: str) -> Inventory:
    """Every line's host. A name with lines of its own for each family is one host (`tidy` joins them).

    glibc passes over a line without an address and a name; here it is said.
    """
    doubts: list[Doubt] = []
    return Inventory(Form.HOSTS, file, tuple(_hosts(text, doubts)), doubts=tuple(doubts))


def _hosts(text: str, doubts: list[Doubt]) -> Iterator[Host]:
    for number, line in enumerate(text.split("\n"), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) == 1 or not is_address(words[0]):
            why = "no name after the address" if is_address(words[0]) else f"'{shorten(words[0])}' is no address"
            doubts.append(Doubt(f"left out: {why}", number))
            continue
        yield Host(words[1], (words[0],), number, tuple(name for name in words[2:] if name != words[1]))


def is_address(word: str) -> bool:
    """Whether it is an address of either family; a zone (fe80::1%eth0) may follow, as in getaddrinfo(3)."""
    try:
        parse_address(word.partition("%")[0])
    except ValueError:
        return False
    return True
