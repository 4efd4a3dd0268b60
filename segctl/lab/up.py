"""A lab from its first namespace to its last: makes it whole or leaves nothing, hands it out, takes it down."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, current_thread, main_thread
from types import FrameType

from segctl.kernel.errors import KernelError
from segctl.kernel.namespaces import apart, may_make, named, shielded
from segctl.lab import names
from segctl.lab.clean import sweep
from segctl.lab.daemon import start
from segctl.lab.errors import AlreadyUp, CannotMake, NoLayout, NoSuchLab, NotMade, Terminated
from segctl.lab.health import whole
from segctl.lab.layout import HOSTS_PER_SEGMENT, layout
from segctl.lab.record import Record
from segctl.lab.seen import Seen, read
from segctl.lab.state import Claim, Folder
from segctl.lab.topology import Gateway, Host, Layout, Node
from segctl.policy import Policy
from segctl.runner import Netns


@dataclass(frozen=True, slots=True)
class Built:
    """A lab that stands."""

    record: Record

    @property
    def name(self) -> str:
        """The lab's name."""
        return self.record.lab

    @property
    def hosts(self) -> tuple[Host, ...]:
        """All hosts; `routes` are known to the layout only."""
        return self.record.hosts

    @property
    def gateways(self) -> tuple[Gateway, ...]:
        """All gateways."""
        return self.record.gateways

    @property
    def seen_log(self) -> Path:
        """The log of what reached the listeners (segctl.lab.seen)."""
        return Folder(self.name).seen

    def node(self, name: str) -> Node:
        """The gateway or host of that name; NoSuchLab."""
        for node in self.record.nodes:
            if node.name == name:
                return node
        known = ", ".join(node.name for node in self.record.nodes)
        raise NoSuchLab(f"there is no '{name}' in the lab '{self.name}'", f"its nodes are {known}")

    def host(self, name: str) -> Host:
        """The host of that name; NoSuchLab."""
        node = self.node(name)
        if isinstance(node, Host):
            return node
        raise NoSuchLab(f"'{name}' is a gateway of the lab '{self.name}'", "name a host")

    def gateway(self, point: str) -> Gateway:
        """The gateway that stands for that point; NoSuchLab."""
        for gateway in self.gateways:
            if gateway.point == point:
                return gateway
        raise NoSuchLab(f"there is no gateway '{point}' in the lab '{self.name}'")

    def runner(self, node: Node | str) -> Netns:
        """Where commands of that node run."""
        return Netns((self.node(node) if isinstance(node, str) else node).namespace)

    def seen(self, offset: int = 0) -> tuple[tuple[Seen, ...], int]:
        """What reached the listeners, from that place of the log on, and the place to go on from."""
        return read(self.seen_log, offset)


def up(
    policy: Policy, name: str | None = None, hosts_per_segment: int = HOSTS_PER_SEGMENT, *, listeners: bool = True
) -> Built:
    """Make the site's lab, which stays until `down`. Whatever goes wrong, interrupts too, nothing of it is left.

    Raises CannotMake, NoLayout, AlreadyUp (nothing was done), NotMade (what was made is removed again).
    """
    wanted = _layout(policy, name, hosts_per_segment)
    with interruptible(), ExitStack() as undo:
        built = _make(wanted, undo, listeners=listeners)
        undo.pop_all()
    return built


@contextmanager
def lab(
    policy: Policy, name: str | None = None, hosts_per_segment: int = HOSTS_PER_SEGMENT, *, listeners: bool = True
) -> Iterator[Built]:
    """The same for the length of a block."""
    wanted = _layout(policy, name, hosts_per_segment)
    with interruptible(), ExitStack() as undo:
        yield _make(wanted, undo, listeners=listeners)


def find(name: str) -> Built:
    """A lab that was made before, also by another process; NoSuchLab, Damaged if not all of it is there."""
    lab_name = names.lab_name(name)
    record = Folder(lab_name).record()
    if record is None or not record.up:
        raise NoSuchLab(f"there is no lab '{lab_name}'", "`segctl lab up` makes it, `segctl lab status` shows all")
    whole(record)
    return Built(record)


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block as Ctrl-C does, so that what it made is taken down (main thread only)."""
    if current_thread() is not main_thread():
        yield
        return

    def raises(number: int, frame: FrameType | None) -> None:
        raise Terminated(number)

    ours = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, raises)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _layout(policy: Policy, name: str | None, hosts_per_segment: int) -> Layout:
    if not may_make():  # nor in a user namespace: rootless.enter comes first
        raise CannotMake(
            "making network namespaces needs the privilege for it (CAP_SYS_ADMIN and CAP_NET_ADMIN)",
            "run it as root: sudo segctl lab …",
        )
    try:
        wanted = layout(policy, name, hosts_per_segment)
    except ValueError as error:
        raise NoLayout(str(error), "choose another name with --name, or correct the site") from error
    if not wanted.gateways:
        raise NoLayout(f"the site '{policy.site.name}' has no gateway with an interface", "describe it under `points`")
    return wanted


def _make(wanted: Layout, undo: ExitStack, *, listeners: bool) -> Built:
    folder = Folder(wanted.lab)
    with shielded():
        claim = _claim(folder)
        undo.callback(_take_down, wanted.lab, claim)
    folder.write(Record.of(wanted))
    try:
        _build(wanted)
        if listeners:
            start(wanted, folder)
    except (KernelError, OSError) as error:
        help = error.help if isinstance(error, KernelError) else ""
        raise NotMade(f"the lab '{wanted.lab}' could not be made: {error}", help) from error
    standing = Record.of(wanted, up=True)
    folder.write(standing)
    claim.release()
    return Built(standing)


def _build(wanted: Layout) -> None:
    from segctl.lab.build import build  # late: pyroute2 takes 0.2 s to import, and the listeners need none of it

    stop = Event()
    apart(lambda: build(wanted, stop), stop)


def _claim(folder: Folder) -> Claim:
    """The folder, after the remains of a lab of that name whose maker was killed are removed."""
    try:
        claim = folder.claim()
    except AlreadyUp:
        record = folder.record()
        if folder.held() or (record is not None and record.up):
            raise
        with folder.alone():
            sweep(folder.lab)
        claim = folder.claim()
    if named(names.prefix(folder.lab)):  # somebody removed the folder, but not the lab
        sweep(folder.lab)
        claim.release()
        claim = folder.claim()
    return claim


def _take_down(lab_name: str, claim: Claim) -> None:
    with shielded():
        sweep(lab_name)
        claim.release()
