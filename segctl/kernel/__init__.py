"""The only room that touches the kernel: nft, netlink, conntrack, links.

In goes a Runner (where), and text, elements or numbers (what); out comes what the kernel holds, in plain types.
errno, nft's stderr and dead tools become the exceptions of `errors`: nothing that fails looks like an empty answer.
What a rule means, and which rules there should be, must never be known in here.
The modules are asked for by name (`from segctl.kernel import nft, netlink, conntrack`), as numpy is loaded by some.
"""

from segctl.kernel.errors import (
    AlreadyThere,
    KernelError,
    KernelRefused,
    MessageTooLong,
    NoPrivilege,
    NotThere,
    NotUnderstood,
    SetFull,
    ToolCrashed,
    ToolMissing,
    Unsteady,
)

__all__ = [
    "AlreadyThere",
    "KernelError",
    "KernelRefused",
    "MessageTooLong",
    "NoPrivilege",
    "NotThere",
    "NotUnderstood",
    "SetFull",
    "ToolCrashed",
    "ToolMissing",
    "Unsteady",
]
