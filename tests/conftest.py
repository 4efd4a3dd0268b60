"""What tests of several rooms share. Markers, timeouts and what runs by default stand in setup.cfg."""

import itertools
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator

import hypothesis
import pytest

MakeNamespace = Callable[..., str]
_COUNT = itertools.count()
hypothesis.settings.register_profile("unhurried", deadline=None)  # two halves share the machine (tools/test.sh)
hypothesis.settings.load_profile("unhurried")
_STATE = tempfile.TemporaryDirectory(prefix="segctl-state-")
os.environ["SEGCTL_STATE"] = _STATE.name  # what is kept of points: never this machine's own
for _ignored in (signal.SIGINT, signal.SIGHUP):  # as under nohup or behind a `&`: programs under test must hear them
    if signal.getsignal(_ignored) is signal.SIG_IGN:
        signal.signal(_ignored, signal.default_int_handler if _ignored is signal.SIGINT else signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What segctl remembers between two runs is each test's own, also in the processes that it starts."""
    with pytest.MonkeyPatch.context() as patch:  # one of its own: the test's must end before other fixtures do
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def namespace() -> Iterator[MakeNamespace]:
    """Makes network namespaces that end with the test: `namespace("gw")` gives its name, loopback up, all else empty.

    Names hold the process's number, so that two runs on one machine don't meet. Needs root.
    """
    made: list[str] = []

    def make(what: str = "ns") -> str:
        name = f"segt{os.getpid()}-{next(_COUNT)}-{what}"
        made.append(name)  # before it is there: an interrupt in between leaves nothing behind
        subprocess.run(["ip", "netns", "add", name], check=True)
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        return name

    try:
        yield make
    finally:
        for name in reversed(made):
            subprocess.run(["ip", "netns", "delete", name], check=False)
