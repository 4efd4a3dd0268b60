"""Questions to the policy: can, explain."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, TextIO

import click

from segctl.cli.complete import complete_end, complete_point, complete_service
from segctl.cli.exits import Exit
from segctl.cli.options import (
    Command,
    Settings,
    at_option,
    choose_point,
    format_option,
    netns_option,
    policy_of,
    settings,
)
from segctl.cli.output import write
from segctl.cli.place import runner_of

if TYPE_CHECKING:
    from segctl.apply.result import Carried
    from segctl.ask.result import Answer as Verdicts
    from segctl.cli.memory import Memory
    from segctl.policy import Policy
    from segctl.runner import Runner
    from segctl.store.answers import Answer


@click.command(cls=Command, examples=("can web1 app1 shop-api", "can office db ssh --effect", "can --batch asked.tsv"))
@click.argument("source", metavar="[FROM", required=False, shell_complete=complete_end)
@click.argument("destination", metavar="TO", required=False, shell_complete=complete_end)
@click.argument("service", metavar="SERVICE]", required=False, shell_complete=complete_service)
@click.option(
    "--batch",
    type=click.File(encoding="utf-8", errors="backslashreplace"),
    metavar="FILE",
    help="Many questions: lines of FROM<TAB>TO<TAB>SERVICE; a JSON line back for each. - is standard input.",
)
@click.option("--effect", "by_effect", is_flag=True, help="Judge by what the packet meets, not by the verdict.")
@format_option("text", "json")
@at_option
@settings
def can(
    settings: Settings,
    source: str | None,
    destination: str | None,
    service: str | None,
    batch: TextIO | None,
    by_effect: bool,
    format_: str,
    at: datetime,
) -> Exit:  # fmt: skip
    """May FROM open SERVICE to TO?

    FROM and TO are names, addresses, CIDRs, ranges, or selectors as in a flow: '[web1, db]', '{labels: {tier: web}}'.
    SERVICE is a name, tcp/443 or the like, or all.

    Exit 0: every pair of addresses and each service is allowed; 1: none, or only a part (which, is said).
    """
    words = (source, destination, service)
    if batch is not None and not any(words):
        return _batch(policy_of(settings, at), batch, at, by_effect)
    if batch is not None or None in words:
        missing = "SERVICE (all: over anything)" if destination else "FROM, TO and SERVICE, or --batch FILE"
        raise click.UsageError(f"missing: {missing}" if batch is None else "--batch FILE takes no FROM, TO or SERVICE")
    question = (str(source), str(destination), str(service), str(by_effect), format_)
    memory = settings.memory()
    known = memory.recall(question, at)
    if known is None:
        known = _worked_out(settings, memory, question, at)
    write(known["text"].split("\n"))
    return Exit(known["exit"])


def _worked_out(settings: Settings, memory: "Memory", question: tuple[str, ...], at: datetime) -> "Answer":
    """The answer, for now and for the next time."""
    source, destination, service, by_effect, format_ = question
    loaded = settings.load()
    policy = policy_of(settings, at, loaded)
    answer = _ask(policy, source, destination, service, at)
    effect = by_effect == str(True)
    if format_ == "json":
        text = json.dumps(_json(source, destination, service, answer, effect), indent=2)
    else:
        from segctl.report.answers import show_answer

        text = "\n".join(show_answer(answer, by_effect=effect))
    return memory.keep(question, at, loaded.stamp, policy.site, text, _exit(answer, effect))


def _ask(policy: "Policy", source: str, destination: str, service: str, at: datetime) -> "Verdicts":
    from segctl.ask import can as ask
    from segctl.load import parse_selector, parse_service

    site = policy.site
    traffic = parse_service(service, site).traffic
    return ask(policy, parse_selector(source, site), parse_selector(destination, site), traffic, at)


def _exit(answer: "Verdicts", by_effect: bool) -> Exit:
    return Exit.YES if answer.word(by_effect=by_effect) == "allowed" else Exit.NO


def _batch(policy: "Policy", lines: TextIO, at: datetime, by_effect: bool) -> Exit:
    worst = Exit.YES
    answered = lru_cache(4096)(lambda *words: _one(policy, list(words), at, by_effect))
    for number, words in _questions(lines):
        if len(words) != 3:
            told: dict[str, object] = {
                "schema": "segctl/can/1",
                "line": number,
                "error": "want FROM<TAB>TO<TAB>SERVICE",
            }
            worst = Exit.WRONG_INPUT
        else:
            told, code = answered(*words)
            told = {**told, "line": number}
            worst = max(worst, code)
        click.echo(json.dumps(told, ensure_ascii=False))
    return worst


def _questions(lines: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Each line that asks something, with its number."""
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            yield number, [word.strip() for word in line.rstrip("\n").split("\t")]


