"""How wide a text is at most, where no Graphviz measures it: Helvetica and its like, rounded up."""

_NARROW = frozenset("fijlrtI.,:;!'|()[]/ -")
_BROAD = frozenset("mwMW@%—…→")


def width(text: str, size: float) -> float:
    """In the unit of `size`, the letters' height; never less than what Helvetica, Arial or Liberation Sans take."""
    return size * sum(0.4 if sign in _NARROW else 1.0 if sign in _BROAD or ord(sign) > 0x2FF else 0.7 for sign in text)
