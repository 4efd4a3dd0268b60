"""What the fault tests share: the processes in which their runs are done."""

from collections.abc import Callable, Iterator

import pytest

from segctl.apply.fitness import demand_fit
from segctl.runner import Netns
from segctl.store import state_of
from segctl.store.state import root
from tests.fault.pool import Pool


@pytest.fixture(scope="session")
def fitness() -> bytes:
    """That this machine is fit, tried once."""
    with state_of(Netns("nowhere")) as state:
        assert state
        demand_fit(state)
    return (root() / "fitness").read_bytes()


@pytest.fixture(scope="session")
def pool(request: pytest.FixtureRequest, fitness: bytes) -> Iterator[Pool]:
    """All runs, begun in the order of the tests."""
    made = Pool(list(request.session.items), fitness)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def done(pool: Pool, request: pytest.FixtureRequest) -> Callable[[], None]:
    """Waits for the test's own."""

    def waited() -> None:
        __tracebackhide__ = True
        pool.result(request.node)

    return waited
