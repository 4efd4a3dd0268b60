"""The page of `segctl graph --format html`: one file that opens from disk, needs no network, and may reach none.

What the site says is data in a block of JSON that no parser of HTML or script can mistake for anything else; the page
puts it into the document as text alone. The content-security policy names the page's own scripts and style by their
hashes, and forbids all else.
"""

import json
from base64 import b64encode
from hashlib import sha256
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from segctl.ask.result.page import Atlas, Changes, Web
from segctl.report.page_colours import colours
from segctl.report.page_data import Opening, page_data

_ESCAPED = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def draw_page(atlas: Atlas, web: Web, changes: Changes | None = None, opening: Opening | None = None) -> str:
    """The whole page as HTML; of a change the atlas and the web are those after it."""
    opening = opening or Opening()
    said = page_data(atlas, web, changes, opening)
    data = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    scripts = [_asset("library.js"), _asset("main.js")]
    styles = [LIBRARYS_STYLE, colours(), _asset("style.css")]
    environment = Environment(
        loader=PackageLoader("segctl", "templates/page"), autoescape=True, undefined=StrictUndefined
    )  # fmt: skip
    return environment.get_template("page.html.j2").render(
        site=atlas.site,
        theme=opening.theme,
        script_hashes=Markup(" ".join(map(_hash, scripts))),
        style_hashes=Markup(" ".join(map(_hash, styles))),
        scripts=list(map(Markup, scripts)),
        styles=list(map(Markup, styles)),
        licences=_asset("LICENSES.txt"),
        data=Markup(data.translate(_ESCAPED)),  # inside strings alone: JSON's own signs are none of these
    )


LIBRARYS_STYLE = ".__________cytoscape_container { position: relative; }"
"""What cytoscape would write into the page by itself, against the policy; it doesn't where an element has its id."""


def _asset(name: str) -> str:
    return (resources.files("segctl") / "templates" / "page" / name).read_text("utf-8")


def _hash(text: str) -> str:
    """As a policy names it (CSP 3, section 2.3.1)."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
