"""How often a machine may send ICMP errors: a refusal that is seen at random is no evidence.

By default Linux sends some six at once and then one a second to each host, and a thousand a second in all
(icmp_ratelimit, icmp_msgs_per_sec: Documentation/networking/ip-sysctl.rst). Types whose bit isn't set in the mask are
under neither limit, so the masks alone say whether an answer can be relied on.
"""

from pathlib import Path

from segctl.runner import Runner

_MASK4, _MASK6 = Path("/proc/sys/net/ipv4/icmp_ratemask"), Path("/proc/sys/net/ipv6/icmp/ratemask")
_UNREACHABLE4, _UNREACHABLE6 = 3, 1  # destination unreachable: RFC 792; RFC 4443
_FREE4, _FREE6 = "0", "0,3-127"  # as by default, without destination unreachable


def answering(runner: Runner) -> bool:
    """Whether a machine's ICMP errors of an unreachable destination are under no limit."""
    try:
        with runner.inside():
            four, six = _MASK4.read_text().strip(), _MASK6.read_text().strip()
    except OSError:
        return False
    return four.isdecimal() and not int(four) >> _UNREACHABLE4 & 1 and not _lists(six, _UNREACHABLE6)


def lift(runner: Runner) -> bool:
    """Take the limits off a machine that is ours to change; whether they are off."""
    try:
        with runner.inside():
            _MASK4.write_text(_FREE4)
            _MASK6.write_text(_FREE6)
    except OSError:
        return False
    return answering(runner)


def _lists(bitmap: str, number: int) -> bool:
    """Whether a kernel's bitmap list, as `0-1,3-127`, holds the number."""
    for part in filter(None, bitmap.split(",")):
        first, _, last = part.partition("-")
        if int(first) <= number <= int(last or first):
            return True
    return False
