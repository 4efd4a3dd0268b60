"""What the tests with real packets share: one lab for all that change rules alone."""

from collections.abc import Iterator

import pytest

from tests.packets import point as points
from tests.packets.net import Net, standing
from tests.packets.point import Point


@pytest.fixture(scope="package")
def shared_net() -> Iterator[Net]:
    """The site `sites/kinds`, standing."""
    with standing("rules") as net:
        yield net


@pytest.fixture
def net(shared_net: Net) -> Net:
    """The same, nothing tracked, nobody else's table; the rules are those that the test before left."""
    shared_net.foreign("")
    shared_net.forget()
    return shared_net


@pytest.fixture(scope="package")
def shared_point() -> Iterator[Point]:
    """The lab of `point.SITE`, standing."""
    with points.standing("point") as point:
        yield point


@pytest.fixture
def point(shared_point: Point) -> Point:
    """The same, with the site as written live, nothing held, nothing tracked."""
    shared_point.fresh()
    return shared_point
