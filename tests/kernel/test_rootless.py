"""Labs of an ordinary user, in a user namespace: made, filled, probed and removed really as that user."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from segctl.apply.trials import TRIALS
from segctl.kernel.namespaces import named
from tests.kernel import forbidden
from tests.kernel.test_lab_command import SITE
from tests.ordinary import Ordinary, ordinary
from tests.sites import EXAMPLES, read

pytestmark = pytest.mark.kernel

SMALL = SITE.replace("SITE", "small").replace("203.0.113.2/24", '203.0.113.2/24, "2001:db8:9::2/64"')


@pytest.fixture(scope="module")
def user() -> Iterator[Ordinary]:
    with ordinary() as made:
        yield made


@pytest.fixture(scope="module")
def stranger() -> Iterator[Ordinary]:
    """Another ordinary user, who has nothing."""
    with ordinary(furnished=False) as made:
        yield made


@pytest.fixture
def site(user: Ordinary) -> Iterator[str]:
    """A small site of the user's, called `small`, whose lab is gone after the test; nothing else is left either."""
    folder = user.home / "small"
    folder.mkdir()
    (folder / "segctl.yaml").write_text(SMALL)
    for path in (folder, folder / "segctl.yaml"):
        os.chown(path, user.uid, -1)
    before = mounts()
    yield str(folder)
    user.segctl("--site", folder, "lab", "down")
    shutil.rmtree(folder)
    assert user.traces() == []
    assert mounts() == before
    assert named("sg-small-") == ()


def mounts() -> list[str]:
    """What the machine has mounted, but for what other tests may mount meanwhile."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if "segctl" in line or "tmpfs /run" in line]


def up(user: Ordinary, site: str) -> None:
    done = user.segctl("--site", site, "-q", "lab", "up")
    assert done.returncode == 0, done.stderr


def keeper(user: Ordinary, lab: str = "small") -> int:
    """The process that keeps the lab's namespaces."""
    return int(Path(f"/tmp/segctl-{user.uid}/{lab}/listeners.pid").read_text().split()[0])


# The whole way


def test_up_apply_probe_rollback_down(user: Ordinary, site: str) -> None:
    done = user.segctl("--site", site, "lab", "up")
    assert (done.returncode, done.stdout) == (0, "lab small: 1 gateway, 5 hosts, 3 segments\n"), done.stderr
    done = user.segctl("--site", site, "probe", "--format", "json")
    assert done.returncode == 1, "nothing is enforced yet: what must not pass does"
    done = user.segctl("--site", site, "apply", "--netns", "sg-small-gw1", "--prime", "0")
    assert done.returncode == 0, done.stderr
    assert "generation 1 is live on namespace sg-small-gw1" in done.stdout
    done = user.segctl("--site", site, "probe")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 differ, 0 without answer" in done.stdout
    done = user.segctl("--site", site, "apply", "--netns", "sg-small-gw1")
    assert (done.returncode, "generation 2 is live" in done.stdout) == (0, True), done.stderr
    done = user.segctl("--site", site, "rollback", "--netns", "sg-small-gw1")
    assert (done.returncode, "generation 1 is live" in done.stdout) == (0, True), done.stderr
    done = user.segctl("--site", site, "lab", "run", "gw1", "--", "nft", "list", "tables")
    assert "segctl_a" in done.stdout, done.stderr
    done = user.segctl("--site", site, "lab", "down")
    assert (done.returncode, done.stdout) == (0, "lab small: removed 7 namespaces, ended 1 process\n"), done.stderr
    assert user.traces() == []


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", sorted(found.parent.parent.name for found in EXAMPLES.glob("*/site/segctl.yaml")))
def test_every_example_agrees_in_every_cell(user: Ordinary, name: str) -> None:
    """The whole matrix, as root has it in tests/packets/test_examples.py."""
    said = user.clone / "examples" / name / "site"
    try:
        assert user.segctl("--site", said, "lab", "up").returncode == 0
        for gateway in read(EXAMPLES / name / "site").gateways():
            where = "--point", gateway.name, "--netns", f"sg-{name}-{gateway.name}"
            done = user.segctl("--site", said, "apply", *where, "--prime", "0")
            assert done.returncode == 0, done.stderr
        done = user.segctl("--site", said, "probe", timeout=500)
        print(f"{name}: {done.stdout.splitlines()[-1]}")
        assert done.returncode == 0, done.stdout + done.stderr
        assert " 0 differ, 0 without answer" in done.stdout
    finally:
        user.segctl("--site", said, "lab", "down")


