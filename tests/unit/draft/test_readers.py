"""Each form, line by line: what is read, what is left out and said, what is refused and where."""

from pathlib import Path

import pytest

from segctl.draft.ansible_ini import read_ini
from segctl.draft.ansible_yaml import read_yaml
from segctl.draft.csv_hosts import read_csv
from segctl.draft.etc_hosts import read_etc_hosts
from segctl.draft.host_pattern import BadPattern, expand
from segctl.draft.hosts import Form, Inventory
from segctl.draft.read import read_inventory
from segctl.draft.sniff import sniff
from segctl.model.diagnostic import SiteError

READERS = {"csv": read_csv, "hosts": read_etc_hosts, "ini": read_ini, "yaml": read_yaml}


def brief(inventory: Inventory) -> dict[str, tuple[str, str]]:
    """Each host's addresses and groups, as words."""
    return {host.name: (" ".join(host.addresses), " ".join(host.groups)) for host in inventory.hosts}


@pytest.mark.parametrize(
    ("pattern", "names", "port"),
    [
        ("web1", "web1", None),
        ("web1:22", "web1", 22),
        ("10.0.0.1:2222", "10.0.0.1", 2222),
        ("fd00::1", "fd00::1", None),  # no port without brackets
        ("[fd00::1]:22", "fd00::1", 22),
        ("web[1:3]", "web1 web2 web3", None),
        ("web[01:10:4]", "web01 web05 web09", None),
        ("web[:2]", "web0 web1 web2", None),
        ("db-[a:c].x:5", "db-a.x db-b.x db-c.x", 5),
        ("r[1:2]-[y:z]", "r1-y r1-z r2-y r2-z", None),
        ("x[9:10]", "x9 x10", None),
        ("x[08:10]", "x08 x09 x10", None),
        ("q[y:B]", "qy qz qA qB", None),  # letters run on into the big ones
        ("n[3:1]", "", None),
    ],
)
def test_host_patterns(pattern: str, names: str, port: int | None) -> None:
    assert expand(pattern) == (names.split(), port)


@pytest.mark.parametrize(
    "pattern",
    ["w[1]", "w[1:]", "w[1:2:3:4]", "w[1:2", "w]1[", "w[01:100]", "w[c:a]", "w[1:x]", "w[1:9:0]", "w[]", "w[1:9:x]",
     "w[0:999999999]", "w[0:9999][0:9999]", "w[0:99999999999999999999]"],
)  # fmt: skip
def test_host_patterns_that_ansible_refuses(pattern: str) -> None:
    with pytest.raises(BadPattern):
        expand(pattern)


