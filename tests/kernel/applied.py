"""A namespace with a gateway's rules, and what tests do there."""

from collections.abc import Callable
from functools import cache

from segctl.apply import Applied, Proving, Wish, apply, read_slots
from segctl.apply.verify import Held, held
from segctl.compile import loadable
from segctl.kernel import netlink
from segctl.kernel.image import chain_names
from segctl.kernel.tables import Table
from segctl.model.generation import Loadable
from segctl.policy import Policy
from segctl.runner import Netns
from tests.sites import AT, policy

SITE = """
segments:
  a: {{strictness: strict, members: [10.96.1.0/24, "fd96:1::/64"]}}
  b: {{strictness: strict, members: [10.96.2.0/24, "fd96:2::/64"]}}
points:
  gw:
    kind: gateway
    interfaces:
      eth1: {{segments: [a], addresses: [10.96.1.1/24, "fd96:1::1/64"]}}
      eth2: {{segments: [b], addresses: [10.96.2.1/24, "fd96:2::1/64"]}}
flows:
  - {{name: {name}, from: a, to: b, services: [tcp/{port}], why: "a test"}}
"""
OLD, NEW, NEXT = (SITE.format(name=name, port=port) for name, port in (("old", 81), ("new", 82), ("next", 83)))


@cache
def compiled(text: str) -> tuple[Policy, Loadable]:
    """The rules of a site's gateway `gw`."""
    law = policy(text)
    return law, loadable(law, "gw", AT)


class Place:
    """A namespace, and what is done there."""

    def __init__(self, name: str) -> None:
        self.runner = Netns(name)

    def apply(
        self, text: str, told: Callable[[str], None] = lambda step: None, proving: Proving = Proving.LEFT_OUT
    ) -> Applied:
        """Without a proof, where that isn't what is looked at."""
        return apply(self.runner, *compiled(text), AT, Wish(proving=proving), told=told)

    def nft(self, text: str) -> str:
        done = self.runner.run(["nft", "-f", "-"], stdin=text)
        assert not done.code, done.stderr
        return done.stdout

    def held(self) -> tuple[str, Held] | None:
        """The slot that is awake, with all that it holds."""
        live = read_slots(self.runner).live
        return (live.name, held(self.runner, live.name)) if live else None

    def ticket(self) -> str:
        """The chain that stands for a generation's number in the slot that is being loaded."""
        (name,) = (name for name in chain_names(self.runner, "segctl_b") if name.startswith("gen_"))
        return name

    def tables(self) -> set[Table]:
        return set(netlink.tables(self.runner))


def at(step: str, act: Callable[[], object]) -> Callable[[str], None]:
    """Do something just before a step."""

    def told(begun: str) -> None:
        if begun == step:
            act()

    return told
