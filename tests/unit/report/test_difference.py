"""What a change opens and closes, as people and pipelines read it."""

import json

from segctl.ask.diff import difference
from segctl.ask.result import Difference
from segctl.report.difference import plain_difference, show_difference
from tests.sites import AT, policy

SITE = """
segments:
  office: {strictness: open, members: [10.0.1.0/24]}
  web: {strictness: guarded, members: [10.0.2.0/24, "fd00:2::/64"]}
  db: {strictness: strict, members: [10.0.3.0/24, "fd00:3::/64"]}
points:
  gw1:
    kind: gateway
    interfaces:
      eth0: {segments: [office], addresses: [10.0.1.1/24]}
      eth1: {segments: [web], addresses: [10.0.2.1/24]}
      eth2: {segments: [db], addresses: [10.0.3.1/24]}
flows:
  - {name: sql, from: web, to: db, services: [tcp/5432], why: the shop}
"""
BACKUP = "  - {name: backup, from: web, to: db, services: [tcp/873], why: x}\n"


def diff(before: str, after: str) -> Difference:
    return difference(policy(before), policy(after), AT)


def test_what_opens_comes_first_with_its_line() -> None:
    after = SITE.replace("from: web, to: db, services: [tcp/5432]", "from: office, to: db, services: [tcp/22]") + BACKUP
    assert list(show_difference(diff(SITE, after))) == [
        "opens:",
        "  + office -> db (IPv4)  tcp/22  by flow 'sql' (segctl.yaml:16)",
        "  + web -> db  tcp/873  by flow 'backup' (segctl.yaml:17)",
        "closes:",
        "  - web -> db  tcp/5432",
        "      before: allowed by flow 'sql' (segctl.yaml:16)",
        "      now: denied (drop): no flow allows it; 'db' ingress deny (segctl.yaml:7)",
    ]


def test_nothing() -> None:
    assert list(show_difference(diff(SITE, SITE))) == ["no connection opens or closes"]


def test_another_answer() -> None:
    told = list(show_difference(diff(SITE, SITE.replace("web: {strictness: guarded", "web: {strictness: strict"))))
    answers = told[told.index("is answered otherwise:") :]
    assert "  ~ office, points (10.0.1.1, 10.0.3.1) -> web (IPv4)  everything" in answers
    assert "      before: denied (reject): no flow allows it; 'web' ingress deny (segctl.yaml:6)" in answers
    assert "      now: denied (drop): no flow allows it; 'web' ingress deny (segctl.yaml:6)" in answers


def test_what_passes_all_the_same_is_said() -> None:
    """A deny that is only observed, and one that nothing enforces."""
    observing = SITE.replace("db: {strictness: strict", "db: {strictness: strict, mode: observe")
    told = "\n".join(show_difference(diff(SITE, observing)))
    assert "now: denied, but passes, as it is only observed: no flow allows it; 'db' ingress deny" in told
    sealed = "\n".join(show_difference(diff(SITE, SITE.replace("db: {strictness: strict", "db: {strictness: sealed"))))
    assert (
        "  - db -> db  everything\n      before: allowed by default: within 'db': intra allow (segctl.yaml:7)" in sealed
    )
    assert "now: denied, but passes, as nothing enforces it: within 'db': intra deny (segctl.yaml:7)" in sealed


def test_so_many_rows_and_no_more() -> None:
    more = "".join(f"  - {{name: f{n}, from: web, to: db, services: [tcp/{n}], why: x}}\n" for n in range(1, 41, 2))
    told = list(show_difference(diff(SITE, SITE + more), most=5))
    assert len(told) == 7 and told[-1] == "  and 15 more"


def test_a_part_is_told_by_its_addresses() -> None:
    more = "  - {name: f, from: [10.0.1.8, 10.0.2.0/25], to: db, services: [tcp/1], why: x}\n"
    told = list(show_difference(diff(SITE, SITE + more)))
    assert told[1].startswith(
        "  + office (10.0.1.8), points (10.0.2.1), web (10.0.2.0, 10.0.2.2-10.0.2.127) -> db (IPv4)  tcp/1  by flow 'f'"
    )


def test_many_names_are_a_few_and_a_number() -> None:
    segments = "".join(f"  s{n}: {{strictness: strict, members: 10.1.{n}.0/24}}\n" for n in range(9))
    text = f"segments:\n{segments}"
    flow = "flows:\n  - {name: f, from: s0, to: any, services: [ssh], why: x}\n"
    told = "\n".join(show_difference(diff(text, text + flow)))
    assert "s0 -> s1, s2, s3 and 5 more  tcp/22  by flow 'f' (segctl.yaml:14)" in told


def test_json_has_every_row_whole() -> None:
    found = diff(SITE, SITE + BACKUP)
    plain = json.loads(json.dumps(plain_difference(found)))
    assert (plain["schema"], plain["point"], plain["closes"], plain["otherwise"]) == ("segctl/diff/1", None, [], [])
    (row,) = plain["opens"]
    assert (row["from_names"], row["to_names"], row["services"], row["whole"]) == (["web"], ["db"], ["tcp/873"], True)
    assert row["to"] == "10.0.3.0, 10.0.3.2-10.0.3.254, fd00:3::/64"
    assert row["pairs"] == 254**2 + 2**128
    assert (row["before"]["step"], row["after"]["by"]) == ("6", "backup")
