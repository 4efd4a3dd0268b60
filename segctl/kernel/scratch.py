"""A network namespace without a name, for a moment: what a kernel without anything else makes of our rules."""

import ctypes
from collections.abc import Callable
from typing import TypeVar

from segctl.kernel.errors import refused
from segctl.kernel.namespaces import apart
from segctl.runner import Here, Runner

T = TypeVar("T")

_CLONE_NEWNET = 0x40000000  # linux/sched.h


def in_scratch(work: Callable[[Runner], T]) -> T:
    """Do `work` in a fresh network namespace that ends with it, also if we are killed."""

    def alone() -> T:
        if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET):
            raise refused("making a scratch namespace", ctypes.get_errno())
        return work(Here())

    return apart(alone)
