"""What the second engine says of random packets under random rules is what the kernel does with them.

The same rules and packets as in `test_ground_truth.py`, so that where one engine fails it is seen whether both do.
"""

from collections.abc import Iterator

import pytest

from tests.packets.test_ground_truth import A_VOLLEY
from tests.packets.truth.diagrams import Diagrammed
from tests.packets.truth.model import ReaderCrashed
from tests.packets.truth.rounds import Ring
from tests.packets.truth.verdicts import Tally, shown
from tests.packets.truth.wire import wire
from tests.packets.truth.world import standing

pytestmark = pytest.mark.packets


@pytest.fixture(scope="module")
def ring() -> Iterator[Ring]:
    """A world of its own, and the wire into it."""
    with standing() as world, wire(world) as opened:
        yield Ring(opened)


def compared(ring: Ring, seeds: range) -> Tally:
    """Each packet's end as the kernel has it, as the diagrams have it, and as the trace of it alone."""
    tally, model = Tally(), Diagrammed()
    for seed in seeds:
        try:
            answered = ring.answered(ring.drawn(seed, A_VOLLEY))
        except ReaderCrashed as error:
            tally.skipped[str(error)] += 1
            continue
        verdicts = ring.judged(answered, model)
        tally.add(answered.volley, verdicts)
        for alone, one in zip(ring.judged(answered), verdicts, strict=True):
            uncertain = alone.said.ending is None
            assert uncertain or one.said.ending in (None, alone.said.ending), shown(one, answered.volley.rules)
    print(f"\nseeds {seeds}: {tally.summary()}")
    return tally


def test_the_diagrams_agree_with_the_kernel(ring: Ring) -> None:
    tally = compared(ring, range(6))
    assert tally.packets >= 250
    assert not tally.differing, [shown(one, volley.rules) for volley, one in tally.differing[:2]]


@pytest.mark.soak
def test_the_diagrams_agree_with_the_kernel_for_long(ring: Ring) -> None:
    """The 2,500 packets of `make test`."""
    tally = compared(ring, range(50))
    assert tally.packets >= 2400
    assert not tally.differing, [shown(one, volley.rules) for volley, one in tally.differing[:2]]
    assert tally.uncertain <= 0.05 * tally.packets, tally.summary()