@pytest.mark.parametrize(
    ("reader", "text", "want"),
    [
        ("hosts", "10.0.0.1 a b # c\n\n10.0.0.2\td", {"a": ("10.0.0.1", ""), "d": ("10.0.0.2", "")}),
        ("csv", "name,addresses\na,10.0.0.1 fd00::1\n", {"a": ("10.0.0.1 fd00::1", "")}),
        ("csv", "\nIP;Zone;Host\n10.0.0.1;DMZ;a\n", {"a": ("10.0.0.1", "DMZ")}),
        ("csv", 'host,ipv4,ipv6\n"a, b",10.0.0.1,fd00::1\n,,\n', {"a, b": ("10.0.0.1 fd00::1", "")}),
        ("csv", "name,ip,segment,zone\na,10.0.0.1|10.0.0.2,x,y\n", {"a": ("10.0.0.1 10.0.0.2", "x")}),
        ("ini", "a\nb:22\n[g]\nb\n", {"a": ("a", ""), "b": ("b", "g")}),
        ("ini", "a ansible_host=10.0.0.1 # c\n", {"a": ("10.0.0.1", "")}),
        ("ini", "a ansible_host=\"'10.0.0.1'\" x='a # b'\n", {"a": ("10.0.0.1", "")}),
        ("ini", "[p:children]\ng\n[g]\na\n[p:vars]\nansible_host=1.1.1.1\n", {"a": ("1.1.1.1", "g p")}),
        ("ini", "[p:children]\ng\n[g]\na\n[g:vars]\nansible_host=2.2.2.2\n[p:vars]\nansible_host=1.1.1.1",
         {"a": ("2.2.2.2", "g p")}),  # the deeper group's variable holds
        ("ini", "[b]\na\n[c]\na\n[c:vars]\nansible_host=2.2.2.2\n[b:vars]\nansible_host=1.1.1.1",
         {"a": ("2.2.2.2", "b c")}),  # at one depth the later name's
        ("ini", "[b]\na\n[c]\na\n[c:vars]\nansible_host=2.2.2.2\n[b:vars]\nansible_host=1.1.1.1\n"
                "ansible_group_priority=2", {"a": ("1.1.1.1", "b c")}),
        ("ini", "[p]\na\n[g]\na\n[p:children]\ng", {"a": ("a", "g p")}),  # the nearest group decides
        ("yaml", "g: {hosts: {a: , 'b[1:2]': {ansible_host: 10.0.0.1}}}",
         {"a": ("a", "g"), "b1": ("10.0.0.1", "g"), "b2": ("10.0.0.1", "g")}),
        ("yaml", "all: {hosts: x, children: {g: {hosts: y}}}", {"x": ("x", ""), "y": ("y", "g")}),
        ("yaml", "g:\n  hosts: &h\n    a: &v {ansible_host: 1.1.1.1}\nk:\n  hosts: {<<: *h, b: {<<: *v}}",
         {"a": ("1.1.1.1", "g k"), "b": ("1.1.1.1", "k")}),
        ("yaml", "g: {hosts: {a: {ansible_host: !unsafe '1.1.1.1'}}}", {"a": ("1.1.1.1", "g")}),
        ("yaml", '{"g": {"children": {"k": {"hosts": {"a": null}}}}}', {"a": ("a", "k g")}),
    ],
)  # fmt: skip
def test_what_is_read(reader: str, text: str, want: dict[str, tuple[str, str]]) -> None:
    assert brief(READERS[reader](text, "f")) == want


@pytest.mark.parametrize(
    ("reader", "text", "said"),
    [
        ("hosts", "10.0.0.1\n", "f:1: left out: no name after the address"),
        ("hosts", "\nx 10.0.0.1\n", "f:2: left out: 'x' is no address"),
        ("csv", "name;ip\na;10.0.0.1", "f:1: its columns are apart by semicolons, not commas"),
        ("csv", "name,ip,Asset tag\na,10.0.0.1,x", "f:1: the column 'Asset tag' is the label Asset-tag"),
        ("csv", "name,ip,Root password\na,10.0.0.1,hunter2", "f:1: the column 'Root password' may hold secrets"),
        ("ini", "a:22\n", "f:0: ports of ansible itself"),
        ("ini", "a ansible_password=x\n", "f:0: of variables only ansible_host"),
        ("ini", "[g]\ng\n", "f:2: 'g' is the name of a host and of a group"),
        ("yaml", "g: {hosts: {a: }}\nk: hello", "f:2: left out: 'k' is no group's definition"),
        ("yaml", "g:\n  host: {a: }\n", "f:2: left out: 'host' in 'g' is none of hosts, vars, children"),
        ("yaml", "g:\n  hosts: {a: }\n  hosts: {b: }\n", "f:3: 'hosts' stands twice: the last one holds"),
    ],
)
def test_what_is_doubtful(reader: str, text: str, said: str) -> None:
    doubts = [f"f:{doubt.line}: {doubt.text}" for doubt in READERS[reader](text, "f").doubts]
    assert [doubt for doubt in doubts if doubt.startswith(said)], doubts


