"""`segctl check`: the site's own tests, what deserves a look, what is known; for people, pipelines and editors."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from segctl.cli.baseline import read_baseline, write_baseline
from segctl.cli.exits import Exit
from segctl.cli.options import Command, Settings, at_option, format_option, settings, strict_option
from segctl.cli.output import write
from segctl.model.diagnostic import SiteError

if TYPE_CHECKING:
    from segctl.ask.result import Checked
    from segctl.report.places import Places

_REPORTS = ("junit", "sarif", "github")
_EXAMPLES = (
    "check",
    "check --expiring 90 --warnings-as-errors",
    "check --write-baseline known.json && segctl check --baseline known.json",
    "check --format sarif > segctl.sarif",
    "check --format junit --at 2027-01-01T00:00:00Z",
)


@click.command(cls=Command, examples=_EXAMPLES)
@format_option("text", "json", *_REPORTS)
@strict_option
@click.option("--expiring", type=click.IntRange(0, 36_500), metavar="DAYS", default=30, show_default=True,
              help="Tell of flows that end within so many days.")  # fmt: skip
@click.option(
    "--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Findings that are known: none fails."
)
@click.option("--write-baseline", type=click.Path(path_type=Path), metavar="FILE",
              help="Keep what is found now as known.")  # fmt: skip
@click.option("--root", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR",
              help="What a report's paths are relative to; default the git repository around the site.")  # fmt: skip
@at_option
@settings
def check(
    settings: Settings,
    format_: str,
    warnings_as_errors: bool,
    expiring: int,
    baseline: Path | None,
    write_baseline: Path | None,
    root: Path | None,
    at: datetime,
) -> Exit:
    """Run the site's own tests (`expect`), and look for holes, mistakes and what nobody needs. Needs no root.

    Exit 0: all hold. Exit 1: an expectation fails, a deny is uncovered and nobody waives it, or a blast radius passes
    the segment's budget; --warnings-as-errors: or anything else is found. Exit 2: the site has errors. A waiver past
    its `until` waives nothing here. docs/checks.md lists what is looked for.
    """
    from segctl.ask.check import check_site, unsound

    known = read_baseline(baseline) if baseline is not None else frozenset()
    say = _reporter(settings, format_, root, warnings_as_errors)
    loaded = settings.load()
    try:
        if loaded.site is None:
            raise SiteError(loaded.findings)
        checked = check_site(loaded.site, loaded.findings, at, timedelta(days=expiring)).knowing(known)
    except SiteError as error:
        if format_ in _REPORTS:  # whoever shows reports shows these, too
            say(unsound(error.findings), loaded.site.name if loaded.site is not None else "")
        raise
    if write_baseline is not None:
        checked = _kept(settings, checked, loaded.site.name, write_baseline)
    say(checked, loaded.site.name)
    return Exit.YES if checked.holds(strict=warnings_as_errors) else Exit.NO


def _kept(settings: Settings, checked: "Checked", site: str, path: Path) -> "Checked":
    """As it is beside the baseline that it makes."""
    written = write_baseline(path, checked, site)
    settings.say(f"{path}: {len(written)} findings are known from now on")
    return checked.knowing(written)


def _reporter(settings: Settings, format_: str, root: Path | None, strict: bool) -> "Callable[[Checked, str], None]":
    """Writes an answer in that format."""

    def say(checked: "Checked", site: str) -> None:
        if format_ in ("text", "json"):
            from segctl.report.check import plain_check, show_check

            if format_ == "json":
                click.echo(json.dumps(plain_check(checked), indent=2, ensure_ascii=False))
            else:
                write(line for text in show_check(checked) for line in text.split("\n"))
            return
        for line in _report(checked, site, format_, _places(settings.find().path, root), strict):
            click.echo(line)

    return say


def _report(checked: "Checked", site: str, format_: str, places: "Places", strict: bool) -> Iterator[str]:
    if format_ == "github":
        from segctl.report.github import github

        yield from github(checked, places, strict=strict)
    elif format_ == "sarif":
        from segctl.report.sarif import sarif

        yield sarif(checked, site, places, strict=strict)
    else:
        from segctl.report.junit import junit

        yield junit(checked, site, places, strict=strict)


def _places(site: Path, root: Path | None) -> "Places":
    """Below the root that is named, else that of the git repository around the site, else of the site itself."""
    from segctl.load.files import MAIN
    from segctl.report.places import Places

    folder = (site / MAIN if site.is_dir() else site).resolve().parent  # a link to a site: its folder is elsewhere
    if root is not None:
        if not folder.is_relative_to(root.resolve()):
            raise click.UsageError(f"the site is not below --root {root}")
        return Places(folder.relative_to(root.resolve()).as_posix())
    around = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
    return Places(folder.relative_to(around).as_posix())
