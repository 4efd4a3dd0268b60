"""No text of a list breaks out of the YAML that is written from it, nor out of a comment.

Drafts of lists with any text anywhere are loaded again: endpoints, labels and segments are those that were proposed,
and nothing else was said. Ansible inventories are made in both forms, and must read the same.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from segctl.draft import quote
from segctl.draft.ansible_ini import read_ini
from segctl.draft.ansible_yaml import read_yaml
from segctl.draft.hosts import Doubt, Form, Host, Inventory
from segctl.draft.put import put
from segctl.draft.read import read_inventory
from segctl.draft.segments import Proposal, label_value, propose
from segctl.draft.site import UnsafeText, _only_safe
from segctl.draft.start import draft_from
from segctl.load import load_site
from segctl.model.diagnostic import Level, SiteError
from segctl.model.site import Site
from segctl.report.diagnostics import level_of
from tests.sites import AT, read

CALM = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))

_YAML = ['"', "'", "\\", "{", "}", "[", "]", "&a", "*a", "!!str", "|", ">", "%", "@", "`", "---", "...", "~", "<<", "#"]
_LINES = ["\t", "\r", "\x00", "\x07", "\x1b[2J", "\x85", "\u2028", "\u2029", "\u202e", "\ufeff", "\ufffe", "\U000e0001"]
_WORDS = [
    "",
    " ",
    "a # b",
    "a: b",
    "? a",
    "- a",
    "null",
    "true",
    "no",
    "world",
    "any",
    "from",
    "web",
    "web-2",
    "é",
    "日本",
]
_TRICKS = ["{{ 7 * 7 }}", "{% raw %}", "&lt;", "<b>", "x" * 700, "a" * 63]
_FLOW = "a\nflows: [{from: any, to: any, services: [all]}]"
NASTY = st.sampled_from([*_YAML, *_LINES, *_WORDS, *_TRICKS, _FLOW])
TEXT = NASTY | st.text(max_size=12) | st.builds(str.__add__, NASTY, NASTY)
ADDRESS = st.sampled_from(
    [
        "10.0.0.1",
        "10.0.0.2",
        "10.0.1.1",
        "10.0.2.1",
        "fd00::1",
        "fd00:1::1",
        "127.0.0.1",
        "fe80::1",
        "8.8.8.8",
        "10.0.0.3",
    ]
)
KEY = st.sampled_from(["zone", "os", "group", "in-web", "true", "y"])
HOST = st.builds(
    Host,
    TEXT,
    st.lists(ADDRESS | TEXT, max_size=3).map(tuple),
    st.integers(0, 99),
    st.lists(TEXT, max_size=2).map(tuple),
    st.lists(TEXT, max_size=3).map(tuple),
    st.dictionaries(KEY, TEXT, max_size=3),
    st.lists(TEXT, max_size=2).map(tuple),
)
SURE = Host("sure", ("10.9.9.9",), 1)  # a list without a host that can be used is refused
_EXAMPLE = re.compile(r"^#(?=\w+:|  )", re.MULTILINE)


def loaded(inventory: Inventory, folder: Path) -> tuple[Proposal, Site]:
    put(draft_from(inventory, "x", b""), folder, AT)
    return propose(inventory), read(folder)


@CALM
@given(st.lists(HOST, max_size=6), TEXT, st.lists(TEXT, max_size=2), st.sampled_from(["", "zone", "group"]))
def test_whatever_a_list_says_comes_back(hosts: list[Host], file: str, doubts: list[str], by: str) -> None:
    inventory = Inventory(Form.ANSIBLE, file, (*hosts, SURE), by or "group", tuple(map(Doubt, doubts)))
    with TemporaryDirectory() as folder:
        proposal, site = loaded(inventory, Path(folder))
    assert {name: (one.addresses, one.labels) for name, one in site.endpoints.items()} == {
        one.name: (one.addresses, one.labels) for one in proposal.entries
    }
    segments = {name for name, segment in site.segments.items() if not segment.built_in}
    assert segments == {one.name for one in proposal.segments if not one.asleep}
    assert not (site.flows or site.guardrails or site.management or site.expectations or site.points)


@CALM
@given(st.lists(HOST, max_size=4))
def test_the_examples_in_comments_load_whatever_the_names(hosts: list[Host]) -> None:
    with TemporaryDirectory() as folder:
        put(draft_from(Inventory(Form.HOSTS, "f", (*hosts, SURE), "group"), "x", b""), Path(folder), AT)
        main = Path(folder) / "segctl.yaml"
        lines = _EXAMPLE.sub("", main.read_text()).splitlines(keepends=True)
        twice = [
            at for at in range(1, len(lines)) if all(line.startswith("    members:") for line in lines[at - 1 : at + 1])
        ]
        main.write_text("".join(line for at, line in enumerate(lines) if at not in twice))
        findings = load_site(Path(folder)).findings
    assert not [one for one in findings if level_of(one) is Level.ERROR], findings


@CALM
@example(Form.CSV, [['""']], ",")
@given(st.sampled_from(list(Form)), st.lists(st.lists(TEXT | ADDRESS, max_size=4), max_size=5),
       st.sampled_from([",", " ", "=", "\n", ": ", "[", " ansible_host="]))  # fmt: skip
def test_whatever_a_file_holds_is_read_or_refused(form: Form, cells: list[list[str]], between: str) -> None:
    """As a CSV, an /etc/hosts and an inventory: a site that loads, or findings with a place; nothing else."""
    head = {Form.CSV: "name,addresses,zone\nsure,10.9.9.9,z\n", Form.HOSTS: "10.9.9.9 sure\n",
            Form.ANSIBLE: "[g]\nsure ansible_host=10.9.9.9\n"}[form]  # fmt: skip
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list"
        path.write_bytes((head + "\n".join(between.join(row) for row in cells)).encode(errors="replace"))
        try:
            inventory, data, _ = read_inventory(path, form)
        except SiteError as error:
            assert all(finding.span.line >= 1 and finding.what for finding in error.findings)
            return
        put(draft_from(inventory, "x", data), Path(folder) / "site", AT)
        assert "sure" in read(Path(folder) / "site").endpoints


@CALM
@given(TEXT)
def test_quoted_texts_are_one_yaml_scalar(text: str) -> None:
    written = str(quote.text(text))
    assert written.isprintable()
    if not any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        assert yaml.safe_load(f"a: {written} # b") == {"a": text}


@CALM
@given(TEXT)
def test_a_remark_is_one_line_of_printable_characters(text: str) -> None:
    assert quote.remark(text).isprintable()
    assert yaml.safe_load(f"a: b # {quote.remark(text)}") == {"a": "b"}


@pytest.mark.parametrize("name", ["a b", "", "a:", "1", "a#", "é"])
def test_no_word_is_written_that_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        quote.word(name)


@pytest.mark.parametrize("value", ["text", Markup("markup"), True, None, 1.5, ["a"]])
def test_a_template_writes_nothing_that_nobody_quoted(value: object) -> None:
    with pytest.raises(UnsafeText):
        _only_safe(value)


@pytest.mark.parametrize("group", ["web", "a b", "a\nb", "", " "])
def test_a_groups_label_is_a_text(group: str) -> None:
    assert json.dumps(label_value(group)).isprintable()


@dataclass(frozen=True)
class Made:
    """An inventory: groups with their children (of later groups only) and hosts, and where each host is."""

    children: dict[str, list[str]]
    hosts: dict[str, list[str]]
    addresses: dict[str, str]

    def ini(self) -> str:
        lines = []
        for group, children in self.children.items():
            lines += [f"[{group}:children]", *children]
        for group, hosts in self.hosts.items():
            lines += [f"[{group}]", *hosts]
        lines += ["[all]", *(f"{host} ansible_host={address}" for host, address in self.addresses.items())]
        return "\n".join(lines)

    def yaml(self) -> str:
        groups: dict[str, object] = {
            group: {"children": dict.fromkeys(children), "hosts": dict.fromkeys(self.hosts[group])}
            for group, children in self.children.items()
        }
        groups["all"] = {"hosts": {host: {"ansible_host": address} for host, address in self.addresses.items()}}
        return yaml.safe_dump(groups, sort_keys=False)

    def holding(self, group: str) -> set[str]:
        """The groups above one, by asking every group again and again."""
        above = {other for other, children in self.children.items() if group in children}
        return above.union(*(self.holding(other) for other in above))


@st.composite
def inventories(draw: st.DrawFn) -> Made:
    groups = [f"g{number}" for number in range(draw(st.integers(1, 5)))]
    hosts = [f"h{number}" for number in range(draw(st.integers(1, 6)))]
    some = st.lists(st.sampled_from(hosts), max_size=4, unique=True)
    children: dict[str, list[str]] = {group: [] for group in groups}
    for at, group in enumerate(groups[:-1], 1):
        children[group] = draw(st.lists(st.sampled_from(groups[at:]), max_size=2, unique=True))
    addresses = {host: f"10.0.{draw(st.integers(0, 2))}.{number}" for number, host in enumerate(hosts, 1)}
    return Made(children, {group: draw(some) for group in groups}, addresses)


@CALM
@given(inventories())
def test_both_forms_of_an_inventory_read_the_same(made: Made) -> None:
    by_ini, by_yaml = read_ini(made.ini(), "f"), read_yaml(made.yaml(), "f")
    for inventory in (by_ini, by_yaml):
        assert {host.name: host.addresses for host in inventory.hosts} == {
            host: (address,) for host, address in made.addresses.items()
        }
        for host in inventory.hosts:
            direct = {group for group, hosts in made.hosts.items() if host.name in hosts}
            assert set(host.groups) <= direct.union(*map(made.holding, direct))
            assert bool(host.groups) == bool(direct)
            lowest = {group for group in direct if not any(group in made.holding(other) for other in direct)}
            assert {*host.groups[:1]} <= lowest
            if len(lowest) == 1:
                assert set(host.groups) == lowest.union(*map(made.holding, lowest))
    assert {host.name: set(host.groups) for host in by_ini.hosts} == {
        host.name: set(host.groups) for host in by_yaml.hosts
    }
