"""Ansible's YAML inventory, by the documentation of its `yaml` plugin: groups with hosts, vars and children.

PyYAML's safe loader composes nodes, which keep their places; nothing is constructed of them, so no tag is obeyed
(`!vault` and `!unsafe` least of all). Anchors, aliases and `<<` are part of what Ansible reads.
"""

from dataclasses import dataclass
from typing import NoReturn

import yaml

from segctl.draft.ansible_tree import Node, Tree
from segctl.draft.hosts import Doubt, Inventory, wrong
from segctl.load.values import shorten

_STRING = "tag:yaml.org,2002:str"
_NULL = "tag:yaml.org,2002:null"
_MERGE = "tag:yaml.org,2002:merge"
_FALSE = ("false", "no", "off", "", "0", "null", "~")
_LOOK = "see what stands at, or just before, this place"
_UNKNOWN = "{{ }}"  # a value that only Ansible knows, as a template is
_PARTS = ("vars", "children", "hosts")
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class _Entry:
    key: yaml.Node
    value: yaml.Node


_Entries = dict[str, _Entry]


def compose(text: str, file: str) -> yaml.Node | None:
    """The one document of a YAML text as nodes; `SiteError` at the place where it breaks."""
    try:
        found: yaml.Node | None = yaml.compose(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        last = text.rstrip("\n").count("\n") + 1  # libyaml's mark for an end that comes too soon lies behind it
        line, column = (min(mark.line + 1, last), mark.column + 1) if mark else (1, 1)
        raise wrong(file, line, column, "yaml", f"broken YAML: {error.problem or error.context}", _LOOK) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise wrong(
            file, line, 1, "character", f"a character that YAML forbids: {error.reason}", "take it out"
        ) from error
    except RecursionError as error:
        raise wrong(file, 1, 1, "too-deep", "nested too deep", _LOOK) from error
    return found


def read_yaml(text: str, file: str) -> Inventory:
    """The whole inventory; `SiteError` at the first thing that Ansible refuses."""
    root = compose(text, file)
    reader = _Reader(file)
    if not isinstance(root, yaml.MappingNode):
        reader.refuse(root, "a YAML inventory is a mapping of groups", "all: {hosts: …, children: …}")
    return reader.read(root)


class _Reader:
    def __init__(self, file: str) -> None:
        self._tree = Tree(file)
        self._file = file
        self._entries: dict[int, _Entries] = {}
        self._done: set[tuple[str, int]] = set()

    def read(self, root: yaml.MappingNode) -> Inventory:
        groups = self._of(root)
        plugin = groups.get("plugin")
        if plugin and isinstance(plugin.value, yaml.ScalarNode) and plugin.value.value.lower() not in _FALSE:
            self.refuse(plugin.key, "this configures an inventory plugin, it is no inventory",
                        "print what it finds: `ansible-inventory -i FILE --list --yaml`, and give that")  # fmt: skip
        if "_meta" in groups:
            self.refuse(groups["_meta"].key, "this is what `ansible-inventory --list` prints, no inventory",
                        "print it with `--yaml`, and give that")  # fmt: skip
        for name, entry in groups.items():
            self._group(name, entry, 0)
        return self._tree.inventory()

    def _group(self, name: str, entry: _Entry, depth: int) -> None:
        line = entry.key.start_mark.line + 1
        self._demand_string(entry.key, "a group's name")
        if depth > 200:
            self.refuse(entry.key, "groups in groups, more than 200 deep")
        if not isinstance(entry.value, yaml.MappingNode) and not _is_null(entry.value):
            self._doubt(f"left out: '{shorten(name)}' is no group's definition", line)
            return
        self._tree.add_group(name, line)
        if not isinstance(entry.value, yaml.MappingNode) or (name, id(entry.value)) in self._done:
            return
        self._done.add((name, id(entry.value)))  # aliases: a thing said again says nothing new
        for key, part in self._of(entry.value).items():
            if key not in _PARTS:
                self._doubt(f"left out: '{shorten(key)}' in '{shorten(name)}' is none of hosts, vars, children",
                            part.key.start_mark.line + 1)  # fmt: skip
            elif key == "vars":
                self._variables(self._tree.groups[name], self._part(part, key, name))
            elif key == "children":
                self._children(name, self._part(part, key, name), depth)
            else:
                self._hosts(name, self._part(part, key, name))

    def _children(self, group: str, children: _Entries, depth: int) -> None:
        for child, entry in children.items():
            self._group(child, entry, depth + 1)
            if child in self._tree.groups:
                self._tree.add_child(group, child, entry.key.start_mark.line + 1)

    def _hosts(self, group: str, hosts: _Entries) -> None:
        for pattern, entry in hosts.items():
            self._demand_string(entry.key, "a host")
            mark = entry.key.start_mark
            names = self._tree.add_hosts(pattern, group, mark.line + 1, mark.column + 1)
            if isinstance(entry.value, yaml.MappingNode):
                for name in names:
                    self._variables(self._tree.hosts[name], self._of(entry.value))
            elif not _is_null(entry.value) and _truthy(entry.value):
                self.refuse(entry.value, f"the variables of '{shorten(pattern)}' are no mapping")

    def _variables(self, node: Node, variables: _Entries) -> None:
        for key, entry in variables.items():
            value = entry.value.value if isinstance(entry.value, yaml.ScalarNode) else _UNKNOWN
            vaulted = entry.value.tag.startswith("!vault")
            if not _is_null(entry.value):
                self._tree.set(node, key, _UNKNOWN if vaulted else value)

    def _part(self, entry: _Entry, part: str, group: str) -> _Entries:
        """`hosts`, `vars` or `children`: a mapping, nothing, or one name alone."""
        if isinstance(entry.value, yaml.MappingNode):
            return self._of(entry.value)
        if _is_null(entry.value):
            return {}
        if isinstance(entry.value, yaml.ScalarNode) and entry.value.tag == _STRING:
            return {entry.value.value: _Entry(entry.value, yaml.ScalarNode(_NULL, ""))}
        self.refuse(entry.value, f"`{part}` of the group '{shorten(group)}' is no mapping",
                    "write each as a key, `web1:`; a list, `- web1`, is no YAML inventory")  # fmt: skip

    def _of(self, node: yaml.MappingNode) -> _Entries:
        """A mapping's entries; of a key that stands twice the last one holds, and what `<<` brings holds least."""
        known = self._entries.get(id(node))
        if known is not None:
            return known
        self._entries[id(node)] = {}  # a mapping that merges itself
        own: _Entries = {}
        merged: _Entries = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                for other in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    merged = (self._of(other) if isinstance(other, yaml.MappingNode) else {}) | merged
            elif not isinstance(key, yaml.ScalarNode):
                self.refuse(key, "a key that is a list or a mapping")
            else:
                if key.value in own:
                    self._doubt(f"'{shorten(key.value)}' stands twice: the last one holds", key.start_mark.line + 1)
                own[key.value] = _Entry(key, value)
        self._entries[id(node)] = merged | own
        return self._entries[id(node)]

    def _demand_string(self, node: yaml.Node, what: str) -> None:
        if isinstance(node, yaml.ScalarNode) and node.tag != _STRING:
            self.refuse(node, f"{what} must be a text, '{shorten(node.value)}' is none", "put quotes around it")

    def _doubt(self, text: str, line: int) -> None:
        self._tree.doubts.append(Doubt(text, line))

    def refuse(self, node: yaml.Node | None, what: str, help: str = "") -> NoReturn:
        mark = node.start_mark if node is not None else None
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise wrong(self._file, line, column, "inventory", what, help or "see Ansible's `yaml` inventory")


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == _NULL


def _truthy(node: yaml.Node) -> bool:
    return not isinstance(node, yaml.ScalarNode) or node.value.lower() not in _FALSE
