"""TCP sessions that were open before the first apply go on through it, and through the next.

Nothing tracks connections before the first apply; the sleeping table makes the kernel begin. What is picked up
mid-stream may stand in conntrack with its ends swapped: whoever spoke first counts as its beginning.
"""

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from segctl.apply import Applied, Proving, Wish, apply
from segctl.compile import compile_gateway, loadable
from segctl.kernel import conntrack
from segctl.lab import Built
from segctl.lab import lab as make_lab
from segctl.model.ranges import family, show_address
from segctl.policy import Policy
from segctl.policy.numbers import SWAPPED
from tests.sites import AT, policy

pytestmark = pytest.mark.packets

PRIME = 12.0  # longer than the idle session is idle
BUSY = "while echo still here; do sleep 0.2; done"
SITE = """
segments:
  admin: {{strictness: strict, members: [10.95.9.0/24, "fd95:9::/64"]}}
  web: {{strictness: strict, members: [10.95.1.0/24, "fd95:1::/64"]}}
  db: {{strictness: strict, members: [10.95.2.0/24, "fd95:2::/64"]}}
points:
  gw:
    kind: gateway
    interfaces:
      eth1: {{segments: [web], addresses: [10.95.1.1/24, "fd95:1::1/64"]}}
      eth2: {{segments: [db], addresses: [10.95.2.1/24, "fd95:2::1/64"]}}
      eth9: {{segments: [admin], addresses: [10.95.9.1/24, "fd95:9::1/64"]}}
flows:
  - {{name: {name}, from: web, to: db, services: [tcp/5432], why: "orders"}}
management:
  - {{from: admin, services: [ssh]}}
"""


def law(name: str) -> Policy:
    return policy(SITE.format(name=name), AT)


@dataclass
class Session:
    """An open TCP connection; each end says a line, and the other must hear just that."""

    client: socket.socket
    server: socket.socket

    def says(self, one: socket.socket, other: socket.socket, seconds: float = 5.0) -> bool:
        word = os.urandom(8)
        try:
            other.settimeout(seconds)
            one.sendall(word)
            return other.recv(64) == word
        except OSError:
            return False

    def client_says(self) -> bool:
        return self.says(self.client, self.server)

    def server_says(self) -> bool:
        return self.says(self.server, self.client)

    def lives(self) -> bool:
        return self.client_says() and self.server_says()


class Net:
    """The lab, and sessions in it."""

    def __init__(self, built: Built, stack: ExitStack) -> None:
        self.built, self._stack = built, stack
        self.gateway = built.runner("gw")
        self.hosts = {host.segment: host for host in built.hosts}

    def session(self, port: int, version: int = 4) -> Session:
        """From web to db."""
        ends = {name: self.address(name, version) for name in ("web", "db")}
        kind = socket.AF_INET if version == 4 else socket.AF_INET6
        with self.built.runner(self.hosts["db"].name).inside():
            listener = self._stack.enter_context(socket.create_server((ends["db"], port), family=kind))
        with self.built.runner(self.hosts["web"].name).inside():
            client = self._stack.enter_context(socket.socket(kind))
        client.settimeout(5)
        client.connect((ends["db"], port))
        server = self._stack.enter_context(listener.accept()[0])
        listener.close()
        return Session(client, server)

    def address(self, segment: str, version: int) -> str:
        return next(show_address(one) for one in self.hosts[segment].addresses if family(one) == version)

    def apply(self, name: str, prime: float = 0.0) -> Applied:
        said = law(name)
        return apply(self.gateway, said, loadable(said, "gw", AT), AT, Wish(prime, Proving.LEFT_OUT))


@pytest.fixture
def net() -> Iterator[Net]:
    with ExitStack() as stack, make_lab(law("orders"), f"fa{os.getpid()}", 1, listeners=False) as built:
        yield Net(built, stack)