def _one(policy: "Policy", words: list[str], at: datetime, by_effect: bool) -> tuple[dict[str, object], Exit]:
    from segctl.model.diagnostic import SiteError

    source, destination, service = words
    try:
        answer = _ask(policy, source, destination, service, at)
    except SiteError as error:
        asked = {"from": source, "to": destination, "service": service}
        finding = error.findings[0]
        return {"schema": "segctl/can/1", **asked, "error": finding.what, "help": finding.help}, Exit.WRONG_INPUT
    return _json(source, destination, service, answer, by_effect), _exit(answer, by_effect)


def _json(
    source: str, destination: str, service: str, answer: "Verdicts", by_effect: bool
) -> dict[str, object]:  # fmt: skip
    from segctl.report.answers import plain_answer

    asked = {"from": source, "to": destination, "service": service}
    return {"schema": "segctl/can/1", **asked, **plain_answer(answer, by_effect=by_effect)}


@click.command(cls=Command, examples=("explain web1 app1 ssh", "explain office db --format json",
                                      "explain web1 app1 shop-api --point gw1 --netns sg-shop-gw1"))  # fmt: skip
@click.argument("source", metavar="FROM", shell_complete=complete_end)
@click.argument("destination", metavar="TO", shell_complete=complete_end)
@click.argument("service", metavar="[SERVICE]", default="all", shell_complete=complete_service)
@click.option("--point", metavar="NAME", shell_complete=complete_point,
              help="Also which rules in the kernel of this point carry it out, and how often they did.")  # fmt: skip
@netns_option
@format_option("text", "json")
@at_option
@settings
def explain(
    settings: Settings,
    source: str,
    destination: str,
    service: str,
    point: str | None,
    netns: str | None,
    format_: str,
    at: datetime,
) -> Exit:
    """Every rule that bears on it, in the law's order, and which decides.

    Then, for either answer, the nearest change that would turn it: a line ready to paste, and what else it would open
    or close. FROM and TO as for `can`; without SERVICE: over anything. Exit 0 as soon as there is an answer; `can`
    answers by its exit code. --point reads what is loaded there now, and needs its rights.
    """
    if point is None and netns is not None:
        raise click.UsageError("--netns goes with --point")
    policy = policy_of(settings, at)
    runner = runner_of(policy.site.points[choose_point(policy.site, point)].where, netns) if point else None

    from segctl.ask.explain import explain as ask
    from segctl.load import parse_selector, parse_service
    from segctl.report.explain import plain_explanation, show_explanation

    site = policy.site
    ends = parse_selector(source, site), parse_selector(destination, site)
    explained = ask(policy, *ends, (parse_service(service, site),), at)
    carried = _carried(policy, point, runner, explained.answer) if point and runner else None
    if format_ == "json":
        from segctl.report.carried import plain_carried

        asked = {"schema": "segctl/explain/1", "from": source, "to": destination, "service": service}
        there = {"point": point, "carried": plain_carried(carried)} if carried is not None else {}
        click.echo(json.dumps(asked | plain_explanation(explained) | there, indent=2, ensure_ascii=False))
        return Exit.YES
    write(show_explanation(explained))
    if carried is not None and runner is not None:
        from segctl.report.carried import show_carried

        write(show_carried(f"{point} on {runner.where}", carried))
    return Exit.YES


def _carried(policy: "Policy", point: str, runner: "Runner", answer: "Verdicts") -> "tuple[Carried, ...]":
    from segctl.apply.carry import carry
    from segctl.cli.carried import packets_of

    asked = packets_of(policy, policy.site.points[point], answer)
    found = carry(runner, [packet for packet, _ in asked])
    return tuple(replace(one, wanted=effect) for one, (_, effect) in zip(found, asked, strict=True))
