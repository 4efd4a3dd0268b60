"""The command that says what a change opens and closes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from segctl.cli.exits import Exit
from segctl.cli.options import Command, Settings, at_option, format_option, settings
from segctl.cli.output import write

if TYPE_CHECKING:
    from segctl.ask.result import Review
    from segctl.policy import Policy


@click.command(
    cls=Command, examples=("diff before .", "diff before . --exit-code --format markdown", "diff --git main..HEAD")
)
@click.argument("before", metavar="[A", required=False, type=click.Path(path_type=Path))
@click.argument("after", metavar="[B]]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--git",
    "range_",
    metavar="A..B",
    help="Two revisions of the site; A...B from where both begin; A alone against the files as they are.",
)
@click.option("--exit-code", is_flag=True, help="Exit 1 if anything opens, in however many hops, now or later.")
@format_option("text", "json", "markdown")
@at_option
@settings
def diff(
    settings: Settings,
    before: Path | None,
    after: Path | None,
    range_: str | None,
    exit_code: bool,
    format_: str,
    at: datetime,
) -> Exit:
    """What opens and closes between two sites, as connections, never as text.

    By verdict and by effect, with the lines that do it; what can be reached in several hops, how far an intruder gets
    from each segment, before and after; and what begins or ends later. A and B are sites' folders; without B: the site
    that is meant. markdown is for a comment on a pull request.
    """
    if (before is None) == (range_ is None):
        raise click.UsageError("what is compared? two folders, or --git A..B")
    with _pair(settings, before, after, range_, at) as (names, policies):
        review = _review(names, policies, at)
    from segctl.report.review import plain_review, review_markdown, show_review

    if format_ == "json":
        click.echo(json.dumps(plain_review(review), indent=2, ensure_ascii=False))
    elif format_ == "markdown":
        click.echo(review_markdown(review), nl=False)
    else:
        write(show_review(review))
    return Exit.NO if exit_code and review.opens else Exit.YES


def _review(names: tuple[str, str], policies: "tuple[Policy, Policy]", at: datetime) -> "Review":
    from segctl.ask.diff import difference
    from segctl.ask.far import far, later
    from segctl.ask.result import Review

    now = difference(*policies, at)
    return Review(*names, now, far(*policies, at), later(*policies, now))


Pair = tuple[tuple[str, str], "tuple[Policy, Policy]"]


@contextmanager
def _pair(
    settings: Settings, before: Path | None, after: Path | None, range_: str | None, at: datetime
) -> Iterator[Pair]:  # fmt: skip
    """What they are called, and what they mean."""
    if before is not None:
        second = after or settings.find().path
        yield (str(before), str(second)), (side_policy(before, at), side_policy(second, at))
        return
    from segctl.store.revision import checked_out

    found = settings.find().path
    folder, main = (found, "") if found.is_dir() else (found.parent, found.name)
    first, last = _revisions(str(range_), folder)
    with checked_out(folder, first) as was:
        old = _policy(was / main, f"{first}:", at)
        if not last:
            yield (first, "the files as they are"), (old, _policy(found, "", at))
            return
        with checked_out(folder, last) as now:
            yield (first, last), (old, _policy(now / main, f"{last}:", at))


def _revisions(range_: str, folder: Path) -> tuple[str, str]:
    """As git reads them; the second is empty for the files as they are."""
    first, dots, last = range_.partition("..")
    if not first.strip():  # an unset variable in a pipeline must not compare a revision with itself
        raise click.UsageError(f"--git '{range_}' names no revision to compare with: --git main..HEAD")
    if last.startswith("."):
        from segctl.store.revision import merge_base

        last = last[1:] or "HEAD"
        return merge_base(folder, first, last), last
    return first, (last or "HEAD") if dots else ""


def side_policy(path: Path, at: datetime) -> "Policy":
    """What the site in a folder means; its name is put before the places of what is wrong with it."""
    return _policy(path, f"{path if path.is_dir() else path.parent}/", at)


def _policy(path: Path, side: str, at: datetime) -> "Policy":
    """What a site means; `side` is put before the places of what is wrong with it."""
    from segctl.load.read import load_site
    from segctl.model.diagnostic import SiteError
    from segctl.policy import examine

    loaded = load_site(path)
    findings = loaded.findings
    if loaded.site is not None:
        examined = examine(loaded.site, at)
        if examined.policy is not None:
            return examined.policy
        findings = examined.findings
    raise SiteError(tuple(replace(one, span=one.span._replace(file=side + one.span.file)) for one in findings))