def test_doctor(user: Ordinary, site: str) -> None:
    """Without root everything can be tried but this host's own rules; in a lab those too."""
    done = user.segctl("doctor")
    assert done.returncode == 3
    assert done.stdout.count("\n  holds ") == len(TRIALS), done.stdout
    assert "NOT SEEN  only root may read what this host holds" in done.stdout
    assert "here      user namespaces" in done.stdout
    up(user, site)
    done = user.segctl("doctor", "--netns", "sg-small-gw1")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "nothing on namespace sg-small-gw1 is in the way" in done.stdout


def test_doctor_where_user_namespaces_are_forbidden(user: Ordinary, site: str) -> None:
    done = limited(user, site, "user.max_user_namespaces=0", "doctor")
    assert done.returncode == 3
    assert done.stdout.count("UNTRIED") == len(TRIALS)
    assert "missing   user namespaces: labs of ordinary users (docs/rootless.md) (help: sudo sysctl -w" in done.stdout


def test_status_and_commands_inside(user: Ordinary, site: str) -> None:
    up(user, site)
    assert named("sg-small-") == (), "its names are its own"
    done = user.segctl("--site", site, "lab", "status")
    assert done.returncode == 0
    assert done.stdout.startswith("lab small of site small: up, listening on tcp/22")
    done = user.segctl("--site", site, "lab", "run", "web1", "--", "sh", "-c", "pwd; id -u; ip -br -4 addr; exit 7")
    assert done.returncode == 7
    assert done.stdout.startswith(f"{user.home}\n0\n")
    assert "10.0.1.11/24" in done.stdout
    here = f"{user.python} -m segctl --site {site} lab"
    script = f"ls /run/netns | wc -l; {here} status | head -1; {here} up --name other; {here} down --name other"
    done = user.segctl("--site", site, "lab", "run", "--", "sh", "-c", script)
    assert done.stdout.splitlines()[0] == "7"
    assert done.stdout.splitlines()[1].startswith("lab small of site small: up")
    assert done.stdout.splitlines()[-1] == "lab other: removed 7 namespaces, ended 1 process"


def test_run_makes_a_lab_for_its_command(user: Ordinary, site: str) -> None:
    done = user.segctl("--site", site, "lab", "run", "--", "sh", "-c", "ip netns list | wc -l; exit 9")
    assert (done.returncode, done.stdout) == (9, "7\n"), done.stderr
    assert user.traces() == []


def test_down_ends_what_runs_inside(user: Ordinary, site: str) -> None:
    up(user, site)
    command = user.argv(user.python, "-m", "segctl", "--site", site, "lab", "run", "web1", "--", "sleep", "60")
    with subprocess.Popen(command, cwd=user.home, env=user.environment) as sleeper:
        wait_for(lambda: any("sleep 60" in line for line in user.processes()))
        assert "ended 2 processes" in user.segctl("--site", site, "lab", "down").stdout
        assert sleeper.wait(5) == -signal.SIGTERM


def test_everything_else_in_run_is_there_and_a_runtime_folder_is_used(user: Ordinary, site: str) -> None:
    runtime = Path(f"/run/segt{os.getpid()}")
    runtime.mkdir(mode=0o700)
    try:
        (runtime / "mine").write_text("here")
        for path in (runtime, runtime / "mine"):
            os.chown(path, user.uid, -1)
        there = {"XDG_RUNTIME_DIR": str(runtime)}
        done = user.run(user.python, "-m", "segctl", "--site", site, "-q", "lab", "up", env=there)
        assert done.returncode == 0, done.stderr
        assert (runtime / "segctl" / "small" / "lab.json").exists()
        assert user.segctl("--site", site, "lab", "status").returncode == 1, "another folder, other labs"
        inside = ("lab", "run", "--", "cat", str(runtime / "mine"))
        done = user.run(user.python, "-m", "segctl", "--site", site, *inside, env=there)
        assert done.stdout == "here", done.stderr
        done = user.run(user.python, "-m", "segctl", "--site", site, "lab", "down", env=there)
        assert done.stdout == "lab small: removed 7 namespaces, ended 1 process\n"
        assert [path.name for path in runtime.iterdir()] == ["mine"]
    finally:
        shutil.rmtree(runtime)


