"""A site's YAML as types: every value with its file, line and column, every problem at once.

In: a folder (or its `segctl.yaml`), or a text from the command line. Out: `Site` and findings; the built-in
catalogue of services and profiles. One table (`fields.py`) says what the language holds; readers follow it.
Never in it: what a site *means* (addresses' segments, decisions: `policy`), the clock, the kernel.
"""

from segctl.load.catalogue import catalogue_profiles, catalogue_services
from segctl.load.find import find_site
from segctl.load.questions import parse_selector, parse_service, parse_time
from segctl.load.read import Loaded, load_site, read_site

__all__ = [
    "Loaded",
    "catalogue_profiles",
    "catalogue_services",
    "find_site",
    "load_site",
    "parse_selector",
    "parse_service",
    "parse_time",
    "read_site",
]
