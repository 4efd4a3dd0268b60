"""Ansible's INI inventory, by the documentation of its `ini` plugin: [group], [group:children], [group:vars].

The first line stands in [ungrouped]. A host's line is split as a shell would, `#` begins a comment there; values are
read as Python literals where they are some (so `"'10.0.0.1'"` is an address).
"""

import ast
import re
import shlex
from dataclasses import dataclass
from typing import NoReturn

from segctl.draft.ansible_tree import UNGROUPED, Tree
from segctl.draft.hosts import Inventory, wrong
from segctl.load.values import shorten

SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?\Z")
_GROUP = re.compile(r"([^:\]\s]+)\s*(?:#.*)?\Z")
_COMMENT = ("#", ";")
_QUOTED = re.compile(r"[\"'\\]")  # without these a shell's words are what stands between blanks: 20 times faster
_WORD = re.compile(r"[^ \t\r\n]+")
_HOSTS, _CHILDREN, _VARS = "hosts", "children", "vars"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A group that was named before it was declared."""

    line: int
    parent: str | None  # the group that wants it as a child; None: it has variables


def read_ini(text: str, file: str) -> Inventory:
    """The whole inventory; `SiteError` at the first line that Ansible refuses."""
    return _Reader(file).read(text)


class _Reader:
    def __init__(self, file: str) -> None:
        self._tree = Tree(file)
        self._file = file
        self._declared = set(self._tree.groups)
        self._wanted: dict[str, list[_Wanted]] = {}
        self._group, self._kind, self._line, self._column = UNGROUPED, _HOSTS, 0, 1

    def read(self, text: str) -> Inventory:
        for self._line, written in enumerate(text.splitlines(), 1):
            line = written.strip()
            if not line or line.startswith(_COMMENT):
                continue
            self._column = written.index(line) + 1
            section = SECTION.match(line)
            if section:
                self._enter(section[1], section[2] or _HOSTS)
            elif line.startswith("[") and line.endswith("]"):
                self._refuse(f"'{shorten(line)}' is no section", "[GROUP], [GROUP:children] or [GROUP:vars], no blanks")
            else:
                {_HOSTS: self._host, _CHILDREN: self._child, _VARS: self._variable}[self._kind](line)
        self._resolve()
        return self._tree.inventory()

    def _enter(self, group: str, kind: str) -> None:
        if kind not in (_HOSTS, _CHILDREN, _VARS):
            self._refuse(f"the section [{shorten(group)}:{shorten(kind)}]: there is no ':{shorten(kind)}'",
                         "[GROUP], [GROUP:children] or [GROUP:vars]")  # fmt: skip
        self._group, self._kind = group, kind
        self._tree.add_group(group, self._line)
        if kind != _VARS:
            self._declared.add(group)
        elif group not in self._declared:
            self._wanted.setdefault(group, []).append(_Wanted(self._line, None))

    def _host(self, line: str) -> None:
        try:
            words = shlex.split(line, comments=True) if _QUOTED.search(line) else _WORD.findall(line.partition("#")[0])
        except ValueError as error:
            self._refuse(f"a host's line that can't be split: {error}", "quotes that open must close")
        if not words:
            self._refuse("a line without a host")
        if words[0].endswith(":"):
            self._refuse(f"the host '{shorten(words[0])}' ends in ':'", "a port follows it, or it goes")
        if words[0] == "---":
            self._refuse("'---' begins a YAML file, and this is none", "is it YAML with an INI part? keep one of them")
        variables = []
        for word in words[1:]:
            key, equals, value = word.partition("=")
            if not equals:
                self._refuse(
                    "a word behind the host is no KEY=VALUE", "quote a value with a blank in it"
                )  # maybe a secret
            variables.append((key, _literal(value)))
        for name in self._tree.add_hosts(words[0], self._group, self._line, self._column):
            for key, value in variables:
                self._tree.set(self._tree.hosts[name], key, value)

    def _child(self, line: str) -> None:
        found = _GROUP.match(line)
        if not found:
            self._refuse(f"'{shorten(line)}' is no group's name", "one group a line")
        self._tree.add_group(found[1], self._line)
        self._wanted.setdefault(found[1], []).append(_Wanted(self._line, self._group))
        self._tree.add_child(self._group, found[1], self._line)

    def _variable(self, line: str) -> None:
        key, equals, value = line.partition("=")
        if not equals:
            self._refuse("a line of [GROUP:vars] that is no KEY=VALUE", "one variable a line")
        self._tree.set(self._tree.groups[self._group], key.strip(), _literal(value.strip()))

    def _resolve(self) -> None:
        """Groups that are named, and declared nowhere: Ansible refuses them."""
        for group, all_wanted in self._wanted.items():
            if group not in self._declared:
                first = all_wanted[0]
                self._line, self._column = first.line, 1
                said = f"[{shorten(first.parent)}:children] names" if first.parent else "there are variables for"
                self._refuse(f"{said} the group '{shorten(group)}', which is declared nowhere",
                             f"add a section [{shorten(group)}]")  # fmt: skip

    def _refuse(self, what: str, help: str = "") -> NoReturn:
        raise wrong(self._file, self._line, self._column, "inventory", what, help or "see Ansible's `ini` inventory")


def _literal(value: str) -> str:
    """A value that is a Python string literal, without its quotes; any other as written."""
    if value[:1] in "'\"" and value[:1]:
        try:
            found = ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return value
        return found if isinstance(found, str) else value
    return value
