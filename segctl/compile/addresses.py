"""Stage one: from an address to its class, as source and as destination; own addresses by exact match."""

from segctl.compile.ruleset import Element, Field, NamedMap
from segctl.compile.tokens import AddressRange, Name
from segctl.compile.zones import Classes, world_id
from segctl.model.ranges import V6, Ranges


def address_maps(classes: Classes) -> list[NamedMap]:
    """Interval maps for both families and both scratch registers; our own addresses in maps of their own."""
    world = world_id(classes)
    own_classes = {index for zone in classes.zones if zone.ours for index in classes.members[zone.number]}
    rows4, rows6, own4, own6 = (list[tuple[int, int, int]]() for _ in range(4))
    for first, last, index in classes.rows:
        if classes.ids[index] == world:
            continue
        row = (first, last, classes.ids[index])
        (rows6 if first >= V6 else rows4).append(row)
        if index in own_classes:
            (own6 if first >= V6 else own4).append(row)
    made = []
    for name, rows, field in (
        ("source4", rows4, Field.SADDR4),
        ("source6", rows6, Field.SADDR6),
        ("own_source4", own4, Field.SADDR4),
        ("own_source6", own6, Field.SADDR6),
    ):
        elements = tuple(Element((first, last), id) for first, last, id in rows)
        if elements:
            made.append(NamedMap(Name(name), (field,), Field.SOURCE, elements, interval=True))
            target = Name(name.replace("source", "target"))
            made.append(NamedMap(target, (field,), Field.TARGET, elements, interval=True))
    return made


def address_ranges(addresses: Ranges) -> tuple[AddressRange, ...]:
    """The spans as tokens."""
    return tuple(AddressRange(first, last) for first, last in addresses)
