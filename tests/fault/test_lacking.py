"""Without nft, with one that is too old, dies or has no memory; without conntrack, privilege, parts of the kernel."""

import re
from collections.abc import Callable

import pytest

from tests.fault import judge, lacking
from tests.fault.command import command
from tests.fault.doings import DOINGS
from tests.fault.lab import Lab
from tests.fault.lacking import Fault
from tests.fault.pool import runs
from tests.fault.record import Run, keep
from tests.kernel.wrapped import reading

pytestmark = pytest.mark.kernel
Done = Callable[[], None]
_OLD = """case " $* " in *" --version "*) echo "nftables v0.9.0 (Fearless Fosdick)"; exit 0;; esac
"""
_ROOM = 6000  # KiB: `nft --version` has enough, a table of ours has not
_DIES = 'test -n "$text" && kill -9 $$'


def _fault(lab: Lab, what: str) -> Fault:
    folder = lab.folder / f"{what.replace(' ', '-')}-{len(list(lab.folder.iterdir()))}"
    folder.mkdir()
    made: dict[str, Callable[[], Fault]] = {
        "nft missing": lambda: lacking.path(folder / "none", "conntrack"),
        "nft too old": lambda: lacking.script(
            folder / "old",
            "nft",
            _OLD
            + reading(
                folder, 'grep -q typeof "$text" && { echo "Error: syntax error, unexpected typeof" >&2; exit 1; }'
            ),
        ),
        "nft crashes": lambda: lacking.script(folder / "dies", "nft", reading(folder, _DIES)),
        "nft short of memory": lambda: lacking.script(folder / "short", "nft", f'ulimit -v {_ROOM}; exec "$real" "$@"'),
        "conntrack missing": lambda: lacking.path(folder / "nft", "nft", "cat"),
        "no CAP_NET_ADMIN": lambda: lacking.capability(lacking.NET_ADMIN),
        "no CAP_SYS_ADMIN": lambda: lacking.capability(lacking.SYS_ADMIN),
        "kernel without nfnetlink": lambda: lacking.netfilter,
        "no new namespaces": lambda: lacking.namespaces,
    }
    return made[what]()


OTHERS = {3, 4}
SMALL = [name for name in DOINGS if name not in ("apply", "first apply", "boot")]
"""Without a text of ours that is long, or says much: they may go well."""

CODES: dict[str, dict[str, set[int]]] = {  # what may come of it; all else: 3 or 4, and nothing was done
    "conntrack missing": {name: {0} for name in DOINGS if name != "first apply"},
    "no new namespaces": {"panic": {0}, "quarantine": {0}, "rollback": {0}, "release": {0},
                          "remove, open": {0}, "remove, closed": {0}},
    "nft too old": {name: {0, 3, 4} for name in SMALL},
    "nft short of memory": {name: {0, 3, 4} for name in SMALL},
}  # fmt: skip
SAYS = {
    "nft missing": "nft isn't installed(.|\n)*apt install nftables",
    "nft too old": "nft 0.9.0 is here|syntax error, unexpected typeof",
    "nft crashes": r"nft crashed \(signal 9\)",
    "nft short of memory": "Memory allocation failure",
    "conntrack missing": "conntrack isn't installed",
    "no CAP_NET_ADMIN": "Operation not permitted",
    "no CAP_SYS_ADMIN": "no privilege",
    "kernel without nfnetlink": "Protocol not supported(.|\n)*a kernel with nf_tables is needed",
    "no new namespaces": "Operation not permitted",
}


def lacks(lab: Lab, what: str, names: tuple[str, ...]) -> None:
    """One after another."""
    fault = _fault(lab, what)
    for name in names:
        doing = DOINGS[name]
        ground = lab.prepared(doing)
        run = Run(what, name)
        ended = command(doing.act(ground), fault)
        judge.no_surprise(ended)
        run.code, run.said = ended.code, ended.err.splitlines()[0] if ended.err else ""
        assert ended.code in CODES.get(what, {}).get(name, OTHERS), (name, ended)
        if ended.code:
            assert re.search(SAYS[what], ended.err), (name, ended)
        seen, run.side = judge.side(doing, ground)
        run.found = str(seen)
        closed = name == "boot" and ended.code == 4
        assert run.side == ("after" if ended.code == 0 else "closed" if closed else "before"), (name, ended, seen)
        again = command(doing.act(ground))
        assert again.code in (doing.again if run.side == "after" else (0,)), (name, again)
        run.next, run.good = again.code, True
        keep(run)


@runs(lacks)
@pytest.mark.parametrize("what", SAYS)
@pytest.mark.parametrize("names", [("first apply", "rollback", "quarantine", "boot")], ids=["some"])
def test_lacking(done: Done, what: str, names: tuple[str, ...]) -> None:
    done()


@runs(lacks)
@pytest.mark.soak
@pytest.mark.parametrize("what", SAYS)
@pytest.mark.parametrize("names", [tuple(DOINGS)], ids=["all"])
def test_lacking_for_all(done: Done, what: str, names: tuple[str, ...]) -> None:
    done()
