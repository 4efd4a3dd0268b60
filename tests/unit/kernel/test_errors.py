"""errno and nft's words become ours, once."""

import errno

import pytest

from segctl.kernel.errors import (
    AlreadyThere,
    KernelRefused,
    MessageTooLong,
    NoPrivilege,
    NotThere,
    SetFull,
    ToolMissing,
    refused,
    refused_in_words,
)

KINDS = [
    (errno.EPERM, "Operation not permitted (you must be root)", NoPrivilege),
    (errno.ENOENT, "Could not process rule: No such file or directory", NotThere),
    (errno.EEXIST, "Could not process rule: File exists", AlreadyThere),
    (errno.ENFILE, "Could not process rule: Too many open files in system", SetFull),
    (errno.EMSGSIZE, "netlink: Error: Could not process rule: Message too long", MessageTooLong),
    (errno.EINVAL, "Could not process rule: Invalid argument", KernelRefused),
]


@pytest.mark.parametrize(("number", "said", "kind"), KINDS)
def test_kinds(number: int, said: str, kind: type[KernelRefused]) -> None:
    assert type(refused("adding to live", number)) is kind
    assert refused("adding to live", number).errno == number
    assert type(refused_in_words("loading rules", f"/dev/stdin:1:1-5: Error: {said}\nadd …\n^^^^^\n")) is kind


def test_what_and_help() -> None:
    error = refused_in_words("loading rules", "Error: syntax error, unexpected chain\ntable inet x chain\n ^^^^^\n")
    assert error.what == str(error) == "loading rules: Error: syntax error, unexpected chain"
    assert error.help == "table inet x chain\n ^^^^^"
    assert refused("adding to live", errno.EINVAL, "no key").what == "adding to live: Invalid argument (no key)"
    assert refused_in_words("loading rules", "").what == "loading rules: it failed and said nothing"


def test_a_missing_tool_names_its_package() -> None:
    assert ToolMissing("dot", "graphviz").help == "apt install graphviz"
    assert ToolMissing("frob", "").help == ""
