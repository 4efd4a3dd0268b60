"""A text of ours with some lines changed: moved, doubled, cut, with signs and words that lead out put into them."""

from hypothesis import strategies as st

SIGNS = ("{", "}", "} {", "{ }", ";", "\\", "$x", "#", '"', '"eth1"', "\n", "\r", "\u2028", "\0", "\t", "é", "@x",
         "}\n}", " }\n", "-", "(", ")", "*", "0x7", "1.2.3.4")  # fmt: skip
WORDS = ("include", 'include "/etc/passwd"', "define", "table", "table inet x {", "chain x {", "set", "map", "accept",
         "drop", "counter", "flags owner", "type", "hook", "policy accept;", "elements = {", "comment", "log", "queue",
         "type filter hook forward priority filter; policy accept;", "type nat hook prerouting priority -100",
         "add table ip x", "flush ruleset", "goto decide", "jump x", "notrack", "dnat to 1.2.3.4",
         "ct helper set")  # fmt: skip
PIECES = (*SIGNS, *WORDS)


@st.composite
def mutants(draw: st.DrawFn, text: str) -> str:
    """Up to four changes, each of one kind."""
    lines = text.split("\n")
    for _ in range(draw(st.integers(1, 4))):
        at, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
        piece = draw(st.sampled_from(PIECES))
        match draw(st.sampled_from(["within", "instead", "more", "away", "moved", "joined", "changed"])):
            case "within":
                place = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:place] + piece + lines[at][place:]
            case "instead":
                lines[at] = piece
            case "more":
                lines.insert(at, draw(st.sampled_from(["", " ", "  "])) + piece)
            case "away" if len(lines) > 1:
                del lines[at]
            case "moved":
                lines.insert(other, lines[at])
            case "joined" if at + 1 < len(lines):
                lines[at] += lines.pop(at + 1)
            case _:
                place = draw(st.integers(0, max(0, len(lines[at]) - 1)))
                lines[at] = lines[at][:place] + draw(st.characters(max_codepoint=0x2100)) + lines[at][place + 1 :]
    return "\n".join(lines)
