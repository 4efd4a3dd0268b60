"""What does a proof cost by classes, by diagrams, and how long does an SMT solver take for a sixth of it?

    python bench/engines.py [SEGMENTS …]              (default 8 20 60 100 300)

Each site has ten members and ten flows a segment. Its rules are loaded asleep into a network namespace, read back, and
proven as if awake: by the class engine, by the diagrams (OxiDD), and, up to SMALL segments, z3 is asked on five-tuple
bit-vectors whether some new, forwarded IPv4 packet fares otherwise than the site means. Then the same with a flat list
of a foreign table beside the smallest, where the classes give up and the diagrams take over. Seconds of the processor,
medians of three rounds in one run. Needs root; z3 (`pip install z3-solver`) is left out where it isn't installed.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from segctl.apply.reading import read_listing
from segctl.compile import compile_gateway, render_table
from segctl.kernel import nft
from segctl.kernel.scratch import in_scratch
from segctl.listing.rule import Listing
from segctl.load import load_site
from segctl.model.packet import Way
from segctl.model.point import Point
from segctl.policy import Policy, examine
from segctl.prove import Found, TooManyClasses, prove
from segctl.prove.bdd.diagrams import Diagrams
from segctl.prove.bdd.domain import fields_of, routes, walk
from segctl.prove.bdd.intent import Intent
from segctl.prove.effects import Effects
from segctl.prove.proof import Engine
from segctl.runner import Runner

sys.path.insert(0, str(Path(__file__).parents[1]))  # the foreign list is the tests' own
sys.path.insert(0, str(Path(__file__).parent))
from sites import write_site

from tests.foreign import flat_list

ROUNDS, SMALL, PATIENCE = 3, 100, 300
AWAKE = {("inet", "segctl_a"): True}
AT = datetime.now(UTC)


def site(segments: int) -> tuple[Policy, Point]:
    with TemporaryDirectory() as folder:
        written = load_site(write_site(Path(folder), segments, 10 * segments, 10 * segments)).site
    assert written is not None
    policy = examine(written, AT).policy
    assert policy is not None
    return policy, policy.site.points["gw1"]


def held(policy: Policy, foreign: str = "") -> Listing:
    """What a kernel holds of the rules, read back."""
    text = render_table(compile_gateway(policy, "gw1", AT), "segctl_a", 1, AT) + foreign

    def read(place: Runner) -> Listing:
        nft.load(place, text)
        return read_listing(place)

    return in_scratch(read)


def seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    took = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        took.append(time.process_time() - begin)
    return median(took)


def proven(listing: Listing, policy: Policy, point: Point, engine: Engine) -> None:
    proof = prove(listing, policy, point, AT, awake=AWAKE, engine=engine)
    if proof.found is not Found.PROVEN:
        sys.exit(f"{engine}: {proof.found}")


def solved(listing: Listing, policy: Policy, point: Point) -> str:
    """The solver's time, and what it says; what it is asked is made before."""
    from solver import differs

    route = next(one for one in routes(listing, AWAKE) if one.family == 4 and one.way is Way.FORWARD)
    fields = fields_of(Diagrams(), listing, [route], point.interfaces)
    intent = Intent(walk(route, fields), Effects(policy, point, AT))
    table = next(one for one in listing.tables if one.name == "segctl_a")
    begin = time.process_time()
    said = differs(table, intent, PATIENCE)
    return f"{time.process_time() - begin:8.2f}" if said == "unsat" else f"{said} in {PATIENCE}"


def row(name: str, classes: float | None, diagrams: float, solver: str = "") -> None:
    beside = (
        f"{classes:8.2f} {diagrams:8.2f} {diagrams / classes:7.2f}" if classes else f"       – {diagrams:8.2f}       –"
    )
    ratio = f"{float(solver) / classes:7.1f}" if classes and solver.strip().replace(".", "").isdigit() else ""
    print(f"  {name:>22} {beside}   {solver:>14} {ratio}", flush=True)


def main(sizes: list[int]) -> None:
    print("seconds of the processor: a whole proof by classes and by diagrams; z3 for new, forwarded IPv4 packets")
    print(f"  {'':>22}  classes diagrams   ratio   {'z3':>14}   ratio", flush=True)
    for size in sizes:
        policy, point = site(size)
        listing = held(policy)
        classes = seconds(lambda p=policy, q=point, one=listing: proven(one, p, q, "classes"))
        diagrams = seconds(lambda p=policy, q=point, one=listing: proven(one, p, q, "bdd"))
        z3 = solved(listing, policy, point) if size <= SMALL and find_spec("z3") else ""
        row(f"{size} segments", classes, diagrams, z3)
    policy, point = site(sizes[0])
    for count in (60, 3000):
        listing = held(policy, flat_list(count, 1))
        try:
            begin = time.process_time()
            proven(listing, policy, point, "classes")
            classes = time.process_time() - begin
        except TooManyClasses:
            print(f"  {count} foreign ranges: the classes give up after {time.process_time() - begin:.2f} s")
            classes = None
        row(f"{count} foreign ranges", classes, seconds(lambda one=listing: proven(one, policy, point, "bdd")))


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [8, 20, 60, 100, 300])
