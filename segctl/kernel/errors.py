"""errno, nft's stderr and dead tools become our own words here, once; callers see nothing else."""

import errno as numbers
import os


class KernelError(Exception):
    """What the kernel, or a tool that speaks to it, would not do. `what` says it; `help` is the way out, if any."""

    def __init__(self, what: str, help: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.help = help


class KernelRefused(KernelError):
    """The kernel answered no. `errno` is its number, 0 where only text told us."""

    def __init__(self, what: str, help: str = "", errno: int = 0) -> None:
        super().__init__(what, help)
        self.errno = errno


class NoPrivilege(KernelRefused):
    """CAP_NET_ADMIN is missing for that network namespace."""


class NotThere(KernelRefused):
    """No such table, set, element or connection."""


class AlreadyThere(KernelRefused):
    """It exists: for an element of a map, with another value."""


class SetFull(KernelRefused):
    """The set's `size` is reached (ENFILE, which nft words as "Too many open files in system")."""


class MessageTooLong(KernelRefused):
    """One transaction is larger than the socket's send buffer, which only real root may raise beyond wmem_max."""


class NoNetfilter(KernelRefused):
    """The kernel has no part that could be spoken to: nfnetlink, or nf_tables below it, is missing."""

    exit_code = 3


class Unsteady(KernelError):
    """Something kept changing while it was read: what was read is no one state, so it is no answer."""


class NotUnderstood(KernelError):
    """The answer holds something that we can't read; to leave it out would be to guess."""


class ToolMissing(KernelError):
    """A program isn't installed; `package` is the Debian package that brings it ('' if we don't know one)."""

    def __init__(self, tool: str, package: str) -> None:
        super().__init__(f"{tool} isn't installed", f"apt install {package}" if package else "")
        self.tool = tool
        self.package = package


class ToolCrashed(KernelError):
    """A program was killed by `signal`: it said nothing, whatever stands in its output."""

    def __init__(self, tool: str, signal: int, help: str = "") -> None:
        super().__init__(f"{tool} crashed (signal {signal})", help)
        self.tool = tool
        self.signal = signal


_KINDS: dict[int, tuple[type[KernelRefused], str]] = {
    numbers.EPERM: (NoPrivilege, "run it as root, or within the user namespace that owns this network namespace"),
    numbers.EACCES: (NoPrivilege, "run it as root, or within the user namespace that owns this network namespace"),
    numbers.ENOENT: (NotThere, ""),
    numbers.EEXIST: (AlreadyThere, ""),
    numbers.ENFILE: (SetFull, "declare the set with a larger `size`"),
    numbers.EPROTONOSUPPORT: (
        NoNetfilter,
        "a kernel with nf_tables is needed (CONFIG_NETFILTER_NETLINK, CONFIG_NF_TABLES)",
    ),
    numbers.EMSGSIZE: (
        MessageTooLong,
        "run it as root, or raise what others may send at once: "
        "sudo sysctl -w net.core.wmem_default=4194304 net.core.wmem_max=4194304",
    ),
}


def refused(doing: str, errno: int, said: str = "") -> KernelRefused:
    """The exception for a kernel's errno; `doing` begins the message, `said` is the kernel's own further word."""
    kind, help = _KINDS.get(errno, (KernelRefused, ""))
    reason = f"{os.strerror(errno)} ({said})" if said else os.strerror(errno)
    return kind(f"{doing}: {reason}", help, errno)


def refused_in_words(doing: str, stderr: str) -> KernelRefused:
    """The same for a tool that says in words what the kernel told it in numbers.

    nft's lines below its first show the place in the text that it complains of: they are kept as help.
    """
    first, _, rest = stderr.strip().partition("\n")
    for errno, (kind, help) in _KINDS.items():
        if os.strerror(errno) in stderr:
            return kind(f"{doing}: {first}", "\n".join(filter(None, (help, rest))), errno)
    return KernelRefused(f"{doing}: {first or 'it failed and said nothing'}", rest)
