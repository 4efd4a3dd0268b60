"""Every site that tests/unit/load/test_good.py reads is held against the schema as well."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.load.editor import complaints


@pytest.fixture(autouse=True)
def _the_schema_takes_it(request: pytest.FixtureRequest) -> Iterator[None]:
    """After the test, each YAML file that it left: a site's own, or an included one."""
    module = request.module.__name__.rsplit(".", 1)[-1]
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    if module == "test_good" and isinstance(folder, Path):
        for path in folder.rglob("*.yaml"):
            text = path.read_bytes().decode()
            assert not complaints(text, "" if "site:" in text and path.parent == folder else "part"), path
