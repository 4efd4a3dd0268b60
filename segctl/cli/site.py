"""`segctl validate`: everything that is wrong with the site as it is written."""

import json
from datetime import datetime

import click

from segctl.cli.exits import Exit
from segctl.cli.options import Command, Settings, at_option, format_option, settings, strict_option
from segctl.cli.output import write
from segctl.model.diagnostic import Diagnostic, Level
from segctl.report.diagnostics import count_levels, plain, show_counts, show_findings


@click.command(cls=Command, examples=("validate", "validate --format json"))
@format_option("text", "json")
@strict_option
@at_option
@settings
def validate(settings: Settings, format_: str, warnings_as_errors: bool, at: datetime) -> Exit:
    """Report everything that is wrong with the site, at once.

    Errors: exit 2. Warnings and lint alone: exit 0, or 1 with --warnings-as-errors.
    """
    loaded = settings.load()
    findings: tuple[Diagnostic, ...] = loaded.findings
    if loaded.site is not None:
        from segctl.policy import examine
        from segctl.policy.waive import unwaived

        of_load = unwaived(findings, loaded.site)
        findings = tuple(sorted({*of_load, *examine(loaded.site, at).findings}, key=Diagnostic.sort_key))
    if format_ == "json":
        click.echo(_json(findings))
    else:
        write(line for text in show_findings(findings) for line in text.split("\n"))
        write([show_counts(findings)])
    counts = count_levels(findings)
    if counts[Level.ERROR]:
        return Exit.WRONG_INPUT
    return Exit.NO if warnings_as_errors and any(counts.values()) else Exit.YES


def _json(findings: tuple[Diagnostic, ...]) -> str:
    counts = {level.value: number for level, number in count_levels(findings).items()}
    answer = {"schema": "segctl/validate/1", "valid": not counts["error"], "counts": counts,
              "findings": [plain(finding) for finding in findings]}  # fmt: skip
    return json.dumps(answer, indent=2, ensure_ascii=False)
