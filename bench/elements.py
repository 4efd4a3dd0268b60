"""How long elements take into a map of a sleeping table, and out of it: `nft` with text against our netlink.

    python bench/elements.py [COUNT …]        (needs root; makes namespaces of its own; default 1000 100000 1000000)

The map is `flows`: class . class . protocol . port to a number, with a counter on each element (the kernel makes one
for each CPU, which takes longer than all else) and without. Ratios are ours to nft's in the same run; seconds are said
beside them, as they are this machine's alone. A dump's time grows with the square of the count: it is read once.
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
def sleeping_table(what: str, count: int, counter: str = "counter;") -> Iterator[Netns]:
    place = Netns(f"segb{os.getpid()}{what}")
    subprocess.run(["ip", "netns", "add", place.name], check=True)
    try:
        nft.load(
            place,
            "table inet t { flags dormant; map flows { typeof meta priority . meta mark . meta l4proto . th dport"
            f" : ct mark; {counter} size {count * 2}; }}\n}}\n",
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


def seconds(do: Callable[..., object], *args: object) -> float:
    begin = time.perf_counter()
    do(*args)
    return time.perf_counter() - begin


def compare(count: int) -> None:
    text, elements = as_text(count), packed(count)
    for counter in ("", "counter;"):
        with sleeping_table("n", count, counter) as place:
            nft_adds = seconds(nft.load, place, text)
            nft_reads = seconds(nft.list_table_json, place, "t") if count <= READ_BY_NFT else None
        with sleeping_table("o", count, counter) as place:
            we_add = seconds(netlink.add, place, "t", [elements])
            say(count, f"in {counter}", nft_adds, we_add)
            if counter:
                read = seconds(read_back, place, count)
                say(count, "out", nft_reads, read)


def say(count: int, what: str, by_nft: float | None, ours: float) -> None:
    theirs, ratio = ("       –  ", "") if by_nft is None else (f"{by_nft:8.3f} s", f"ratio {ours / by_nft:.2f}")
    print(f"{count:>9,} {what:12} nft {theirs}   ours {ours:8.3f} s   {ratio}", flush=True)


def read_back(place: Netns, count: int) -> None:
    elements = netlink.dump(place, "t", "flows")
    if len(elements) != count:
        raise SystemExit(f"{len(elements)} elements were read, {count} were written")


def main() -> None:
    with sleeping_table("w", 10) as place:  # what is loaded at first use is no part of it
        netlink.add(place, "t", [packed(10)])
    for count in map(int, sys.argv[1:] or ("1000", "100000", "1000000")):
        compare(count)


if __name__ == "__main__":
    main()
