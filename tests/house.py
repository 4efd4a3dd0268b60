"""The house: which room of segctl may import which other; `test_house.py` and docs/architecture.md read this.

`python -m tests.house` prints the picture for docs/architecture.md.
"""

HOUSE = {  # room: what it may import; a test and the picture in docs/architecture.md read this
    "model": "", "runner": "",
    "load": "model", "listing": "model", "policy": "model",
    "store": "model runner", "kernel": "model runner",
    "ask": "policy model", "compile": "policy model",
    "draft": "prove listing load policy model",  # init, audit, import: a site from what is there
    "prove": "listing policy model",  # of policy: not classes.py, which is the compiler's shortcut
    "probe": "runner policy model", "lab": "kernel runner policy model",
    "apply": "prove listing compile kernel store runner policy model",
    "report": "apply probe prove ask draft policy model",  # of the first five: their result types only
}  # fmt: skip
HOUSE["cli"] = " ".join(HOUSE)

NO_MODULE = {"prove": {"segctl.policy.classes"}}  # room: what it never sees, though its room is allowed
RESULTS_ONLY = {"report": {"apply", "probe", "prove", "ask", "draft"}}  # room: of these it imports `result` alone

FLOORS = {  # the same floors as in the house's drawing
    "words": "model",
    "meaning": "load policy draft ask",
    "machine": "compile runner kernel store apply",
    "witnesses": "listing prove probe lab",
    "faces": "report cli",
}


def reachable(room: str) -> set[str]:
    """All rooms that `room` imports, directly or through others."""
    direct = HOUSE[room].split()
    return set(direct).union(*(reachable(other) for other in direct))


def arrows(room: str) -> list[str]:
    """What `room` may import, without those that another arrow already leads to: the picture stays readable."""
    direct = HOUSE[room].split()
    return [other for other in direct if not any(other in reachable(via) for via in direct)]


def picture() -> str:
    """The house as a mermaid flowchart: one box a room, one frame a floor, an arrow from who imports to what."""
    lines = ["flowchart TD"]
    for floor, rooms in reversed(FLOORS.items()):
        lines += [f"    subgraph {floor}", *(f"        {room}" for room in rooms.split()), "    end"]
    lines += [f"    {room} --> {' & '.join(arrows(room))}" for room in reversed(HOUSE) if arrows(room)]
    return "\n".join(lines)


if __name__ == "__main__":
    print(picture())
