"""Which form a list of hosts has: told by its content, or not at all. Nothing is guessed without a word."""

import re
from collections.abc import Iterator

from segctl.draft.ansible_ini import SECTION
from segctl.draft.csv_hosts import find_header
from segctl.draft.etc_hosts import is_address
from segctl.draft.hosts import FORMS, Form, wrong

_KEY = re.compile(r"""(?:[\w.-]+|"[^"]+"|'[^']+')\s*:(?:\s|\Z)""")  # no INI and no address has a colon and a blank
_YAML = ("---", "{", "%YAML")
_SAMPLE = 2_000  # lines looked at


def sniff(text: str, file: str) -> tuple[Form, str]:
    """The form, and why it is that one; `SiteError` if there is none, or more than one."""
    lines = list(_significant(text))
    if not lines:
        raise wrong(file, 1, 1, "inventory", "there is no host in it", "`segctl init` alone writes a starter")
    found = {form: why for form, why in _candidates(text, lines)}
    if len(found) == 1:
        return next(iter(found.items()))
    fits = f"it could be {' or '.join(found)}" if found else "it looks like none of the forms that are read"
    number = lines[0][0]
    raise wrong(file, number, 1, "inventory", f"which form is this? {fits}", f"say it: --as {'|'.join(FORMS)}")


def _significant(text: str) -> Iterator[tuple[int, str]]:
    """Lines that say something, with their numbers; the first thousands are enough."""
    for number, line in enumerate(text.splitlines()[:_SAMPLE], 1):
        if line.strip() and not line.lstrip().startswith(("#", ";")):
            yield number, line


def _candidates(text: str, lines: list[tuple[int, str]]) -> Iterator[tuple[Form, str]]:
    first, line = lines[0]
    header = next((line for line in text.split("\n") if line.strip()), "")
    if find_header(header):
        yield Form.CSV, f"line {text.split(chr(10)).index(header) + 1} names columns for names and addresses"
    at = next((number for number, line in lines if _is_hosts(line)), 0)
    if at and not any(SECTION.match(line.strip()) for _, line in lines):
        yield Form.HOSTS, f"line {at} is an address and a name"
    if line.strip().startswith(_YAML) or _KEY.match(line):
        yield Form.ANSIBLE, f"line {first} begins YAML"
    elif not at and not find_header(header):
        section = next((number for number, line in lines if SECTION.match(line.strip())), 0)
        if section:
            yield Form.ANSIBLE, f"line {section} is a section"
        elif all(_is_ini_host(line.strip()) for _, line in lines):
            yield Form.ANSIBLE, "each line is a host, with KEY=VALUE behind it at most"


def _is_hosts(line: str) -> bool:
    words = line.partition("#")[0].split()
    return len(words) > 1 and is_address(words[0]) and "=" not in words[1]


def _is_ini_host(line: str) -> bool:
    words = line.partition("#")[0].split()
    return bool(words) and "=" not in words[0] and "," not in words[0] and len(words) > 1 and "=" in words[1]


def is_yaml(text: str) -> bool:
    """Which of Ansible's two forms: INI has a section or a host on its first line, YAML a mapping."""
    lines = list(_significant(text))
    first = lines[0][1] if lines else ""
    return first.strip().startswith(_YAML) or bool(_KEY.match(first))
