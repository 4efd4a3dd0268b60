"""How many elements a ruleset has, and where."""

from segctl.compile.ruleset import Ruleset


def statistics(rules: Ruleset) -> dict[str, int]:
    """Elements by map, look-ups a new connection meets at most, chains for lists and wide flows, and the total."""
    counts = {made.name.text: len(made.elements) for made in rules.maps}
    lookups = sum(len(lookup.levels) for stage in rules.stages.values() for lookup in stage.lookups)
    lists = sum(len(stage.lists) for stage in rules.stages.values())
    wides = sum(len(stage.wides) for stage in rules.stages.values())
    return {**counts, "elements": sum(counts.values()), "lookups": lookups, "lists": lists, "wide": wides}
