"""The number of elements grows linearly with what the site names, never with segments², classes² or ends²."""

from collections.abc import Callable

import pytest

from segctl.compile import compile_gateway, statistics
from tests.sites import AT, policy

Writer = Callable[[int], str]


def _points(listed: list[list[str]]) -> str:
    lines = ["points:", "  gw1:", "    kind: gateway", "    interfaces:"]
    for at, names in enumerate(listed):
        lines.append(f"      eth{at}: {{segments: [{', '.join(names)}], addresses: [192.168.{at}.1/24]}}")
    return "\n".join([*lines, "      wan0: {segments: [world], addresses: [203.0.113.2/24]}", ""])


def _segments(count: int) -> str:
    return "segments:\n" + "".join(f"  s{at}: {{members: 10.{at // 256}.{at % 256}.0/24}}\n" for at in range(count))


def many_segments(scale: int) -> str:
    """Segments, each with a flow to the next."""
    count = 40 * scale
    flows = "flows:\n" + "".join(
        f"  - {{from: s{at}, to: s{(at + 1) % count}, services: [tcp/443]}}\n" for at in range(count)
    )
    names = [f"s{at}" for at in range(count)]
    return _segments(count) + _points([names[::2], names[1::2]]) + flows


def ends_named_elsewhere(scale: int) -> str:
    """A flow between n and n endpoints, each of which is named by another flow, too: no class is larger than one."""
    count = 125 * scale
    text = "endpoints:\n"
    for side, net in (("a", 1), ("b", 2)):
        for at in range(count):
            text += f"  {side}{at}: {{addresses: [10.{net}.{at // 200}.{at % 200 + 2}], labels: {{side: {side}}}}}\n"
    text += "segments:\n  left: {members: 10.1.0.0/16}\n  right: {members: 10.2.0.0/16}\n"
    text += _points([["left"], ["right"]]) + "flows:\n"
    text += "  - {name: wide, from: {labels: {side: a}}, to: {labels: {side: b}}, services: [tcp/443, ping]}\n"
    for at in range(count):
        text += f"  - {{name: one{at}, from: a{at}, to: b{at}, services: [tcp/{5000 + at}]}}\n"
    return text


def any_to_any(scale: int) -> str:
    """Statements that name everything."""
    count = 40 * scale
    names = [f"s{at}" for at in range(count)]
    flows = "flows:\n  - {name: all-ntp, from: any, to: any, services: [ntp]}\n"
    flows += "".join(f"  - {{from: s{at}, to: any, services: [tcp/{5000 + at}]}}\n" for at in range(count))
    guards = "guardrails:\n  - {name: no-smb, from: any, to: any, services: [smb]}\n"
    return _segments(count) + _points([names[::2], names[1::2]]) + flows + guards


@pytest.mark.parametrize("write", [many_segments, ends_named_elsewhere, any_to_any])
def test_elements_grow_linearly(write: Writer) -> None:
    counts = []
    for scale in (1, 2, 4):
        counts.append(statistics(compile_gateway(policy(write(scale)), "gw1", AT))["elements"])
    first, second = counts[1] - counts[0], counts[2] - counts[1]
    assert second <= 2.05 * first, counts


def test_the_wide_flow_is_counted_as_the_exception() -> None:
    counts = statistics(compile_gateway(policy(ends_named_elsewhere(1)), "gw1", AT))
    assert counts["wide"] == 1
    assert counts["lookups"] < 12


def test_lookups_do_not_depend_on_the_size() -> None:
    small, large = (statistics(compile_gateway(policy(many_segments(n)), "gw1", AT))["lookups"] for n in (1, 4))
    assert small == large
