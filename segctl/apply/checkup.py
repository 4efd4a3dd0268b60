"""What a machine and a place on it are fit for: its kernel, parts that are of use, what stands in the place."""

from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from segctl.apply.result import Checkup, Part
from segctl.apply.step import nothing
from segctl.apply.surroundings import look_around
from segctl.apply.trials import TRIALS, Trial, try_all
from segctl.kernel.errors import KernelError
from segctl.kernel.features import missing_tools, without_user_namespaces
from segctl.runner import Runner, RunnerError

_SYSTEMD = Path("/run/systemd/system")  # sd_booted(3)

_TOOLS = (
    ("iptables-save", "reads the rules of iptables, if others have any"),
    ("ipset", "reads the sets that rules of iptables name"),
    ("dot", "draws the site (segctl graph --format svg)"),
)


def check_up(
    runner: Runner | None, trials: Iterable[Trial] = TRIALS, told: Callable[[str], None] = nothing, unseen: str = ""
) -> Checkup:
    """Try the facts, look for the parts, look around the place. Without a runner it isn't looked at: `unseen`."""
    tried = try_all(trials, told)
    parts = tuple(_parts())
    if runner is None:
        return Checkup("", tried, parts, (), unseen)
    try:
        return Checkup(runner.where, tried, parts, look_around(runner).concerns())
    except (KernelError, RunnerError) as error:
        return Checkup(runner.where, tried, parts, (), f"{error}" + (f" ({error.help})" if error.help else ""))


def _parts() -> Iterator[Part]:
    lacking = missing_tools(name for name, _ in _TOOLS)
    for name, what_for in _TOOLS:
        yield Part(name, name not in lacking, what_for, f"apt install {lacking[name]}" if name in lacking else "")
    second = find_spec("oxidd") is not None
    yield Part(
        "oxidd", second, "proves what is too much for the first engine", "" if second else "pip install segctl[bdd]"
    )
    yield Part("systemd", _SYSTEMD.is_dir(), "loads the rules at boot, and keeps what outlives a session", "")
    forbidden = without_user_namespaces()
    help = forbidden.help if forbidden else ""
    yield Part("user namespaces", forbidden is None, "labs of ordinary users (docs/rootless.md)", help)
