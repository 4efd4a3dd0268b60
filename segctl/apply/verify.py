"""What is loaded equals what was meant: rules and elements, by meaning. This is no proof that the meaning is right.

Rules: the same text goes into an empty namespace, and both kernels say what they hold; so whatever became of our
table between (a lost part, another tool's edit) shows. Elements: the kernel's against the bytes that were packed.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from segctl.compile import generation_name
from segctl.kernel import netlink, parts
from segctl.kernel.image import Chain, Image, digest_elements, read_image
from segctl.kernel.scratch import in_scratch
from segctl.kernel.structure import for_slot
from segctl.model.generation import Loadable
from segctl.model.moment import milliseconds
from segctl.runner import Runner


@dataclass(frozen=True, slots=True)
class Held:
    """What a table holds: its image, and a digest of the elements of each named set."""

    image: Image
    elements: dict[str, str]

    def digest(self) -> str:
        """One hash of rules and elements."""
        return sha256(repr((self.image.digest(), sorted(self.elements.items()))).encode()).hexdigest()


def meant(rules: Loadable, slot: str, generation: int, at: datetime) -> Held:
    """What the table should hold."""
    structure = for_slot(rules.structure, slot, generation)

    def alone(runner: Runner) -> Image:
        parts.load_asleep(runner, structure)
        return read_image(runner, slot)

    image = in_scratch(alone)
    empty = dict.fromkeys(image.named(), sha256().hexdigest())
    loaded = (one.at(milliseconds(at)) for one in rules.elements)
    return Held(image, empty | {one.name: digest_elements(one) for one in loaded})


def numbered(wanted: Held, was: int, now: int) -> Held:
    """The same with another generation's number."""
    name = str(generation_name(now))
    chains = (chain for chain in wanted.image.chains if chain.name != str(generation_name(was)))
    return replace(wanted, image=replace(wanted.image, chains=tuple(sorted((*chains, Chain(name))))))


def held(runner: Runner, slot: str) -> Held:
    """What the table does hold."""
    image = read_image(runner, slot)
    elements = netlink.dump_sets(runner, slot, image.named())
    return Held(image, {name: digest_elements(found) for name, found in elements})


def differences(wanted: Held, found: Held) -> tuple[str, ...]:
    """Where the two differ, in words; empty if they are equal."""
    out = []
    if wanted.image.chains != found.image.chains:
        out.append(_chains(wanted.image, found.image))
    out += _rules(wanted.image, found.image)
    if wanted.image.sets != found.image.sets:
        out.append("the declarations of sets differ")
    if wanted.image.anonymous != found.image.anonymous:
        out.append("the sets within rules differ")
    names = sorted(wanted.elements.keys() | found.elements.keys())
    out += [f"the elements of {n} differ" for n in names if wanted.elements.get(n) != found.elements.get(n)]
    return tuple(out)


def _chains(wanted: Image, found: Image) -> str:
    odd = sorted({chain.name for chain in set(wanted.chains) ^ set(found.chains)})
    return f"chains differ: {', '.join(odd)}"


def _rules(wanted: Image, found: Image) -> list[str]:
    def by_chain(image: Image) -> dict[str, list[object]]:
        grouped: dict[str, list[object]] = {}
        for chain, expressions in image.rules:
            grouped.setdefault(chain, []).append(expressions)
        return grouped

    here, there = by_chain(wanted), by_chain(found)
    return [f"the rules of chain {c} differ" for c in sorted(here.keys() | there.keys()) if here.get(c) != there.get(c)]