@pytest.mark.parametrize(
    ("variables", "unusable", "doubt"),
    [
        ("ansible_host=10.0.0.1", "", ""),
        ("", "needs DNS, which is not asked", ""),
        ("ansible_host=db.example.org", "'db.example.org' needs DNS", ""),
        ("ansible_host='{{ secret }}'", "a template", ""),
        ("ansible_connection=local", "ansible_connection=local, and no address", ""),
        ("ansible_connection=local ansible_host=10.0.0.1", "", "the address that others see"),
        ("ansible_connection=docker ansible_host=10.0.0.1", "", "ansible_connection=docker"),
        ("ansible_connection=ansible.builtin.ssh ansible_host=10.0.0.1", "", ""),
    ],
)
def test_hosts_that_cannot_be_used(variables: str, unusable: str, doubt: str) -> None:
    (host,) = read_ini(f"a {variables}", "f").hosts
    assert unusable in host.unusable
    assert bool(unusable) == bool(host.unusable)
    assert [doubt] == [found for found in (*host.doubts, "")[:1] if doubt in found] or doubt in host.doubts[0]


@pytest.mark.parametrize(
    ("reader", "text", "where", "what"),
    [
        ("csv", "name,ip\na,10.0.0.1\nb\n", "f:3:1", "1 cells under 2 columns"),
        ("csv", 'name,ip\na,"10.0.0.1\n', "f:2:1", "no CSV"),
        ("csv", "# c\nname,ip\n", "f:1:1", "names no column"),
        ("ini", "[a b]\n", "f:1:1", "is no section"),
        ("ini", "[a]\n  [b:foo]\n", "f:2:3", "there is no ':foo'"),
        ("ini", "a b\n", "f:1:1", "no KEY=VALUE"),
        ("ini", "a 'b\n", "f:1:1", "No closing quotation"),
        ("ini", "a:\n", "f:1:1", "ends in ':'"),
        ("ini", "[g:vars]\nx=1\n", "f:1:1", "'g', which is declared nowhere"),
        ("ini", "[g]\n[g:children]\nk\n", "f:3:1", "[g:children] names the group 'k'"),
        ("ini", "[g:vars]\nx\n[g]", "f:2:1", "no KEY=VALUE"),
        ("ini", "[g:children]\nk k\n", "f:2:1", "no group's name"),
        ("ini", "[g:children]\nk\n[k:children]\ng\n", "f:4:1", "would be in itself"),
        ("ini", "[g]\nw[2:x]\n", "f:2:1", "a number or a letter"),
        ("yaml", "- a\n", "f:1:1", "a mapping of groups"),
        ("yaml", "", "f:1:1", "a mapping of groups"),
        ("yaml", "g: {hosts: [a, b]}\n", "f:1:12", "no mapping"),
        ("yaml", "g:\n  hosts:\n    1:\n", "f:3:5", "must be a text"),
        ("yaml", "1: {hosts: a}\n", "f:1:1", "must be a text"),
        ("yaml", "g: {hosts: {a: x}}", "f:1:16", "no mapping"),
        ("yaml", "g: {hosts: {'a[1:': }}", "f:1:13", "a bracket"),
        ("yaml", "plugin: aws_ec2\n", "f:1:1", "configures an inventory plugin"),
        ("yaml", "_meta: {hostvars: {}}\n", "f:1:1", "what `ansible-inventory --list` prints"),
        ("yaml", "g: {children: {k: {children: {g: }}}}", "f:1:1", "would be in itself"),
        ("yaml", "g: {hosts: ", "f:1:1", "broken YAML"),
        ("yaml", "g:\n\thosts:\n", "f:2:1", "broken YAML"),
        ("yaml", "g: &a\n  hosts: *b\n", "f:2:10", "broken YAML"),
        ("yaml", "a: 1\n---\nb: 2\n", "f:2:1", "broken YAML"),
        ("yaml", "[" * 100_000, "f:1:", ""),
        ("yaml", "g: {hosts: {? [a] : }}", "f:1:15", "a key that is a list"),
    ],
)
def test_what_is_refused(reader: str, text: str, where: str, what: str) -> None:
    with pytest.raises(SiteError) as refused:
        READERS[reader](text, "f")
    (finding,) = refused.value.findings
    assert str(finding.span).startswith(where), finding
    assert what in finding.what
    assert finding.help


