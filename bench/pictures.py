"""How long does a picture take, beside a question on the same site?

    python bench/pictures.py [SEGMENTS FLOWS …]

Whole commands on sites with zones and owners: `graph` as svg and as matrix, in turn with `can`, which loads the site
and answers one question. Processor time with that of Graphviz, medians of three rounds.
"""

import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent))  # a script's own folder, wherever it is started
from can import seconds
from estates import write_estate

ROUNDS = 3
SIZES = ((20, 40), (60, 120), (500, 1000), (1000, 2000))


def main() -> None:
    words = [int(word) for word in sys.argv[1:]]
    for segments, flows in zip(words[::2], words[1::2], strict=True) if words else SIZES:
        with TemporaryDirectory() as folder:
            site = write_estate(Path(folder) / "site", segments, flows)
            first = next(line.split(":")[0].strip() for line in (site / "segctl.yaml").read_text().splitlines()[3:])
            ours = [sys.executable, "-m", "segctl", "--site", str(site)]
            commands = [
                [*ours, "can", first, "world", "ssh"],
                [*ours, "graph", "--format", "svg"],
                [*ours, "-q", "graph", "--format", "matrix", "--output", f"{folder}/matrix.svg"],
            ]
            rounds = [[seconds(one, f"{folder}/{at}") for one in commands] for at in range(ROUNDS)]
        can, svg, matrix = (median(column) for column in zip(*rounds, strict=True))
        print(
            f"{segments:5} segments, {flows:5} flows: can {can:6.2f} s, svg {svg:6.2f} s ({svg / can:.1f}), "
            f"matrix {matrix:6.2f} s ({matrix / can:.1f})"
        )


if __name__ == "__main__":
    main()
