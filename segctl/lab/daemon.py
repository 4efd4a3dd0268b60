"""Starts the process with the lab's listeners, detached from us, and waits until it is ready."""

import json
import os
import select
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import segctl
from segctl.kernel.namespaces import shielded
from segctl.lab.errors import NotMade
from segctl.lab.state import Folder
from segctl.lab.topology import Layout

_READY = b"ready\n"
_PATIENCE = 60.0  # seconds for all sockets to be open


def start(layout: Layout, folder: Folder) -> None:
    """Listen on every node of the layout, whose namespaces exist. Raises NotMade with what the process said."""
    with ExitStack() as opened:
        spec_out, spec_in = _pipe(opened)
        ready_out, ready_in = _pipe(opened)
        with shielded():  # it must be known before it is told anything: then it outlives us
            pid = _spawn(layout.lab, folder, spec_out.fileno(), ready_in.fileno())
            folder.write_listeners(pid)
        spec_out.close()
        ready_in.close()
        try:
            spec_in.write(_spec(layout, folder))
            spec_in.close()
            ready = select.select([ready_out], [], [], _PATIENCE)[0] and ready_out.read(len(_READY)) == _READY
        except BrokenPipeError:
            ready = False
        if not ready:
            said = folder.errors.read_text(errors="replace").strip().rpartition("\n")[2]
            raise NotMade(f"the listeners of the lab '{layout.lab}' did not start: {said or 'they said nothing'}")


def _pipe(opened: ExitStack) -> tuple[BinaryIO, BinaryIO]:
    """Its end to read and its end to write, both closed with the block."""
    read, write = os.pipe()
    return opened.enter_context(os.fdopen(read, "rb")), opened.enter_context(os.fdopen(write, "wb"))


def _spec(layout: Layout, folder: Folder) -> bytes:
    said = {
        "log": os.fspath(folder.seen),
        "nodes": [[node.name, node.namespace] for node in layout.nodes],
        "ports": [[port.proto.value, port.number] for port in layout.ports],
    }
    return json.dumps(said).encode() + b"\n"


def _spawn(lab: str, folder: Folder, stdin: int, stdout: int) -> int:
    home = Path(segctl.__file__).resolve().parent.parent
    environment = {**os.environ, "PYTHONPATH": os.fspath(home)}
    # -P: the working folder is nobody's to bring modules from. posix_spawn: what Popen gives wants to be waited for.
    argv = [sys.executable, "-P", "-m", "segctl.lab.listeners", lab]
    files = [
        (os.POSIX_SPAWN_DUP2, stdin, 0),
        (os.POSIX_SPAWN_DUP2, stdout, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.fspath(folder.errors), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
    ]
    usual = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE)
    return os.posix_spawn(
        sys.executable, argv, environment, file_actions=files, setsid=True, setsigmask=(), setsigdef=usual
    )