def test_aliases_that_multiply_do_not_hang() -> None:
    """The billion laughs as groups in groups, and as merged mappings."""
    groups = "z0: &z0 {hosts: {a: {ansible_host: 10.0.0.1}}}\n"
    merges = "z0: &z0 {a: {hosts: {a: }}}\n"
    for level in range(1, 30):
        below = f"z{level - 1}"
        children = ", ".join(f"c{level}n{number}: *{below}" for number in range(9))
        groups += f"z{level}: &z{level} {{children: {{{children}}}}}\n"
        merges += f"z{level}: &z{level} {{<<: [{', '.join([f'*{below}'] * 9)}]}}\n"
    assert brief(read_yaml(groups, "f"))["a"][0] == "10.0.0.1"
    read_yaml(merges, "f")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("127.0.0.1 localhost\n", Form.HOSTS),
        ("# c\n\nfd00::1\ta\n", Form.HOSTS),
        ("name,addresses\n", Form.CSV),
        ("Hostname;IP\na;1\n", Form.CSV),
        ("[web]\na\n", Form.ANSIBLE),
        ("a ansible_host=10.0.0.1\n", Form.ANSIBLE),
        ("10.0.0.1 ansible_user=x\n[g]\nb", Form.ANSIBLE),
        ("---\nall:\n", Form.ANSIBLE),
        ("all:\n  hosts:\n", Form.ANSIBLE),
        ("g: &x\n  hosts: {}\n", Form.ANSIBLE),
        ('{"all": {}}', Form.ANSIBLE),
    ],
)
def test_a_form_is_known_by_its_content(text: str, form: Form) -> None:
    found, why = sniff(text, "f")
    assert found is form
    assert why


@pytest.mark.parametrize("text", ["a\nb\n", "hello world, this is prose\n", "a,b\n1,2\n", "host ip\nweb 10.0.0.1\n"])
def test_no_form_is_guessed(text: str) -> None:
    with pytest.raises(SiteError) as refused:
        sniff(text, "f")
    assert "--as csv|hosts|ansible" in refused.value.findings[0].help


@pytest.mark.parametrize(
    ("data", "where", "code"),
    [
        (b"10.0.0.1 a\n10.0.0.2 b\xff\n", "2:11", "encoding"),
        ("10.0.0.1 a".encode("utf-16"), "1:1", "encoding"),
        (b"", "1:1", "inventory"),
        (b"# nothing\n", "1:1", "inventory"),
    ],
)
def test_bytes_that_are_no_list(data: bytes, where: str, code: str, tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(data)
    with pytest.raises(SiteError) as refused:
        read_inventory(path)
    (finding,) = refused.value.findings
    assert (str(finding.span), finding.code) == (f"{path}:{where}", code)


def test_a_byte_order_mark_and_crlf_are_read(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes("\ufeffname,ip\r\na,10.0.0.1\r\n".encode())
    inventory, _, _ = read_inventory(path)
    assert brief(inventory) == {"a": ("10.0.0.1", "")}


def test_a_column_that_may_hold_secrets_is_no_label() -> None:
    inventory = read_csv("name,addresses,zone,password\na,10.0.0.1,x,hunter2\n", "f")
    assert "hunter2" not in repr(inventory)
    assert not inventory.clean


def test_a_refused_line_shows_no_value() -> None:
    """A password with a blank in it, unquoted: the mistake that shows a part of it."""
    with pytest.raises(SiteError) as refused:
        read_ini("a ansible_password=my hunter2\n", "f")
    assert "hunter2" not in repr(refused.value.findings)
