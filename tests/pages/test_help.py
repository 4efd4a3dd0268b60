"""Each command's `--help` ends with examples that do what they say, in the shop's folder and its lab."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import click
import pytest

from segctl.cli.main import COMMANDS, segctl
from segctl.cli.options import Command
from tests.sites import EXAMPLES

pytestmark = pytest.mark.packets

NO = {
    "audit",
    "can",
    "check",
    "probe",
    "prove",
    "lab status",
}  # commands whose 1 is an answer; other labs may be damaged


def every_command() -> dict[str, Command]:
    """By the words that call it."""
    found: dict[str, click.Command] = {}
    context = click.Context(segctl)
    for name in (name for name, (_, line) in COMMANDS.items() if line):
        command = segctl.get_command(context, name)
        assert command is not None
        inner = command.commands if isinstance(command, click.Group) else {}
        found |= {f"{name} {word}": one for word, one in inner.items()} or {name: command}
    assert all(isinstance(one, Command) for one in found.values()), [
        name for name, one in found.items() if not isinstance(one, Command)
    ]
    return {name: one for name, one in found.items() if isinstance(one, Command)}


def environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {name: value for name, value in os.environ.items() if not name.startswith("SEGCTL_")} | {
        "PATH": path,
        "SEGCTL_STATE": os.environ["SEGCTL_STATE"],
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The shop's folder, with its lab up."""
    folder = tmp_path_factory.mktemp("help") / "site"
    copytree(EXAMPLES / "shop/site", folder)
    for name in ("hosts.csv", "asked.tsv"):
        (folder / name).write_text(GIVEN[name])
    copytree(EXAMPLES / "shop/site", folder / "before")
    for words in ("init -q -b main", "add .", "-c user.name=t -c user.email=t@x commit -qm one"):
        subprocess.run(["git", *words.split()], cwd=folder, env=environment(), check=True)
    with (folder / "rules.nft").open("w") as rules:
        subprocess.run(["segctl", "compile"], cwd=folder, env=environment(), stdout=rules, check=True)
    for left in LABS:  # by a run that was killed
        subprocess.run(["segctl", "lab", "down", "--name", left], cwd=folder, env=environment(), check=True)
    try:
        subprocess.run(["segctl", "lab", "up"], cwd=folder, env=environment(), check=True)
        yield folder
    finally:
        for made in LABS:
            subprocess.run(["segctl", "lab", "down", "--name", made], cwd=folder, env=environment(), check=True)


LABS = ("shop", "second", "third")  # which the examples name
GIVEN = {
    "hosts.csv": "name,addresses,role\nweb9,10.9.0.1,web\n",
    "asked.tsv": "web1\tapp1\tshop-api\n",
}


def test_each_command_has_two_examples() -> None:
    assert {name: len(command.examples) for name, command in every_command().items() if len(command.examples) < 2} == {}


@pytest.mark.timeout(600)
def test_the_examples_do_what_they_say(shop: Path) -> None:
    """In the order of `segctl --help`; the lab is up, and `lab down` comes last of its own.

    `plan` comes behind `confirm`: plans are of what follows a first generation, and refuse while one waits.
    """
    commands = every_command()
    order = sorted(commands, key=lambda name: name == "lab down")
    order.remove("plan")
    order.insert(order.index("confirm") + 1, "plan")
    for name in order:
        for example in commands[name].examples:
            assert example.split()[: len(name.split())] == name.split(), example
            done = subprocess.run(
                ["sh", "-c", f"segctl {example}"], cwd=shop, env=environment(), capture_output=True, text=True,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
            allowed = {0, 1, 5} if "--live" in example else {0, 1} if name in NO else {0}  # 5: nothing was sent
            assert done.returncode in allowed, (example, done.stdout, done.stderr)
            assert "Usage:" not in done.stderr, example


@pytest.mark.parametrize("width", [40, 80, 200])
def test_help_fits_the_terminal(width: int) -> None:
    """80 columns at most, as click has it, and no command's help is cut."""
    for name, command in every_command().items():
        context = click.Context(command, info_name=name, terminal_width=width)
        text = command.get_help(context)
        lines = text[: text.index("Examples")].splitlines()
        assert max(map(len, lines)) <= max(width, 50), name
