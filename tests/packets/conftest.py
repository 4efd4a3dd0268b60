"""What the tests with real packets share: one lab for all that change rules alone."""

from collections.abc import Iterator

import pytest

from tests.packets.net import Net, standing


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