def test_a_runtime_folder_of_somebody_else_is_passed_over(user: Ordinary, site: str) -> None:
    """`su` keeps the variable."""
    done = user.run(user.python, "-m", "segctl", "--site", site, "-q", "lab", "up", env={"XDG_RUNTIME_DIR": "/run"})
    assert done.returncode == 0, done.stderr
    assert keeper(user)


def test_a_site_that_the_users_group_may_write_is_the_users_own_affair(user: Ordinary, site: str) -> None:
    """Root refuses such a site; who only looks like root, in the lab's user namespace, is told nothing else."""
    Path(site, "segctl.yaml").chmod(0o664)
    command = ("env", f"SEGCTL_SITE={site}", user.python, "-m", "segctl", "-q")
    for words in (("lab", "up"), ("apply", "--netns", "sg-small-gw1", "--prime", "0"), ("probe", "--services", "ssh")):
        done = user.run(*command, *words)
        assert done.returncode == 0, done.stdout + done.stderr


# What goes wrong


def wait_for(ask: Callable[[], object]) -> None:
    until = time.monotonic() + 10
    while not ask():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_lab_whose_keeper_was_killed_is_gone_and_said_to_be(user: Ordinary, site: str) -> None:
    up(user, site)
    os.kill(keeper(user), signal.SIGKILL)
    wait_for(lambda: not user.processes())
    done = user.segctl("--site", site, "lab", "status")
    assert done.returncode == 1
    assert "DAMAGED, 7 of 7 namespaces gone, NOT listening" in done.stdout
    done = user.segctl("--site", site, "probe")
    assert (done.returncode, "is damaged: 7 of its 7 namespaces are gone" in done.stderr) == (2, True)
    done = user.segctl("--site", site, "apply", "--netns", "sg-small-gw1")
    assert (done.returncode, "has no lab 'small'" in done.stderr) == (3, True)
    done = user.segctl("--site", site, "lab", "down")
    assert (done.returncode, "lab small was gone" in done.stderr) == (0, True)
    assert user.traces() == []


def test_a_namespace_that_is_taken_away_inside_is_missed_outside(user: Ordinary, site: str) -> None:
    up(user, site)
    user.segctl("--site", site, "lab", "run", "--", "ip", "netns", "delete", "sg-small-web1")
    done = user.segctl("--site", site, "lab", "status")
    assert (done.returncode, "DAMAGED, 1 of 7 namespaces gone" in done.stdout) == (1, True)
    done = user.segctl("--site", site, "probe")
    assert (done.returncode, "is damaged: sg-small-web1 is gone" in done.stderr) == (2, True)


def test_down_removes_what_a_killed_up_left(user: Ordinary, site: str) -> None:
    command = user.argv(user.python, "-m", "segctl", "--site", site, "lab", "up")
    making = subprocess.Popen(command, cwd=user.home, env=user.environment, stdout=subprocess.DEVNULL)
    with making:
        wait_for(lambda: Path(f"/tmp/segctl-{user.uid}/small/lab.json").exists())
        making.kill()
    assert user.traces()
    assert user.segctl("--site", site, "lab", "down").returncode == 0
    assert user.traces() == []


def test_another_user_neither_sees_nor_enters_it(user: Ordinary, stranger: Ordinary, site: str) -> None:
    up(user, site)
    kept = keeper(user)
    for command in (
        ("ls", f"/tmp/segctl-{user.uid}"),
        ("ls", f"/proc/{kept}/root"),
        ("nsenter", "--target", str(kept), "--user", "--preserve-credentials", "true"),
        ("nsenter", "--target", str(kept), "--net", "true"),
    ):
        assert stranger.run(*command).returncode != 0, command
    assert user.run("nsenter", "--target", str(kept), "--user", "--preserve-credentials", "true").returncode == 0
    segctl = ("env", f"PYTHONPATH={user.clone}:{packages(user)}", python(user), "-P", "-m", "segctl", "--site", site)
    user.home.chmod(0o755)
    for words, code in ((("lab", "status"), 1), (("probe",), 3), (("lab", "run", "web1", "--", "true"), 2)):
        assert stranger.run(*segctl, *words).returncode == code
    done = stranger.run(*segctl, "apply", "--netns", "sg-small-gw1")
    assert (done.returncode, "this user has no lab 'small'" in done.stderr) == (3, True)
    assert "there is no lab small" in stranger.run(*segctl, "lab", "down").stderr
    assert keeper(user) == kept
    assert user.segctl("--site", site, "lab", "status").returncode == 0


