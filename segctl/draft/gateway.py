"""An example of a gateway between proposed segments: those that share a network stand behind one interface."""

from dataclasses import dataclass

from segctl.draft.networks import Network, is_public, own_address
from segctl.draft.segments import Proposed

_MOST = 12  # interfaces of an example
_MOST_ADDRESSES = 4


@dataclass(frozen=True, slots=True)
class Leg:
    """One interface: its name, the segments behind it, an address of the gateway's own in each of their networks."""

    name: str
    segments: tuple[str, ...]
    addresses: tuple[str, ...]


def legs(segments: tuple[Proposed, ...], taken: frozenset[int]) -> tuple[Leg, ...]:
    """eth1 and on, at most a dozen; eth0 is left for the world. `taken`: addresses that hosts have."""
    out = []
    for number, together in enumerate(_together(segments)[:_MOST], 1):
        networks = dict.fromkeys(one for segment in together for one in segment.lives if not is_public(one))
        addresses = [own_address(one, taken) for one in list(networks)[:_MOST_ADDRESSES]]
        names = tuple(segment.name for segment in together)
        out.append(Leg(f"eth{number}", names, tuple(text for text in addresses if text)))
    return tuple(out)


def _together(segments: tuple[Proposed, ...]) -> list[list[Proposed]]:
    """Segments that are joined by networks which they share, in their order."""
    home: dict[Network, list[Proposed]] = {}
    for segment in segments:
        found = {id(home[one]): home[one] for one in segment.lives if one in home}
        joined = [other for group in found.values() for other in group]
        for member in (group := [*joined, segment]):
            for network in member.lives:
                home[network] = group
    order = {segment.name: at for at, segment in enumerate(segments)}
    unique = {id(group): sorted(group, key=lambda one: order[one.name]) for group in home.values()}
    return sorted(unique.values(), key=lambda group: order[group[0].name])
