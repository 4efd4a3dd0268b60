"""Sites that read well and can't be meant, one mistake each: id, text, code, line, line of the note (0: none).

Each text begins on line 1; `version` and `site` come after it. Findings that a site has no points are not counted.
"""

TWO = "segments:\n  a: {members: 10.1.0.0/24}\n  b: {members: 10.2.0.0/24}\n"  # what follows is line 4
SIX = 'segments:\n  a: {members: 10.1.0.0/24}\n  b: {members: "fd00:2::/64"}\n'
NEST = "segments:\n  a: {members: 10.1.0.0/24}\n  b: {within: a, members: 10.1.0.0/24}\n  c: {members: 10.2.0.0/24}\n"
POINT = (
    "points:\n  gw:\n    kind: gateway\n    interfaces:\n      e0: {segments: world, addresses: 203.0.113.2/24}\n"
    "      e1: {segments: a, addresses: 10.1.0.254/24}\n      e2: {segments: b, addresses: 10.2.0.254/24}\n"
)  # after TWO: lines 4 to 10
MANAGED = TWO + POINT + "management:\n  - {from: a, services: ssh}\n"  # what follows is line 13


def flow(text: str, before: str = TWO) -> str:
    return f"{before}flows:\n  - {{{text}}}\n"  # in line 5


def guarded(guardrail: str, flow: str = "from: a, to: b, services: ssh") -> str:
    return TWO + f"flows:\n  - {{{flow}}}\nguardrails:\n  - {{{guardrail}}}\n"  # in lines 5 and 7


def expect(text: str, before: str = TWO) -> str:
    return f"{before}expect:\n  - {{{text}}}\n"  # in line 5


def classified(here: str, there: str, way: str = "from: b, to: a") -> str:
    return (
        f"segments:\n  a: {{members: 10.1.0.0/24, {here}}}\n  b: {{members: 10.2.0.0/24, {there}}}\n"
        f"flows:\n  - {{{way}, services: ssh, why: x}}\n"
    )