@contextmanager
def ssh(net: Net, folder: Path, command: str = BUSY) -> Iterator["subprocess.Popen[bytes]"]:
    """A real sshd on the gateway, and from the operators' network a real ssh that runs a command there: as it stands
    one that prints a line five times a second.
    """
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
    assert sshd, "openssh-server is missing: `make test` installs it"
    Path("/run/sshd").mkdir(exist_ok=True)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    (folder / "authorized").write_bytes((folder / "user.pub").read_bytes())
    (folder / "authorized").chmod(0o600)
    settings = ["UsePAM=no", "StrictModes=no", "PermitRootLogin=yes", f"HostKey={folder / 'host'}", "PidFile=none"]
    settings += [f"AuthorizedKeysFile={folder / 'authorized'}", "ListenAddress=10.95.9.1"]
    inside = ["ip", "netns", "exec"]
    server = subprocess.Popen(
        [*inside, net.gateway.name, sshd, "-D", "-e", "-f", "/dev/null", *(w for s in settings for w in ("-o", s))],
        stderr=subprocess.PIPE,
    )
    options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes", "ConnectionAttempts=20"]
    client = subprocess.Popen(
        [*inside, net.built.runner(net.hosts["admin"].name).name, "ssh", "-F", "none", "-i", str(folder / "user")]
        + [w for s in options for w in ("-o", s)]
        + ["root@10.95.9.1", command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield client
    finally:
        for process in (client, server):
            process.terminate()
            process.wait(10)


def speaks(client: "subprocess.Popen[bytes]", lines: int) -> bool:
    """Whether that many fresh lines come within ten seconds, not only those that waited in the pipe."""
    assert client.stdout
    pipe = client.stdout.fileno()
    while select.select([pipe], [], [], 0)[0] and os.read(pipe, 1 << 16):
        pass
    heard, end = b"", time.monotonic() + 10
    while heard.count(b"still here\n") < lines and time.monotonic() < end:
        if select.select([pipe], [], [], 0.5)[0]:
            got = os.read(pipe, 1 << 16)
            if not got:
                return False
            heard += got
    return heard.count(b"still here\n") >= lines


def test_sessions_go_on_through_the_first_apply_and_the_next(net: Net, tmp_path: Path) -> None:
    busy, busy6, idle, served = net.session(5432), net.session(5432, 6), net.session(5432), net.session(5432)
    forbidden = net.session(9999)
    assert all(one.lives() for one in (busy, busy6, idle, served, forbidden))
    stop, broken = threading.Event(), list[str]()

    def keep_busy(name: str, one: Session) -> None:
        while not stop.is_set():
            if not one.lives():
                broken.append(name)
                return
            time.sleep(0.05)

    def during_the_priming() -> None:
        time.sleep(PRIME / 2)
        assert served.server_says() and forbidden.client_says()
        time.sleep(10 - PRIME / 2)
        assert idle.client_says()

    with ssh(net, tmp_path) as operator:
        assert speaks(operator, 2), operator.stderr and operator.stderr.read()
        threads = [threading.Thread(target=keep_busy, args=a) for a in (("v4", busy), ("v6", busy6))]
        threads.append(threading.Thread(target=during_the_priming))
        for thread in threads:
            thread.start()
        done = net.apply("orders", PRIME)
        assert done.first and done.primed == PRIME
        time.sleep(1)
        assert broken == []
        assert idle.lives(), "the session that was idle for ten seconds"
        assert served.client_says(), "the session in which only the server spoke"
        assert served.server_says()
        assert speaks(operator, 3), "the operator's own ssh"
        assert [str(lost.connection) for lost in done.lost if "port 9999" in lost.connection]
        assert not forbidden.client_says()

        net.apply("orders-renamed")  # another number for every one of them
        time.sleep(1)
        assert broken == []
        assert idle.lives() and speaks(operator, 3)
        assert served.client_says(), "the session with its ends swapped, after its number changed"
        assert served.server_says()
        stop.set()
        for thread in threads:
            thread.join(15)
        assert broken == []


def test_what_is_tracked_swapped_gets_the_number_of_its_line(net: Net) -> None:
    served = net.session(5432)
    speaker = threading.Timer(1, served.server_says)
    speaker.start()
    done = net.apply("orders", 2.0)
    speaker.join()
    (tracked,) = [one for one in conntrack.entries(net.gateway) if 5432 in (one.sport, one.dport)]
    assert tracked.sport == 5432, "conntrack takes the server for the beginning"
    meanings = compile_gateway(law("orders"), "gw", AT).meanings
    assert tracked.mark & SWAPPED
    meaning = meanings[tracked.mark & ~SWAPPED]
    assert (meaning.name, meaning.ways) == ("orders", ("eth1", "eth2"))
    assert done.adopted >= 1
    assert served.lives()


def echoes(client: "subprocess.Popen[bytes]") -> bool:
    """Whether the `cat` at the other end says the same within ten seconds."""
    assert client.stdin and client.stdout
    word = os.urandom(8).hex().encode() + b"\n"
    client.stdin.write(word)
    client.stdin.flush()
    heard, end = b"", time.monotonic() + 10
    while word not in heard and time.monotonic() < end:
        if select.select([client.stdout], [], [], 0.5)[0]:
            got = os.read(client.stdout.fileno(), 1 << 16)
            if not got:
                return False
            heard += got
    return word in heard


@pytest.mark.soak
@pytest.mark.timeout(400)
def test_sessions_idle_for_a_minute_through_a_long_priming(net: Net, tmp_path: Path) -> None:
    """The operator's own ssh, and sessions through the gateway: after a minute one end says a word, and no more."""
    client_first, server_first = net.session(5432), net.session(5432, 6)
    assert client_first.lives() and server_first.lives()
    said = list[bool]()

    def after_a_minute() -> None:
        said.extend((echoes(operator), client_first.client_says(), server_first.server_says()))

    with ssh(net, tmp_path, "cat") as operator:
        assert echoes(operator), operator.stderr and operator.stderr.read()
        speaker = threading.Timer(60, after_a_minute)
        speaker.start()
        done = net.apply("orders", 90)
        speaker.join()
        assert done.primed == 90
        assert said == [True, True, True]
        time.sleep(60)
        assert echoes(operator)
        assert client_first.lives()
        assert server_first.client_says() and server_first.server_says()


@pytest.mark.soak
@pytest.mark.timeout(400)
def test_a_busy_session_through_the_priming_as_it_stands(net: Net, tmp_path: Path) -> None:
    """The command with all that it does by itself: the proof, and its own time."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "segctl.yaml").write_text("version: 1\nsite: test\n" + SITE.format(name="orders"))
    busy = net.session(5432)
    assert busy.lives()
    with ssh(net, tmp_path) as operator:
        assert speaks(operator, 2), operator.stderr and operator.stderr.read()
        command = [sys.executable, "-m", "segctl", "-q", "--site", str(tmp_path / "site"), "apply", "--format", "json"]
        with subprocess.Popen([*command, "--netns", net.gateway.name], stdout=subprocess.PIPE) as applying:
            while applying.poll() is None:
                assert busy.lives()
                time.sleep(0.1)
            assert applying.stdout
            done = json.load(applying.stdout)
        assert (applying.returncode, done["primed"], done["proof"]) == (0, 30.0, "proven")
        assert busy.lives()
        assert speaks(operator, 10)
