"""How long elements take into a map of a sleeping table, and out of it: `nft` with text against our netlink.

    python bench/elements.py [COUNT …]        (needs root; makes namespaces of its own; default 1000 100000 1000000)

The map is `flows`: class . class . protocol . port to a number, each element with a counter. Ratios are ours to nft's
in the same run; seconds are said beside them, as they are this machine's alone.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from segctl.kernel import netlink, nft
from segctl.model.elements import Elements
from segctl.runner import Netns

HOST = "<u4" if sys.byteorder == "little" else ">u4"
READ_BY_NFT = 100_000  # beyond, `nft -j list` takes minutes and gigabytes


@contextmanager
def sleeping_table(what: str, count: int) -> Iterator[Netns]:
    place = Netns(f"segb{os.getpid()}{what}")
    subprocess.run(["ip", "netns", "add", place.name], check=True)
    try:
        nft.load(
            place,
            "table inet t { flags dormant; map flows { typeof meta priority . meta mark . meta l4proto . th dport"
            f" : ct mark; counter; size {count * 2}; }}\n}}\n",
        )
        yield place
    finally:
        subprocess.run(["ip", "netns", "del", place.name], check=True)


def columns(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    at = np.arange(count)
    return at % 1000 + 1, at // 1000 % 1000 + 0x10000, at % 65535 + 1, at % 100_000 + 0x100


def packed(count: int) -> Elements:
    source, destination, port, number = columns(count)
    keys = np.zeros((count, 16), np.uint8)
    keys[:, 0:4] = source.astype(HOST).view(np.uint8).reshape(-1, 4)
    keys[:, 4:8] = destination.astype(HOST).view(np.uint8).reshape(-1, 4)
    keys[:, 8] = 6
    keys[:, 12:14] = port.astype(">u2").view(np.uint8).reshape(-1, 2)
    return Elements("flows", keys, None, number.astype(HOST).view(np.uint8).reshape(-1, 4))


def as_text(count: int) -> str:
    rows = zip(*(column.tolist() for column in columns(count)), strict=True)
    said = ", ".join(f"0:{s:x} . {d:#x} . tcp . {p} : {n:#x}" for s, d, p, n in rows)
    return f"add element inet t flows {{ {said} }}\n"


def seconds(do: Callable[[], object]) -> float:
    begin = time.perf_counter()
    do()
    return time.perf_counter() - begin


def compare(count: int) -> None:
    text, elements = as_text(count), packed(count)
    with sleeping_table("n", count) as place:
        by_nft = seconds(lambda: nft.load(place, text))
        nft_reads = seconds(lambda: nft.list_table_json(place, "t")) if count <= READ_BY_NFT else None
    with sleeping_table("o", count) as place:
        ours = seconds(lambda: netlink.add(place, "t", [elements]))
        we_read = seconds(lambda: check(netlink.dump(place, "t", "flows"), count))
    print(f"{count:>9,} in:  nft {by_nft:8.3f} s   ours {ours:8.3f} s   ratio {ours / by_nft:.2f}")
    if nft_reads is None:
        print(f"{count:>9,} out: nft        –     ours {we_read:8.3f} s")
    else:
        print(f"{count:>9,} out: nft {nft_reads:8.3f} s   ours {we_read:8.3f} s   ratio {we_read / nft_reads:.2f}")


def check(elements: Elements, count: int) -> None:
    if len(elements) != count:
        raise SystemExit(f"{len(elements)} elements were read, {count} were written")


def main() -> None:
    for count in map(int, sys.argv[1:] or ("1000", "100000", "1000000")):
        compare(count)


if __name__ == "__main__":
    main()
