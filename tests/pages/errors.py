"""docs/errors.md as data: each code's section with its two examples, and what segctl says of each.

`python -m tests.pages.errors` writes what it says now below every wrong example of the page.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from segctl.ask.check import check_site
from segctl.cli.codes import sections
from segctl.draft.audit import audit
from segctl.load import load_site
from segctl.model.codes import CODES
from segctl.policy import examine
from segctl.report.diagnostics import show_findings
from tests.sites import AT

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"
_PART = re.compile(r"(?:^`(?P<name>[^`\n]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_HEAD = "version: 1\nsite: example\n"


@dataclass(frozen=True, slots=True)
class Example:
    """Files by name, commands that are run beside them, and what is printed below it ("" below a right one)."""

    files: dict[str, str]
    commands: tuple[str, ...]
    said: str
    about: str  # the code

    def findings(self) -> str:
        """What `validate`, or `check`, says of it in a new folder."""
        with TemporaryDirectory() as name:
            folder = Path(name)
            for path, text in self.files.items():
                (folder / path).parent.mkdir(exist_ok=True)
                (folder / path).write_text(text)
                (folder / path).chmod(0o644)
            said = self._said(folder)
        if self.about != "no-points" and not any(re.search("^points:", text, re.M) for text in self.files.values()):
            said = re.sub(r"^\S+ warning\[no-points\].*\n  help: .*\n", "", said, flags=re.M)
        if self.about != "no-owner":
            said = re.sub(r"^\S+ lint\[no-owner\].*\n  help: .*\n", "", said, flags=re.M)
        return re.sub(r"(segctl/segments/\w+\.yaml):\d+", r"\1:11", said)  # the catalogue may grow

    def _said(self, folder: Path) -> str:
        if self.commands:
            return _by_command(folder, self.commands)
        if "segctl.yaml" not in self.files:  # rules that no site stands behind
            return _audited(folder, sorted(self.files), self.about)
        return _in_process(folder, self.about)


@dataclass(frozen=True, slots=True)
class Section:
    """One code's part of the page."""

    code: str
    level: str
    title: str
    paragraph: str
    wrong: Example
    right: Example


def _in_process(folder: Path, about: str) -> str:
    """By `validate`; what only `check` looks for, by that."""
    loaded = load_site(folder)
    findings = loaded.findings
    if loaded.site is not None and CODES[about].of_check:
        findings = check_site(loaded.site, findings, AT).findings
    elif loaded.site is not None:
        findings = tuple(sorted((*findings, *examine(loaded.site, AT).findings), key=lambda one: one.sort_key()))
    return "".join(f"{text}\n" for text in show_findings(findings))


def _audited(folder: Path, names: list[str], about: str) -> str:
    """What `audit` finds; loopback, which nearly all rules leave to the kernel, in its own example alone."""
    found = audit([folder / name for name in names], without=frozenset({"source-loopback"} - {about})).findings
    return "".join(f"{text}\n" for text in show_findings(found)).replace(f"{folder}/", "")


def _by_command(folder: Path, commands: tuple[str, ...]) -> str:
    """By the whole command line, and so as a user who named no site."""
    script = "\n".join((*commands, "segctl validate"))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SEGCTL")}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SEGCTL_VALIDATE_AT": AT.isoformat(),
    }
    command = ["sh", "-c", script]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    *said, _ = (done.stdout + done.stderr).splitlines()  # the last line counts them
    return "".join(f"{line}\n" for line in said)


def page() -> dict[str, Section]:
    """All sections by code."""
    return {code: _section(code, text) for code, text in sections(PAGE.read_text()).items()}


def _section(code: str, text: str) -> Section:
    found = re.fullmatch(r"(\w+): (.+?)\n\n(.+?)\n\nWrong:\n\n(.*)\n\nRight:\n\n(.*)", text, re.DOTALL)
    assert found, f"{code}: level and title, a paragraph, Wrong:, Right:"
    level, title, paragraph, wrong, right = found.groups()
    return Section(code, level, title, paragraph, _example(wrong, code), _example(right, code))


def _example(text: str, about: str) -> Example:
    files: dict[str, str] = {}
    commands: list[str] = []
    said = ""
    for part in _PART.finditer(text):
        if part["kind"] == "console":
            commands += [line.removeprefix("$ ") for line in part["text"].splitlines()]
        elif part["kind"] == "text" and part["name"] is None:
            said = part["text"]
        else:
            files[part["name"] or "segctl.yaml"] = part["text"]
    main = files.get("segctl.yaml")
    if main is not None and "version:" not in main:
        files["segctl.yaml"] = main + _HEAD
    return Example(files, tuple(commands), said, about)


def renewed(text: str) -> str:
    """The page with what is said now below every wrong example."""
    for code, section in page().items():
        said = section.wrong.findings()
        old = section.wrong.said
        start = text.index(f"\n## {code}\n")
        end = text.index("\n\nRight:\n", start)
        part = text[start:end]
        block = f"```text\n{said}```"
        part = part.replace(f"```text\n{old}```", block) if old else f"{part}\n\n{block}"
        text = text[:start] + part + text[end:]
    return text


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text()))