MISTAKES = [
    # id, text, code, line, line of the note
    ("overlap-inner", "segments:\n  a: {members: 10.1.0.0/24}\n  b: {members: 10.1.0.128/25}\n", "overlap", 3, 2),
    ("overlap-equal", "segments:\n  a: {members: 10.1.0.0/24}\n  b: {members: 10.1.0.0/24}\n", "overlap", 3, 2),
    ("overlap-range", "segments:\n  a: {members: 10.1.0.0/24}\n  b: {members: 10.1.0.9-10.2.0.1}\n", "overlap", 3, 2),
    (
        "overlap-by-label",
        "endpoints: {e: {addresses: 10.1.0.7, labels: {t: x}}}\n"
        "segments:\n  a: {members: 10.1.0.0/24}\n  b: {members: {labels: {t: x}}}\n",
        "overlap", 4, 3,
    ),
    (
        "overlap-of-cousins",
        "segments:\n  o: {members: 10.0.0.0/8}\n  a: {within: o, members: 10.1.0.0/24}\n"
        "  b: {within: o, members: 10.1.0.9}\n",
        "overlap", 4, 3,
    ),
    (
        "within-more", "segments:\n  a: {members: 10.1.0.0/25}\n  b: {within: a, members: 10.1.0.0/24}\n",
        "within-uncovered", 3, 2,
    ),
    (
        "within-other-family",
        'segments:\n  a: {members: 10.1.0.0/24}\n  b: {within: a, members: [10.1.0.7, "fd00::7"]}\n',
        "within-uncovered", 3, 2,
    ),
    ("segment-of-nobody", "segments:\n  a: {members: []}\n", "empty", 2, 0),
    ("segment-of-no-label", "segments:\n  a: {members: {labels: {x: y}}}\n", "empty", 2, 0),
    (
        "segment-of-the-gateways-own",
        "segments:\n  a: {members: 10.1.0.254}\npoints:\n  gw:\n    kind: gateway\n    interfaces:\n"
        "      e1: {segments: a, addresses: 10.1.0.254/24}\n",
        "empty", 2, 0,
    ),
    ("from-nobody", flow("from: {labels: {x: y}}, to: a, services: ssh"), "empty", 5, 0),
    ("to-nobody", flow("from: a, to: {segments: {labels: {x: y}}}, services: ssh"), "empty", 5, 0),
    ("except-nobody", flow("from: a, except: {labels: {x: y}}, to: b, services: ssh"), "empty", 5, 0),
    ("from-quarantine-label", flow("from: [a, {labels: {x: y}}], to: b, services: ssh"), "empty", 5, 0),
    ("guardrail-of-nobody", TWO + "guardrails:\n  - {from: {labels: {x: y}}, to: b}\n", "empty", 5, 0),
    ("manager-is-nobody", TWO + POINT + "management:\n  - {from: {labels: {x: y}}, services: ssh}\n", "empty", 12, 0),
    ("expect-of-nobody", expect("from: {labels: {x: y}}, to: b, services: ssh, is: denied"), "empty", 5, 0),
    ("expect-of-an-empty-class", expect("from: a, to: {segments: {labels: {x: y}}}, is: unreachable"), "empty", 5, 0),
    ("emptied-flow", flow("from: a, to: world, services: ssh, waive: {wide: x}", NEST), "emptied", 6, 0),
    ("emptied-destination", flow("from: c, to: a, services: ssh", NEST), "emptied", 6, 0),
    ("emptied-expectation", expect("from: a, to: c, services: ssh, is: allowed", NEST), "emptied", 6, 0),
    ("families", flow("from: a, to: b, services: ssh", SIX), "impossible", 5, 0),
    ("family-of-the-service", flow("from: a, to: b, services: icmp6/echo-request"), "impossible", 5, 0),
    ("nothing-left", flow("from: a, except: a, to: b, services: ssh"), "impossible", 5, 0),
    ("nobody-left-to", flow("from: a, to: b, not_to: any, services: ssh"), "impossible", 5, 0),
    ("guardrail-families", SIX + "guardrails:\n  - {from: a, to: b}\n", "impossible", 5, 0),
    (
        "management-families",
        'segments:\n  a: {members: "fd00:1::/64"}\npoints:\n  gw:\n    kind: gateway\n    interfaces:\n'
        "      e1: {segments: a, addresses: 10.1.0.254/24}\nmanagement:\n  - {from: a, services: ssh}\n",
        "impossible", 9, 0,
    ),
    ("expect-families", expect("from: a, to: b, services: ssh, is: denied", SIX), "impossible", 5, 0),
    ("expect-unreachable-families", expect("from: a, to: b, is: unreachable", SIX), "impossible", 5, 0),
    ("expect-family-of-the-service", expect("from: a, to: b, services: icmp6/any, is: denied"), "impossible", 5, 0),
    ("forbidden-by-one", guarded("from: a, to: any"), "forbidden", 5, 7),
    ("forbidden-by-service", guarded("from: any, to: b, services: [http, ssh]"), "forbidden", 5, 7),
    (
        "forbidden-by-two",
        TWO + "flows:\n  - {from: a, to: b, services: [ssh, http]}\nguardrails:\n"
        "  - {name: g, from: a, to: any, services: ssh}\n  - {name: h, from: any, to: b, services: http}\n",
        "forbidden", 5, 7,
    ),
    ("partly-by-service", guarded("from: a, to: b, services: http", "from: a, to: b, services: [ssh, http]"),
     "partly-forbidden", 5, 7),
    ("partly-by-address", guarded("from: 10.1.0.7, to: b"), "partly-forbidden", 5, 7),
    ("guardrail-on-points", MANAGED + "guardrails:\n  - {from: a, to: points}\n", "guarded-management", 14, 12),
    ("guardrail-on-all", MANAGED + "guardrails:\n  - {from: any, to: any}\n", "guarded-management", 14, 12),
    (
        "management-from-nowhere",
        TWO + "  c: {members: 10.3.0.0/24, waive: {unbound: x}}\n" + POINT
        + "management:\n  - {from: c, services: ssh}\n",
        "management-nowhere", 13, 0,
    ),
    ("sealed-and-world", flow("from: world, to: a, services: ssh, why: x",
     "segments:\n  a: {strictness: sealed, members: 10.1.0.0/24}\n  b: {members: 10.2.0.0/24}\n"), "wide-flow", 5, 2),
    ("sealed-and-any", flow("from: a, to: any, services: ssh, why: x",
     "segments:\n  a: {strictness: sealed, members: 10.1.0.0/24}\n  b: {members: 10.2.0.0/24}\n"), "wide-flow", 5, 2),
    ("sealed-and-a-block", flow("from: a, to: 198.51.100.0/24, services: ssh, why: x",
     "segments:\n  a: {strictness: sealed, members: 10.1.0.0/24}\n  b: {members: 10.2.0.0/24}\n"), "wide-flow", 5, 2),
    ("wide-any", flow("from: any, to: a, services: ssh"), "wide", 5, 2),
    ("wide-block", flow("from: a, to: 10.0.0.0/8, services: ssh"), "wide", 5, 2),
    ("no-reason", flow("from: a, to: b, services: ssh",
     "segments:\n  a: {members: 10.1.0.0/24}\n  b: {strictness: strict, members: 10.2.0.0/24}\n"), "why-missing", 5, 3),
    ("no-reason-from", flow("from: b, to: a, services: ssh",
     "segments:\n  a: {members: 10.1.0.0/24}\n  b: {strictness: strict, members: 10.2.0.0/24}\n"), "why-missing", 5, 3),
    ("restricted-in-guarded", "segments:\n  a: {classification: restricted, members: 10.1.0.0/24}\n",
     "classification-above", 2, 0),
    ("internal-in-open", "segments:\n  a: {strictness: open, classification: internal, members: 10.1.0.0/24}\n",
     "classification-above", 2, 0),
    ("restricted-from-guarded",
     classified("strictness: sealed, classification: restricted", "strictness: guarded"), "classification-flow", 5, 2),
    ("restricted-to-guarded",
     classified("strictness: sealed, classification: restricted", "strictness: guarded", "from: a, to: b"),
     "classification-flow", 5, 2),
    ("confidential-from-world",
     classified("strictness: strict, classification: confidential", "strictness: guarded",
                "from: 198.51.100.7, to: a"),
     "classification-world", 5, 2),
    ("looser", "segments:\n  a: {strictness: strict, members: 10.1.0.0/24}\n  b: {within: a, members: 10.1.0.0/25}\n",
     "looser-within", 3, 2),
    ("members-overlap", "segments:\n  a: {members: [10.1.0.0/24, 10.1.0.7]}\n", "overlap-members", 2, 2),
    ("members-twice", "segments:\n  a:\n    members:\n      - 10.1.0.0/24\n      - 10.2.0.0/24\n      - 10.1.0.0/24\n",
     "overlap-members", 6, 4),
    ("members-of-quarantine-overlap", TWO + "  quarantine: {members: [10.1.0.7, 10.1.0.6-10.1.0.8]}\n",
     "overlap-members", 4, 4),
    ("member-endpoint-overlaps",
     "endpoints: {e: {addresses: 10.1.0.7}}\nsegments:\n  a: {members: [e, 10.1.0.0/24]}\n", "overlap-members", 3, 3),
    ("bound-nowhere", TWO + "  c: {members: 10.3.0.0/24}\n" + POINT, "unbound", 4, 0),
    ("one-interface-for-both", TWO + POINT.replace("segments: b", "segments: [b, world]"), "uncovered", 3, 0),
    ("ended", flow("from: a, to: b, services: ssh, until: 2026-01-01T00:00:00Z"), "expired", 5, 0),
    ("not-begun", flow("from: a, to: b, services: ssh, since: 2027-01-01T00:00:00Z"), "not-yet", 5, 0),
    ("review-passed", flow("from: a, to: b, services: ssh, review_by: 2026-11-23"), "review-due", 5, 0),
    ("in-quarantine", flow("from: a, to: b, services: ssh, why: x",
     "segments:\n  a: {members: 10.1.0.0/24}\n  b: {strictness: quarantine, members: 10.2.0.0/24}\n"),
     "touches-quarantine", 5, 0),
    ("in-the-quarantine", flow("from: a, to: quarantine, services: ssh, why: x"), "touches-quarantine", 5, 0),
    ("to-an-empty-one", flow("from: a, to: b, services: ssh, may_be_empty: true",
     "segments:\n  a: {members: 10.1.0.0/24}\n  b: {members: [], may_be_empty: true}\n"), "touches-empty", 5, 0),
    ("allowed-inside", flow("from: a, to: a, services: ssh"), "already-allowed", 5, 0),
    ("allowed-by-profiles", flow("from: a, to: b, services: all",
     "segments:\n  a: {members: 10.1.0.0/24}\n  b: {strictness: open, members: 10.2.0.0/24}\n"),
     "already-allowed", 5, 0),
    ("allowed-outwards", flow("from: a, to: 198.51.100.7, services: https"), "already-allowed", 5, 0),
    ("allowed-by-a-wider-flow",
     flow("from: a, to: b, services: [ssh, http]}\n  - {from: 10.1.0.7, to: b, services: ssh"),
     "already-allowed", 6, 5),
    ("allowed-by-a-longer-flow",
     flow("from: a, to: b, services: ssh, until: 2027-06-01T00:00:00Z}\n  - {from: a, to: b, services: ssh"),
     "already-allowed", 5, 6),
    ("allowed-by-an-equal-flow",
     flow("name: x, from: a, to: b, services: ssh}\n  - {name: y, from: a, to: b, services: ssh"),
     "already-allowed", 6, 5),
    ("ftp", flow("from: a, to: b, services: [ssh, ftp]"), "helper", 5, 0),
    ("tftp-by-number", flow("from: a, to: b, services: udp/69"), "helper", 5, 0),
    ("sip", flow("from: a, to: b, services: sip"), "helper", 5, 0),
]  # fmt: skip