def python(user: Ordinary) -> Path:
    return user.python.resolve()


def packages(user: Ordinary) -> Path:
    return next(user.python.parent.parent.glob("lib/python*/site-packages"))


@pytest.mark.parametrize("put", ["a folder of a stranger", "a link", "an open folder"])
def test_a_state_folder_that_others_put_there_is_refused(
    put: str, user: Ordinary, stranger: Ordinary, site: str
) -> None:
    folder = Path(f"/tmp/segctl-{user.uid}")
    try:
        if put == "a link":
            folder.symlink_to(user.home)
        else:
            folder.mkdir(mode=0o777 if put == "an open folder" else 0o700)
            folder.chmod(0o777 if put == "an open folder" else 0o700)
            os.chown(folder, user.uid if put == "an open folder" else stranger.uid, -1)
        done = user.segctl("--site", site, "lab", "up")
        assert (done.returncode, done.stdout) == (3, "")
        assert f"{folder} is no folder of ours alone" in done.stderr
    finally:
        subprocess.run(["rm", "-rf", folder], check=True)
    assert not user.processes()


# Where the machine forbids it


def limited(user: Ordinary, site: str, settings: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """Segctl as the user, in a user namespace with limits of its own."""
    command = [sys.executable, forbidden.__file__, "limits", str(user.uid), settings]
    segctl = [str(user.python), "-m", "segctl", "--site", site, *words]
    return subprocess.run(
        [*command, *segctl], cwd="/", env=user.environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("setting", ["user.max_user_namespaces", "user.max_mnt_namespaces", "user.max_net_namespaces"])
def test_a_limit_of_the_kernel_is_named_with_the_line_that_helps(setting: str, user: Ordinary, site: str) -> None:
    done = limited(user, site, f"{setting}=0", "lab", "up")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines() == [
        f"segctl: an ordinary user's lab needs a user namespace, and {setting} is 0 here",
        f"  help: sudo sysctl -w {setting}=15000; or run it as root",
    ]
    assert user.traces() == []
    done = limited(user, site, f"{setting}=0", "probe")
    assert done.returncode == 3, "without a lab the same"
    assert limited(user, site, f"{setting}=0", "lab", "down").returncode == 0


def test_a_limit_that_is_reached_half_way_leaves_nothing(user: Ordinary, site: str) -> None:
    done = limited(user, site, "user.max_net_namespaces=4", "lab", "up")
    assert (done.returncode, done.stdout) == (4, "")
    assert "help: a user may have no more of them: sudo sysctl -w user.max_net_namespaces=15000" in done.stderr
    assert user.traces() == []


def test_a_seccomp_filter_is_named(user: Ordinary, site: str) -> None:
    script = Path(forbidden.__file__)
    there = user.home / script.name
    shutil.copy(script, there)
    done = user.run(user.python, there, "seccomp", user.python, "-m", "segctl", "--site", site, "lab", "up")
    assert (done.returncode, done.stdout) == (3, "")
    assert "and a seccomp filter is on us, as in containers: Operation not permitted" in done.stderr
    assert "help: docker run --security-opt seccomp=unconfined" in done.stderr
    assert user.traces() == []


def test_below_another_root_the_kernel_gives_none(user: Ordinary, site: str) -> None:
    """A changed root can't be told from outside the kernel: at least the kernel's own word, and what helps."""
    root = user.home / "root"
    root.mkdir()
    script = (
        f"mount --rbind / {root} && exec /usr/sbin/chroot --userspec={user.uid} {root} "
        f"env PATH=$PATH sh -c 'cd {user.home} && {user.python} -m segctl --site {site} lab up'"
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script], env=user.environment, capture_output=True, text=True, check=False
    )
    root.rmdir()
    print(done.stderr)
    assert (done.returncode, done.stdout) == (3, "")
    assert "the kernel gives none: Operation not permitted" in done.stderr
    assert "help: run it as root" in done.stderr
    assert user.traces() == []
