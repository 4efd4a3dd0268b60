"""Whatever a document or text becomes on its way, the answer is a Listing or Unreadable: never another exception."""

import json
import random
from typing import Any

import pytest

from segctl.listing import nft_json, nft_text
from segctl.listing.rule import Unreadable
from tests.unit.listing.record import recorded
from tests.unit.listing.tables import CHAINS, SETS

ODD: list[Any] = [None, True, -1, 1.5, 1 << 200, "", "@x", "*", "a-b", [], [[]], {}]
ODD += [{"set": []}, {"concat": []}, {"&": []}]


def document() -> list[dict[str, Any]]:
    """Each rule of the record in a chain, and sets of some types."""
    kinds = ("mark", "ipv4_addr", "ifname")
    verdicts = {"type": ["mark", "mark"], "map": "verdict", "elem": [[{"concat": [1, 2]}, {"drop": None}]]}
    objects: list[dict[str, Any]] = [
        {"table": {"family": "inet", "name": "t"}},
        {"chain": {"name": "a", "hook": "input", "prio": 0}},
        *({"set": {"name": kind, "type": kind, "elem": [1, "x"]}} for kind in kinds),
        {"map": {"name": "m", **verdicts}},
    ]
    for one in objects[1:]:
        next(iter(one.values())).update(family="inet", table="t")
    return [*objects, *({"rule": one.rule} for one in recorded() if one.written.family == "inet")]


def changed(value: Any, rng: random.Random) -> Any:
    """One node of a document replaced, removed or moved."""
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key in node if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], dict | list):
                walk(node[key])

    walk(value)
    if not places:
        return value
    node, key = rng.choice(places)
    what = rng.randrange(4)
    if what == 0:
        node[key] = rng.choice(ODD)
    elif what == 1 and isinstance(node, dict):
        node[rng.choice(["frob", "key", "set", "elem", "op"])] = node.pop(key)
    elif what == 2:
        other, at = rng.choice(places)
        node[key] = json.loads(json.dumps(other[at])) if isinstance(other, list) or at in other else None
    else:
        del node[key]
    return value


@pytest.mark.parametrize("seed", range(8))
def test_changed_documents(seed: int) -> None:
    rng = random.Random(seed)
    whole = json.dumps({"nftables": document()})
    for _ in range(6):
        said = json.loads(whole)
        for _ in range(rng.randrange(1, 40)):
            said = changed(said, rng)
        try:
            found = nft_json.parse(said)
        except Unreadable:
            continue
        assert len(found.digest) == 64


@pytest.mark.parametrize("seed", range(8))
def test_changed_texts(seed: int) -> None:
    rng = random.Random(seed)
    rules = "".join(f"  {one.text}\n" for one in recorded() if one.written.family == "inet")
    whole = f"table inet u {{\n chain a {{\n{rules} }}\n}}\n{SETS}{CHAINS}".split(" ")
    read = 0
    for _ in range(6):
        words = list(whole)
        for _ in range(rng.randrange(1, 12)):
            at = rng.randrange(len(words))
            words[at : at + rng.randrange(2)] = [rng.choice([*words[:400], "{", "}", '"', "\n", ",", "-", "@", "frob"])]
        try:
            found = nft_text.parse(" ".join(words))
        except Unreadable as error:
            assert error.line is not None
            continue
        read += 1
        assert len(found.digest) == 64
    assert read or seed
