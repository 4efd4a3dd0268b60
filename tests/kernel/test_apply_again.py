"""apply and rollback, again and again: numbers grow, each slot is whole, and what isn't ours stays as it is."""

import threading

import pytest

from segctl.apply import CannotApply, NotApplied, RolledBack, read_slots, roll_back
from segctl.store import Busy
from tests.conftest import MakeNamespace
from tests.kernel.applied import NEW, NEXT, OLD, Place, at

pytestmark = pytest.mark.kernel

FOREIGN = """
table inet segctl_c { set gen { type mark; elements = { 0x1 }; }; chain c { type filter hook forward priority 5; }; }
table ip segctl_a { chain c { type filter hook forward priority 5; policy accept; ip daddr 192.0.2.1 counter drop; }; }
table ip6 segctl_b { map m { type ipv6_addr : mark; elements = { fd00::1 : 0x7 }; }; }
table inet theirs { set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 }; }; }
"""


@pytest.fixture
def place(namespace: MakeNamespace) -> Place:
    return Place(namespace())


@pytest.fixture
def living(place: Place) -> Place:
    """Generation 1 lives there."""
    place.apply(OLD)
    return place


def test_foreign_tables_stay_as_they_are(place: Place) -> None:
    place.nft(FOREIGN)

    def listed() -> str:
        names = ("inet segctl_c", "ip segctl_a", "ip6 segctl_b", "inet theirs")
        return "".join(place.runner.run(["nft", "-a", "list", "table", *name.split()]).stdout for name in names)

    before, theirs = listed(), place.tables()
    place.apply(OLD)
    place.apply(NEW)
    with pytest.raises(NotApplied):
        place.apply(NEXT, at("read back", lambda: place.nft("insert rule inet segctl_a forward accept")))
    place.apply(NEXT)
    roll_back(place.runner)
    assert listed() == before and len(before) > 500
    assert theirs < place.tables()


def test_rollback_flips_back_and_forward(living: Place) -> None:
    first = living.held()
    living.apply(NEW)
    second = living.held()
    assert first and second and first[1] != second[1]
    assert roll_back(living.runner) == RolledBack(living.runner.where, 2, 1)
    assert living.held() == first
    assert roll_back(living.runner) == RolledBack(living.runner.where, 1, 2)
    assert living.held() == second


def test_numbers_of_generations_only_grow(living: Place) -> None:
    assert [living.apply(text).generation for text in (NEW, OLD, NEW)] == [2, 3, 4]
    roll_back(living.runner)
    assert living.apply(NEXT).generation == 5
    live = living.held()
    assert live
    living.nft(f"add table inet {live[0]} {{ flags dormant; }}")
    assert living.apply(OLD).generation == 6


def test_there_and_back_while_somebody_flips(living: Place) -> None:
    """Two rollbacks at once: each is whole or fails, and one slot is awake at the end."""
    living.apply(NEW)
    failures: list[BaseException] = []

    def back() -> None:
        for _ in range(10):
            try:
                roll_back(living.runner)
            except (CannotApply, NotApplied, Busy) as error:
                failures.append(error)

    threads = [threading.Thread(target=back) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slots = read_slots(living.runner)
    assert slots.live and slots.sleeping
