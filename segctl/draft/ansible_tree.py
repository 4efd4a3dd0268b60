"""An Ansible inventory once it is read: groups in groups, hosts in groups, and the two variables that say where a
host is. Every other variable stays where it is: it may be a secret, and a site has no use for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from segctl.draft.etc_hosts import is_address
from segctl.draft.host_pattern import BadPattern, expand
from segctl.draft.hosts import MOST_HOSTS, Doubt, Form, Host, Inventory, wrong
from segctl.load.values import shorten

ALL, UNGROUPED = "all", "ungrouped"
ADDRESS = ("ansible_host", "ansible_ssh_host")  # the second is the name before Ansible 2.0
CONNECTION = "ansible_connection"
PRIORITY = "ansible_group_priority"
KEPT = frozenset({*ADDRESS, CONNECTION, PRIORITY})
PORTS = frozenset({"ansible_port", "ansible_ssh_port"})
_OVER_IP = frozenset({"", "smart", "ssh", "paramiko", "paramiko_ssh", "ansible.builtin.ssh", "winrm", "psrp",
                      "ansible.builtin.winrm", "ansible.builtin.psrp", "ansible.builtin.paramiko_ssh"})  # fmt: skip


@dataclass(slots=True)
class Node:
    """A group or a host: the line where it was first said, the groups that list it, what we keep of its variables."""

    line: int
    parents: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)


class Tree:
    """Grows while a reader reads; `inventory` is what comes of it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.groups = {ALL: Node(0), UNGROUPED: Node(0)}
        self.hosts: dict[str, Node] = {}
        self.doubts: list[Doubt] = []
        self._left: set[str] = set()  # names of variables that we saw and left where they are
        self._ports = False

    def add_group(self, name: str, line: int) -> None:
        self.groups.setdefault(name, Node(line))

    def add_child(self, group: str, child: str, line: int) -> None:
        """`child` is in `group`; a group in itself is refused, as Ansible does."""
        if child == group or child in self.ancestors(group):
            raise wrong(self.file, line, 1, "inventory", f"the group '{shorten(child)}' would be in itself",
                        "take one of its `children` out")  # fmt: skip
        parents = self.groups[child].parents
        if group not in parents:
            parents.append(group)

    def add_hosts(self, pattern: str, group: str, line: int, column: int) -> list[str]:
        """The hosts of a pattern, in that group."""
        try:
            names, port = expand(pattern)
        except BadPattern as bad:
            raise wrong(self.file, line, column, "inventory", f"the host '{shorten(pattern)}': {bad}",
                        "a range is [START:END], as web[01:10]") from bad  # fmt: skip
        self._ports = self._ports or port is not None
        for name in names:
            node = self.hosts.setdefault(name, Node(line))
            if group not in node.parents:
                node.parents.append(group)
        if len(self.hosts) > MOST_HOSTS:
            raise wrong(self.file, line, column, "too-big", f"more than {MOST_HOSTS:,} hosts", "use several files")
        return names

    def set(self, node: Node, key: str, value: str) -> None:
        """A variable, if it is one that we keep; another only leaves its name."""
        if key in KEPT:
            node.variables[key] = value
        elif key in PORTS:
            self._ports = True
        else:
            self._left.add(key)

    def ancestors(self, group: str) -> list[str]:
        """The groups that hold a group, nearest first."""
        out = dict.fromkeys(self.groups[group].parents)
        todo = list(out)
        while todo:
            for parent in self.groups[todo.pop(0)].parents:
                if parent not in out:
                    out[parent] = None
                    todo.append(parent)
        return list(out)

    def inventory(self) -> Inventory:
        """Its hosts with their groups, and what is doubtful of the whole."""
        above = {name: tuple(g for g in self.ancestors(name) if g not in (ALL, UNGROUPED)) for name in self.groups}
        depths = self._depths()
        hosts = tuple(self._host(name, node, above, depths) for name, node in self.hosts.items())
        doubts = (*self.doubts, *self._general())
        by = "group" if any(host.groups for host in hosts) else ""
        return Inventory(Form.ANSIBLE, self.file, hosts, by, doubts, above)

    def _general(self) -> Iterator[Doubt]:
        for name in self.hosts:
            if name in self.groups:
                yield Doubt(f"'{shorten(name)}' is the name of a host and of a group", self.hosts[name].line)
        if self._ports:
            yield Doubt("ports of ansible itself (ansible_port, NAME:PORT) are left out: a flow's services say them")
        if self._left:
            yield Doubt("of variables only ansible_host and ansible_connection are read; no other was copied")

    def _host(self, name: str, node: Node, above: dict[str, tuple[str, ...]], depths: dict[str, int]) -> Host:
        groups = [group for group in node.parents if group not in (ALL, UNGROUPED)]
        nearest = [group for group in groups if not any(group in above[other] for other in groups)]
        further = dict.fromkeys((*nearest[1:], *(up for group in nearest for up in above[group])))
        variables = self._effective(node, nearest, list(further), depths)
        address = next((variables[key] for key in ADDRESS if key in variables), "")
        doubts, unusable = _judged(name, address, variables.get(CONNECTION, ""))
        if len(nearest) > 1:
            others = ", ".join(map(shorten, nearest[1:]))
            doubts += (f"it is in several groups: the segment is that of '{shorten(nearest[0])}', not of {others}",)
        groups = [*nearest[:1], *further]
        return Host(name, (address or name,), node.line, groups=tuple(groups), doubts=doubts, unusable=unusable)

    def _effective(self, node: Node, nearest: list[str], further: list[str], depths: dict[str, int]) -> dict[str, str]:
        """The variables that hold for a host: a deeper group over a higher one, the host over all.

        Ansible's documentation, "How variables are merged": by depth, then ansible_group_priority, then name.
        """
        groups = [group for group in (ALL, *nearest, *further) if self.groups[group].variables]
        if not nearest and self.groups[UNGROUPED].variables:
            groups.append(UNGROUPED)
        out: dict[str, str] = {}
        for group in sorted(groups, key=lambda name: (depths[name], self._priority(name), name)):
            out |= self.groups[group].variables
        return out | node.variables

    def _priority(self, group: str) -> int:
        said = self.groups[group].variables.get(PRIORITY, "1")
        return int(said) if said.lstrip("-").isdigit() else 1

    def _depths(self) -> dict[str, int]:
        """How far below `all` each group stands, by its longest way."""
        out = {ALL: 0}
        todo = [name for name in self.groups if name not in out]
        while todo:
            for name in todo:
                parents = self.groups[name].parents
                if all(parent in out for parent in parents):
                    out[name] = 1 + max((out[parent] for parent in parents), default=0)
            todo = [name for name in todo if name not in out]
        return out


def _judged(name: str, address: str, connection: str) -> tuple[tuple[str, ...], str]:
    """What is doubtful about a host, and why it can't be used, if so."""
    where = address or name
    if "{{" in where or "{%" in where:
        return (), "its address is a template that only ansible can fill in"
    if connection in ("local", "ansible.builtin.local"):
        if not is_address(where):
            return (), f"{CONNECTION}=local, and no address"
        return (f"{CONNECTION}=local: is {where} the address that others see?",), ""
    if not is_address(where):
        return (), f"it has no address: '{shorten(where)}' needs DNS, which is not asked"
    if connection.rpartition(".")[2] not in _OVER_IP and connection not in _OVER_IP:
        return (f"{CONNECTION}={shorten(connection)}: is {where} the address that others see?",), ""
    return (), ""
