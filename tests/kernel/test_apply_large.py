"""More than 100,000 elements: loaded, read back twice, flipped; one that is missing is missed."""

import pytest

from segctl.kernel import netlink
from segctl.model.elements import Elements
from tests.conftest import MakeNamespace
from tests.kernel.applied import Place, compiled

pytestmark = pytest.mark.kernel

SEGMENTS, FLOWS = 1000, 25_000


def large() -> str:
    """Segments behind four interfaces, each with two blocks; flows between two of them, each on a port of its own."""
    lines = ["segments:"]
    for at in range(SEGMENTS):
        high, low = at >> 8, at & 255
        lines.append(f'  s{at}: {{strictness: strict, members: [10.{high}.{low}.0/25, "fd00:{at:x}::/48"]}}')
    lines += ["points:", "  gw:", "    kind: gateway", "    interfaces:"]
    for place in range(4):
        listed = ", ".join(f"s{at}" for at in range(place, SEGMENTS, 4))
        lines.append(f"      eth{place}: {{segments: [{listed}], addresses: [192.0.2.{4 * place + 1}/30]}}")
    lines.append("flows:")
    for at in range(FLOWS):
        ends = f"from: s{at % SEGMENTS}, to: s{(at * 7 + at // SEGMENTS + 1) % SEGMENTS}"
        lines.append(f'  - {{name: f{at}, {ends}, services: [tcp/{1024 + at}], why: "one of many"}}')
    return "\n".join(lines) + "\n"


def test_more_than_a_hundred_thousand_elements(namespace: MakeNamespace) -> None:
    place = Place(namespace())
    text = large()
    assert compiled(text)[1].count() > 100_000
    done = place.apply(text)
    before = place.held()
    assert before and before[1].digest() == done.digest
    found = netlink.dump(place.runner, done.slot, "flow_port")
    assert len(found) == FLOWS and found.data is not None
    netlink.delete(place.runner, done.slot, [Elements("flow_port", found.keys[:1], data=found.data[:1])])
    after = place.held()
    assert after
    differing = {name for name, said in after[1].elements.items() if before[1].elements[name] != said}
    assert differing == {"flow_port"}
