"""How long does an audit of many rules take, each with ranges of its own, beside reading the file?

    python bench/audit.py [RULES...]

Rules as iptables-save prints them: a network, a machine, a port. Processor time within one process, medians of rounds
in turn.
"""

import sys
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

from segctl.draft.audit import audit
from segctl.listing.saved import read_files

ROUNDS = 3


def rules(count: int) -> str:
    """A forward chain; the same for the same count."""
    rng = Random(count)
    lines = ["*filter", ":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"]
    for _ in range(count):
        source = f"10.{rng.randrange(16)}.{rng.randrange(256)}.0/24"
        target = f"10.{rng.randrange(16)}.{rng.randrange(256)}.{rng.randrange(256)}/32"
        port = rng.choice((22, 80, 443, 5432, rng.randrange(1, 65535)))
        lines.append(f"-A FORWARD -s {source} -d {target} -p tcp -m tcp --dport {port} -j ACCEPT")
    return "\n".join([*lines, "COMMIT", ""])


def main() -> None:
    print("rules    read s   audit s   ratio   rows")
    for count in [int(word) for word in sys.argv[1:]] or [100, 300, 1000, 2000]:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "saved"
            path.write_text(rules(count))
            read, told, rows = [], [], 0
            for _ in range(ROUNDS):
                begun = process_time()
                read_files([path])
                middle = process_time()
                rows = len(audit([path]).reaches)
                told.append(process_time() - middle)
                read.append(middle - begun)
        print(
            f"{count:5} {median(read):9.2f} {median(told):9.2f} {median(told) / median(read):7.1f} {rows:6}", flush=True
        )


if __name__ == "__main__":
    main()
