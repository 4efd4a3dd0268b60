"""A browser for the tests of one file, and the page of a shop."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.devtools import Browser, browser
from tests.browser.pages import shop, write


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as made:
        yield made


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("page") / "shop.html", shop())
