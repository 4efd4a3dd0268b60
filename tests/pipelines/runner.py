"""Runs the steps of a pipeline as its YAML says them, here: no service of GitHub or GitLab, but the same shell.

A step that `uses` another action is only noted. What a pipeline would install or call beyond segctl and git (pip, gh,
curl) is a program in a folder of its own that writes down how it was called.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{\s*([\w.]+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Ran:
    """A step that was run: its name, exit code and output."""

    name: str
    code: int
    said: str


@dataclass(slots=True)
class Machine:
    """Where steps run: in a clone, with programs that stand in for those that talk to somebody else."""

    clone: Path
    tools: Path
    environment: dict[str, str] = field(default_factory=dict)

    def stand_in(self, *names: str) -> None:
        """Each writes its arguments, and the files that they name, below `tools`."""
        self.tools.mkdir(exist_ok=True)
        for name in names:
            log = self.tools / f"{name}.log"
            script = f'#!/bin/sh\nprintf "%s\\n" "$@" >> {log}\nfor one in "$@"; do one="${{one#body@}}"\n'
            script += f'[ -f "$one" ] && cp "$one" {self.tools}/$(basename "$one") || true; done\n'
            (self.tools / name).write_text(script)
            (self.tools / name).chmod(0o755)

    def called(self, name: str) -> list[str]:
        """The arguments of all calls, one a line."""
        log = self.tools / f"{name}.log"
        return log.read_text().splitlines() if log.exists() else []

    def shell(self, text: str, **more: str) -> subprocess.CompletedProcess[str]:
        """One script, as `bash -eo pipefail` runs it: what GitHub does where `shell: bash` is said."""
        path = f"{self.tools}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("SEGCTL", "GIT_"))}
        environment = kept | {"PATH": path} | self.environment | more
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text]
        return subprocess.run(command, cwd=self.clone, env=environment, capture_output=True, text=True, timeout=100)


def read(path: Path) -> Any:
    """A YAML file of somebody else's language."""
    return yaml.safe_load(path.read_text())


def run_action(action: Any, inputs: dict[str, str], machine: Machine) -> tuple[list[Ran], list[str]]:
    """The steps of a composite action that were run, and what those that were not are.

    After a step that fails only those run that say `if: always()`.
    """
    values = {f"inputs.{name}": str(one.get("default", "")) for name, one in action["inputs"].items()}
    values |= {f"inputs.{name}": value for name, value in inputs.items()} | {"github.token": "a-token"}
    ran: list[Ran] = []
    noted: list[str] = []
    for step in action["runs"]["steps"]:
        if any(one.code for one in ran) and step.get("if") != "always()":
            continue
        if "uses" in step:
            noted.append(step["uses"])
            continue
        assert step["shell"] == "bash" and not _EXPRESSION.search(step["run"]), "values come by the environment alone"
        own = {
            name: _EXPRESSION.sub(lambda found: values[found[1]], said) for name, said in step.get("env", {}).items()
        }
        done = machine.shell(step["run"], **own)
        ran.append(Ran(step["name"], done.returncode, done.stdout + done.stderr))
    return ran, noted


def run_job(job: Any, variables: dict[str, str], machine: Machine) -> Ran:
    """The script of a GitLab job: one shell for all its lines."""
    own = {name: str(value) for name, value in job.get("variables", {}).items()}
    done = machine.shell("\n".join(job["script"]), **own, **variables)
    return Ran("script", done.returncode, done.stdout + done.stderr)
