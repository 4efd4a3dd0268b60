"""Sites for tests, from YAML text as a user would write it."""

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import Any

from segctl.load import load_site
from segctl.model.site import Site
from segctl.model.span import Span
from segctl.policy import Policy, examine

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
EXAMPLES = Path(__file__).parents[1] / "examples"


def site(text: str) -> Site:
    """The site that the text says; `version` and `site` may be left out."""
    text = dedent(text)
    if "\nsite:" not in f"\n{text}":
        text = f"version: 1\nsite: test\n{text}"
    with TemporaryDirectory() as folder:
        (Path(folder) / "segctl.yaml").write_text(text)
        return read(Path(folder))


def read(folder: Path) -> Site:
    """The site in a folder; a failure shows its findings."""
    loaded = load_site(folder)
    assert loaded.site is not None, loaded.findings
    return loaded.site


def policy(text: str, at: datetime = AT) -> Policy:
    """What it means; a failure shows its findings."""
    return meant(site(text), at)


def meant(said: Site, at: datetime = AT) -> Policy:
    """The policy of a site that has no error."""
    examined = examine(said, at)
    assert examined.policy is not None, examined.findings
    return examined.policy


def placeless(value: Any) -> Any:
    """The same without any place."""
    if isinstance(value, Span):
        return None
    if isinstance(value, tuple | list):
        return tuple(map(placeless, value))
    if isinstance(value, dict):
        return {key: placeless(inner) for key, inner in value.items()}
    if is_dataclass(value):
        return type(value), *(placeless(getattr(value, field.name)) for field in fields(value))
    return value
