"""A host as an Ansible inventory writes it: a name with an optional port, and ranges as web[01:10:2] or db-[a:f].

Ansible's documentation, "Adding ranges of hosts": START:END or START:END:STEP, both ends included; leading zeros are
kept; letters run through a to z, then A to Z; several ranges in one name multiply.
"""

import re
import string
from collections.abc import Iterator

from segctl.draft.hosts import MOST_HOSTS

_BRACKETED = re.compile(r"\[(?P<host>.+)\]:(?P<port>[0-9]+)\Z")
_PORT = re.compile(r"(?P<host>(?:[^:\[\]]|\[[^\]]*\])*):(?P<port>[0-9]+)\Z")
_HOST = re.compile(r"(?:[\w.:-]|\[[0-9A-Za-z]+:[0-9A-Za-z]+(?::[0-9]+)?\])+\Z")
_RANGE = re.compile(r"\[([^\[\]]*)\]")


class BadPattern(Exception):
    """A pattern that Ansible refuses, and why."""


def expand(pattern: str) -> tuple[list[str], int | None]:
    """All names that a pattern stands for, in its order, and the port if it says one."""
    host, port = split_port(pattern)
    if "[" not in host:
        return [host], port
    head, ranges = _parts(host)
    size = 1
    for values, _ in ranges:
        size *= max(1, len(values))
        if size > MOST_HOSTS:
            raise BadPattern(f"more than {MOST_HOSTS:,} hosts in one line")
    return list(_names(head, ranges)), port


def split_port(pattern: str) -> tuple[str, int | None]:
    """The pattern without `:PORT`. An IPv6 address needs brackets for one; what looks like no host keeps its colon."""
    for form in (_BRACKETED, _PORT):
        found = form.match(pattern)
        if found and _HOST.match(found["host"]):
            return found["host"], int(found["port"])
    return pattern, None


def _parts(host: str) -> tuple[str, list[tuple[list[str], str]]]:
    """What stands before the first range, and each range's values with what follows it."""
    pieces = _RANGE.split(host)
    if any("[" in piece or "]" in piece for piece in pieces):
        raise BadPattern("a bracket that belongs to no range")
    return pieces[0], [(_values(pieces[at]), pieces[at + 1]) for at in range(1, len(pieces), 2)]


def _names(head: str, ranges: list[tuple[list[str], str]]) -> Iterator[str]:
    if not ranges:
        yield head
        return
    values, tail = ranges[0]
    for value in values:
        yield from _names(head + value + tail, ranges[1:])


def _values(bounds: str) -> list[str]:
    parts = bounds.split(":")
    if len(parts) not in (2, 3):
        raise BadPattern(f"a range is [START:END] or [START:END:STEP], not [{bounds}]")
    first, last = parts[0] or "0", parts[1]
    if not last:
        raise BadPattern(f"the range [{bounds}] has no end")
    step = _number(parts[2], bounds) if len(parts) == 3 else 1
    if step < 1:
        raise BadPattern(f"the range [{bounds}] has no step")
    padded = first[0] == "0" and len(first) > 1
    if padded and len(first) != len(last):
        raise BadPattern(f"both ends of [{bounds}] must be equally long, as one begins with 0")
    if first in string.ascii_letters and last in string.ascii_letters:
        return _letters(first, last, step, bounds)
    numbers = range(_number(first, bounds), _number(last, bounds) + 1, step)
    if len(numbers) > MOST_HOSTS:
        raise BadPattern(f"more than {MOST_HOSTS:,} hosts in one line")
    width = len(first) if padded else 0
    return [str(number).zfill(width) for number in numbers]


def _letters(first: str, last: str, step: int, bounds: str) -> list[str]:
    begin, end = string.ascii_letters.index(first), string.ascii_letters.index(last)
    if begin > end:
        raise BadPattern(f"the range [{bounds}] ends before it begins")
    return list(string.ascii_letters[begin : end + 1 : step])


def _number(text: str, bounds: str) -> int:
    if not re.match(r"[0-9]{1,18}\Z", text):
        raise BadPattern(f"the range [{bounds}] has '{text}' where a number or a letter belongs")
    return int(text)
