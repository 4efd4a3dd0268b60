"""`segctl validate` and what every command has in common: exit codes, streams, the site that is meant."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from segctl.cli import exits, main
from segctl.cli.exits import Exit, exit_code, guarded
from segctl.model.diagnostic import Diagnostic, SiteError
from segctl.model.span import Span

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "load"
HEAD = "version: 1\nsite: s\n"
CALM = (
    HEAD + "segments: {web: {members: 10.0.0.0/24}}\npoints: {gw: {kind: gateway, interfaces: {e0: {segments: web}}}}\n"
)
WARNED = CALM + "services: {ssh: tcp/2222}\n"

Capture = pytest.CaptureFixture[str]


def site(folder: Path, text: str) -> list[str]:
    (folder / "segctl.yaml").write_text(text)
    return ["--site", str(folder), "validate"]


def test_calm(tmp_path: Path, capsys: Capture) -> None:
    assert main.run(site(tmp_path, CALM)) == Exit.YES
    assert capsys.readouterr() == ("no findings\n", "")


def test_warnings(tmp_path: Path, capsys: Capture) -> None:
    assert main.run(site(tmp_path, WARNED)) == Exit.YES
    out, err = capsys.readouterr()
    assert out.startswith(
        "segctl.yaml:5:12: warning[service-override]: 'ssh' is a service of the catalogue, too\n  help: "
    )
    assert out.endswith("\n1 warning\n") and err == ""
    assert main.run([*site(tmp_path, WARNED), "--warnings-as-errors"]) == Exit.NO


def test_errors_of_both_rooms(tmp_path: Path, capsys: Capture) -> None:
    """The loader's stop; where it has none, the law's are found."""
    assert main.run(site(tmp_path, CALM + "flows: [{form: web, to: web, services: ssh}]")) == Exit.WRONG_INPUT
    assert (
        "segctl.yaml:5:10: error[unknown-key]: 'form' is no key of a flow\n  help: did you mean 'from'?"
        in capsys.readouterr().out
    )
    overlap = CALM.replace("}}\npoints", "}, db: {members: 10.0.0.0/25}}\npoints")
    assert main.run(site(tmp_path, overlap)) == Exit.WRONG_INPUT
    assert "error[overlap]" in capsys.readouterr().out


def test_json(tmp_path: Path, capsys: Capture) -> None:
    assert main.run([*site(tmp_path, WARNED), "--format", "json"]) == Exit.YES
    answer = json.loads(capsys.readouterr().out)
    assert (answer["schema"], answer["valid"]) == ("segctl/validate/1", True)
    assert answer["counts"] == {"error": 0, "warning": 1, "lint": 0}
    (finding,) = answer["findings"]
    assert [finding[key] for key in ("file", "line", "column", "level", "code")] == [
        "segctl.yaml", 5, 12, "warning", "service-override",
    ]  # fmt: skip
    assert finding["notes"][0]["file"] == "segctl/segments/services.yaml"


def test_language(capsys: Capture) -> None:
    assert main.run(["--site", str(GOLDEN / "language"), "validate", "--at", "2026-12-01T00:00:00Z"]) == Exit.YES
    assert "error" not in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [
    ["vaildate"], ["validate", "--nope"], ["validate", "--format", "xml"], ["validate", "--at", "tomorrow"], ["--nope"],
    ["--site", "/nowhere/at/all", "validate"],
])  # fmt: skip
def test_wrong_input(arguments: list[str], capsys: Capture) -> None:
    assert main.run(arguments) == Exit.WRONG_INPUT
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err and (err or "error[" in out)


def test_near_command(capsys: Capture) -> None:
    main.run(["vaildate"])
    assert "did you mean 'validate'?" in capsys.readouterr().err


def test_help_and_version(capsys: Capture) -> None:
    assert main.run(["--help"]) == Exit.YES
    out = capsys.readouterr().out
    assert all(name in out and line in out for name, (_, line) in main.COMMANDS.items() if line)
    assert main.run(["--version"]) == Exit.YES


def test_found_upwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "segctl.yaml").write_text(CALM)
    (tmp_path / "segctl.yaml").chmod(0o644)
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    monkeypatch.delenv("SEGCTL_SITE", raising=False)
    assert main.run(["validate"]) == Exit.YES
    monkeypatch.setenv("SEGCTL_SITE", str(GOLDEN / "typos"))
    monkeypatch.delenv("SUDO_UID", raising=False)
    assert main.run(["validate"]) == Exit.WRONG_INPUT
    monkeypatch.setenv("SUDO_UID", "1000")
    capsys.readouterr()
    assert main.run(["validate"]) == (Exit.YES if os.geteuid() == 0 else Exit.WRONG_INPUT)
    assert ("not taken over through sudo" in capsys.readouterr().err) == (os.geteuid() == 0)


def test_options_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("SEGCTL_VALIDATE_FORMAT", "json")
    assert main.run(site(tmp_path, CALM)) == Exit.YES
    assert json.loads(capsys.readouterr().out)["findings"] == []


def raising(error: BaseException) -> Callable[[], object]:
    def call() -> object:
        raise error

    return call


def test_site_errors_go_to_stderr(capsys: Capture) -> None:
    error = SiteError((Diagnostic(Span("a", 1, 2), "yaml", "what", "help"),))
    assert guarded(raising(error), lambda: False) == Exit.WRONG_INPUT
    assert capsys.readouterr() == ("", "a:1:2: error[yaml]: what\n  help: help\n1 error\n")


@pytest.mark.parametrize(("error", "code"), [
    (RuntimeError("odd"), Exit.NO_ANSWER), (MemoryError(), Exit.NO_ANSWER), (RecursionError("deep"), Exit.NO_ANSWER),
    (KeyboardInterrupt(), Exit.NO_ANSWER), (click.Abort(), Exit.NO_ANSWER), (click.UsageError("no"), Exit.WRONG_INPUT),
])  # fmt: skip
def test_no_bare_traceback(error: BaseException, code: Exit, capsys: Capture) -> None:
    assert guarded(raising(error), lambda: False) == code
    assert "Traceback" not in capsys.readouterr().err


def test_the_traceback_that_was_asked_for(capsys: Capture) -> None:
    assert guarded(raising(RuntimeError("odd")), lambda: True) == Exit.NO_ANSWER
    assert "Traceback" in capsys.readouterr().err


def test_named_exceptions_are_there() -> None:
    """The table names classes by text: each must exist, and get its code."""
    from importlib import import_module

    for name, code in exits._BY_NAME.items():
        module, _, kind = name.rpartition(".")
        found = getattr(import_module(module), kind)
        assert issubclass(found, Exception)
        assert exit_code(found.__new__(found)) is code


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    """`segctl … | head -1` ends without a word on stderr."""
    flows = "".join(f"- {{from: x{number}, to: y{number}, services: z}}\n" for number in range(5000))
    (tmp_path / "segctl.yaml").write_text(HEAD + "flows:\n" + flows)
    command = [sys.executable, "-m", "segctl", "--site", str(tmp_path), "validate"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == Exit.NO_ANSWER


def test_a_terminal_without_our_letters(tmp_path: Path) -> None:
    (tmp_path / "segctl.yaml").write_text(HEAD + "services: {a: [a]}")
    done = subprocess.run(
        [sys.executable, "-m", "segctl", "--site", str(tmp_path), "validate"],
        cwd=ROOT, capture_output=True, env=os.environ | {"PYTHONIOENCODING": "latin-1"},
    )  # fmt: skip
    assert done.returncode == Exit.WRONG_INPUT and b"a \\u2192 a" in done.stdout
