"""`segctl init`: what it writes, says and answers."""

import json
import os
from pathlib import Path

import pytest

from segctl.cli import main
from segctl.cli.exits import Exit

Capture = pytest.CaptureFixture[str]
HOSTS = "127.0.0.1 localhost\n10.0.1.1 web1\n10.0.1.1 www\n10.0.2.1 db1\n"
CSV = "name,addresses,zone\nweb1,10.0.1.1,dmz\ndb1,10.0.2.1,inner\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, `shop`."""
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_from_nothing_into_the_working_folder(capsys: Capture) -> None:
    assert main.run(["init"]) == Exit.YES
    out, err = capsys.readouterr()
    assert out == "written: segctl.yaml\nwritten: .segctl.schema.json\n"
    assert err == "next: segctl validate · segctl graph\n"
    assert "\nsite: shop\n" in Path("segctl.yaml").read_text()
    assert main.run(["validate"]) == Exit.YES
    assert capsys.readouterr().out == "no findings\n"
    assert main.run(["check"]) == Exit.YES
    assert main.run(["can", "office", "servers", "https"]) == Exit.YES
    assert main.run(["can", "office", "admin", "ssh"]) == Exit.NO
    assert main.run(["compile"]) == Exit.YES


def test_an_editor_finds_the_schema() -> None:
    assert main.run(["init"]) == Exit.YES
    first = Path("segctl.yaml").read_text().splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert json.loads(Path(first.partition("=")[2]).read_text())["title"] == "segctl site"


def test_from_a_list(capsys: Capture) -> None:
    Path("list").write_text(HOSTS)
    assert main.run(["init", "site", "--from", "list", "--name", "mine"]) == Exit.YES
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"written: site/{name}" for name in ("segctl.yaml", ".segctl.schema.json", "parts/endpoints.yaml")
    ]
    assert err.splitlines() == [
        "list is read as hosts: line 1 is an address and a name",
        "2 endpoints; segments: net-10.0.1, net-10.0.2",
        "doubtful: list:2: web1: 'www' (line 3) has its address: taken for an alias",
        "doubtful: list:1: 'localhost' is left out: '127.0.0.1' is loopback",
        "next: segctl --site site validate · segctl --site site graph",
    ]
    assert "\nsite: mine\n" in Path("site/segctl.yaml").read_text()
    assert main.run(["--site", "site", "validate"]) == Exit.YES


def test_a_csv_in_the_folder_stays_the_list(capsys: Capture) -> None:
    Path("hosts.csv").write_text(CSV)
    assert main.run(["-q", "init", "--from", "hosts.csv"]) == Exit.YES
    assert capsys.readouterr() == ("written: segctl.yaml\nwritten: .segctl.schema.json\n", "")
    assert Path("hosts.csv").read_text() == CSV
    assert main.run(["can", "web1", "db1", "ssh"]) == Exit.NO


def test_a_pipe_is_read(capsys: Capture) -> None:
    read, write = os.pipe()
    os.write(write, HOSTS.encode())
    os.close(write)
    assert main.run(["init", "--from", f"/dev/fd/{read}"]) == Exit.YES
    os.close(read)
    assert "2 endpoints" in capsys.readouterr().err


def test_many_doubts_are_counted(capsys: Capture) -> None:
    Path("list").write_text(HOSTS + "".join(f"127.0.0.{number} h{number}\n" for number in range(2, 40)))
    assert main.run(["init", "--from", "list"]) == Exit.YES
    err = capsys.readouterr().err
    assert err.count("doubtful: ") == 21
    assert "doubtful: 20 more, as comments in the files\n" in err
    assert Path("parts/endpoints.yaml").read_text().count("is loopback") == 39


def test_a_folders_name_that_is_none_for_a_site(capsys: Capture) -> None:
    assert main.run(["init", "1st büro"]) == Exit.YES
    err = capsys.readouterr().err
    assert "doubtful: the site is called site-1st-buro: the folder's name '1st büro' is none for a site\n" in err
    assert "next: segctl --site '1st büro' validate" in err
    assert "\nsite: site-1st-buro\n" in Path("1st büro/segctl.yaml").read_text()


def test_vars_of_ansible_beside_an_inventory_are_not_read_and_said(capsys: Capture) -> None:
    Path("hosts.ini").write_text("[web]\nweb1 ansible_host=10.0.1.1\n")
    Path("group_vars").mkdir()
    assert main.run(["init", "--from", "hosts.ini"]) == Exit.YES
    said = "group_vars beside hosts.ini is not read: addresses may stand there"
    assert f"doubtful: {said}\n" in capsys.readouterr().err
    assert f"# - {said}\n" in Path("segctl.yaml").read_text()


def test_nothing_is_overwritten_without_force(capsys: Capture) -> None:
    Path("segctl.yaml").write_text("mine")
    assert main.run(["init"]) == Exit.WRONG_INPUT
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[0]) == ("", "segctl: there already: segctl.yaml")
    assert "--force" in err
    assert Path("segctl.yaml").read_text() == "mine"
    assert main.run(["init", "--force"]) == Exit.YES
    assert "\nsite: shop\n" in Path("segctl.yaml").read_text()


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        ("127.0.0.1 localhost\n", [], "list:1:1: error[inventory]: no host with an address that a segment may hold"),
        ("a\nb\n", [], "list:1:1: error[inventory]: which form is this?"),
        ("[web\n", ["--as", "ansible"], "list:1:1: error[inventory]: the host '[web': a bracket"),
        ("[a b]\nx\n", ["--as", "ansible"], "list:1:1: error[inventory]: '[a b]' is no section"),
        ("name,ip\nx\n", [], "list:2:1: error[csv]: 1 cells under 2 columns"),
        ("all: {hosts: \n", [], "list:1:1: error[yaml]: broken YAML"),
        (HOSTS, ["--name", "1st"], "'1st' is no name"),
        (HOSTS, ["--as", "xml"], "'xml' is not one of"),
    ],
)
def test_wrong_input(text: str, arguments: list[str], said: str, capsys: Capture) -> None:
    Path("list").write_text(text)
    assert main.run(["init", "site", "--from", "list", *arguments]) == Exit.WRONG_INPUT
    assert said in capsys.readouterr().err
    assert not Path("site").exists()


def test_a_form_without_a_list(capsys: Capture) -> None:
    assert main.run(["init", "--as", "csv"]) == Exit.WRONG_INPUT
    assert "--from" in capsys.readouterr().err
