"""The page as text: what a browser may mistake, what it may run, and that it is built from the sources beside it."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from segctl.report.page import LIBRARYS_STYLE
from segctl.report.page_data import Opening
from segctl.report.palette import DARK, LIGHT
from tests.browser.pages import text_of
from tests.tree import ROOT
from tests.unit.report.sites import flow, policy, segment, shop, site

SOURCES = ROOT / "tools" / "page" / "src"
BUILT = ROOT / "templates" / "page"
EVIL = "</script><!--<script>&lt;\u2028]]>"


class Elements(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def text() -> str:
    return text_of(policy(shop()))


def data_in(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def csp(text: str) -> dict[str, list[str]]:
    for tag, attributes in Elements(text).found:
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy":
            parts = str(attributes["content"]).split(";")
            return {words[0]: words[1:] for words in map(str.split, parts)}
    raise AssertionError("no policy")


def test_the_policy_allows_what_is_there_and_nothing_else(text: str) -> None:
    found = csp(text)
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    styles = re.findall(r"<style[^>]*>(.*?)</style>", text, re.DOTALL)
    assert len(scripts) == 2 and len(styles) == 3
    assert found["script-src"] == [hashed(one) for one in scripts]
    assert found["style-src"] == [hashed(one) for one in styles]
    rest = {name: value for name, value in found.items() if name not in ("script-src", "style-src")}
    assert rest["default-src"] == rest["connect-src"] == ["'none'"] and set(map(tuple, rest.values())) == {("'none'",)}


def hashed(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_the_policy_stands_before_all_that_it_judges(text: str) -> None:
    assert text.index("Content-Security-Policy") < text.index("<style") < text.index("<script")


def test_it_names_no_other_file_and_no_handler(text: str) -> None:
    for tag, attributes in Elements(text).found:
        assert not {"src", "href", "style", "action", "srcset", "data"} & attributes.keys(), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)


def test_no_word_leaves_its_string() -> None:
    """Neither HTML's reader nor a script's sees anything but letters."""
    segments = [segment("web", "guarded", "10.0.1.0/24", owner=EVIL, labels={"zone": EVIL}),
                segment("db", "strict", "10.0.2.0/24")]  # fmt: skip
    made = policy(site(segments, flows=[flow(EVIL, "web", "db", "ssh", why=EVIL)], name=EVIL))
    hostile = text_of(made, opening=Opening(start=EVIL, lines=lambda _: EVIL))
    tame = text_of(policy(shop()))
    kinds = [[tag for tag, _ in Elements(each).found] for each in (hostile, tame)]
    assert kinds[0] == kinds[1]
    data = data_in(hostile)
    assert data["site"] == data["start"] == data["statements"][0]["why"] == data["statements"][0]["line"] == EVIL
    body = hostile[hostile.index('id="data">') + 10 :]
    assert not set("<>&\u2028\u2029") & set(body[: body.index("</script>")])
    assert re.search(r"<title>&lt;/script&gt;&lt;!--&lt;script&gt;&amp;lt;", hostile)


def test_the_same_site_is_the_same_page(text: str) -> None:
    assert text_of(policy(shop())) == text


def test_a_theme_and_an_opening_are_the_readers(text: str) -> None:
    assert '<html lang="en">' in text and data_in(text)["fold"] == "auto"
    made = text_of(policy(shop()), opening=Opening(theme="dark", fold="always", through_world=True))
    assert '<html lang="en" data-theme="dark">' in made
    assert data_in(made)["fold"] == "always" and data_in(made)["through_world"] is True


def test_a_change_is_there_with_what_is_gone() -> None:
    before = policy(site([segment("web", "guarded", "10.0.1.0/24"), segment("old", "open", "10.0.2.0/24")]))
    after = policy(site([segment("web", "guarded", "10.0.1.0/24"), segment("new", "open", "10.0.3.0/24")]))
    data = data_in(text_of(after, before))
    names = [one["name"] for one in data["segments"]]
    changes = data["changes"]
    assert [names[at] for at in changes["gone"]] == ["old"] and [names[at] for at in changes["added"]] == ["new"]
    opens = [row for row in changes["rows"] if row["way"] == "opens"]
    assert any("new" in [names[at] for at in row["destinations"]] for row in opens)
    closes = [row for row in changes["rows"] if row["way"] == "closes"]
    assert any("old" in [names[at] for at in row["destinations"]] for row in closes)


def test_the_built_files_are_of_these_sources() -> None:
    """`tools/page/build.sh` wrote what ships; it writes a digest of the sources into it, as here."""
    ours = sorted(path for path in SOURCES.glob("*.js") if path.name != "library.js")
    assert digest(ours) in (BUILT / "main.js").read_text().partition("\n")[0]
    assert digest([SOURCES / "library.js"]) in (BUILT / "library.js").read_text().partition("\n")[0]


def digest(paths: list[Path]) -> str:
    return sha256("".join(f"{path.name}\n{path.read_text()}" for path in paths).encode()).hexdigest()


def test_the_library_is_named_with_its_version_and_licence() -> None:
    head = (BUILT / "library.js").read_text().partition("\n")[0]
    licences = (BUILT / "LICENSES.txt").read_text()
    wanted = json.loads((ROOT / "tools" / "page" / "package.json").read_text())["dependencies"]
    for name, version in wanted.items():
        assert f"{name} {version} (MIT)" in head and f"{name} {version} (MIT)" in licences
    assert "Permission is hereby granted" in licences


def test_no_script_of_the_page_ends_early_or_makes_markup() -> None:
    for name in ("library.js", "main.js"):
        text = (BUILT / name).read_text()
        assert "</script" not in text.lower() and "<!--" not in text
    ours = (BUILT / "main.js").read_text()
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser", ours
    )
    assert not re.search(r"\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon|EventSource|localStorage|https?:", ours)


def test_the_colours_are_those_of_the_other_drawings(text: str) -> None:
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)[0]
    for palette in (LIGHT, DARK):
        for shade, paint in palette.boxes.items():
            assert (
                f"--{shade.value}-fill: {paint.fill};" in style and f"--{shade.value}-border: {paint.border};" in style
            )
    assert LIBRARYS_STYLE in text
