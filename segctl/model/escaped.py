"""Words of somebody else's file, fit to be shown."""


def escaped(text: str) -> str:
    """What has no shape (ESC, surrogates …) as a backslash with its number; tabs and lines' ends stay."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in "\n\t" else ascii(one)[1:-1] for one in text)
