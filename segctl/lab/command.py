"""Commands in a lab: inside one of its nodes, or beside a lab that stands for as long as they run."""

import os
import signal
import subprocess
from collections.abc import Sequence
from typing import NoReturn

from segctl.kernel.namespaces import enter
from segctl.lab.errors import NoSuchProgram, Terminated
from segctl.lab.topology import Node
from segctl.lab.up import interruptible

LAB = "SEGCTL_LAB"
"""The environment variable that tells a command which lab it is in."""
NODE = "SEGCTL_NODE"

_GRACE = 5.0
_SYSTEM = ("/usr/sbin", "/sbin")


def become(lab: str, node: Node, argv: Sequence[str]) -> NoReturn:
    """Turn this process into the command, in the node's namespace: signals, terminal and exit code are its own then.

    Raises NoSuchProgram, and KernelRefused if we may not enter.
    """
    enter(node.namespace)
    try:
        os.execvpe(argv[0], list(argv), {**_environment(lab), NODE: node.name})
    except (OSError, ValueError) as error:  # ValueError: an empty name, or one with NUL
        raise NoSuchProgram(f"can't run '{argv[0]}': {getattr(error, 'strerror', '') or error}") from error


def beside(lab: str, argv: Sequence[str]) -> int:
    """Run the command in our own namespace, with the lab's name in its environment; its exit code, as shells say it.

    Ctrl-C is the command's to answer: it has it from the terminal. SIGTERM to us is handed on, and raised when it has
    ended. Raises NoSuchProgram.
    """
    try:
        process = subprocess.Popen(list(argv), env=_environment(lab))
    except (OSError, ValueError) as error:
        raise NoSuchProgram(f"can't run '{argv[0]}': {getattr(error, 'strerror', '') or error}") from error
    with process, interruptible():
        try:
            code = _outlive(process)
        except Terminated:
            process.terminate()
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    return code if code >= 0 else 128 - code


def _environment(lab: str) -> dict[str, str]:
    """Ours, with nft, ip and the like findable for ordinary users, who have the rights for them in here."""
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return {**os.environ, "PATH": os.pathsep.join([*path, *(d for d in _SYSTEM if d not in path)]), LAB: lab}


def _outlive(process: "subprocess.Popen[bytes]") -> int:
    before = signal.signal(signal.SIGINT, lambda *_: None)  # not SIG_IGN: the next command would inherit that
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
