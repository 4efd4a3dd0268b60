"""What `for_slot` lets through makes one sleeping table of ours in a kernel, or nothing at all."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segctl.kernel import NotUnderstood
from segctl.kernel.structure import exceptions, for_slot
from tests.conftest import MakeNamespace
from tests.kernel.applied import OLD, Place, compiled
from tests.unit.kernel.mutants import mutants

pytestmark = pytest.mark.kernel
Many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def place(namespace: MakeNamespace) -> Place:
    return Place(namespace())


def loaded(place: Place, text: str) -> list[tuple[str, str, bool]]:
    """The tables after nft was given it, in a kernel without any."""
    place.runner.run(["nft", "-f", "-"], stdin=text)
    found = [(one.family, one.name, one.dormant) for one in place.tables()]
    place.nft("flush ruleset")
    return found


@Many
@given(st.data())
def test_a_slot(place: Place, data: st.DataObject) -> None:
    try:
        text = for_slot(data.draw(mutants(compiled(OLD)[1].structure)), "segctl_b", 7)
    except NotUnderstood:
        return
    assert loaded(place, text) in ([], [("inet", "segctl_b", True)])


@Many
@given(st.data())
def test_exceptions(place: Place, data: st.DataObject) -> None:
    try:
        text = exceptions(data.draw(mutants(compiled(OLD)[1].side.exceptions)))
    except NotUnderstood:
        return
    assert loaded(place, text) in ([], [("inet", "segctl_hold", False)])


def test_unchanged_they_load(place: Place) -> None:
    rules = compiled(OLD)[1]
    assert loaded(place, for_slot(rules.structure, "segctl_b", 7)) == [("inet", "segctl_b", True)]
    assert loaded(place, exceptions(rules.side.exceptions)) == [("inet", "segctl_hold", False)]
