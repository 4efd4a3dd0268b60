"""Our netlink against nft's: what one writes the other must read, in both directions, on a real kernel."""

import re
import socket
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from segctl.kernel import (
    AlreadyThere,
    KernelError,
    MessageTooLong,
    NotThere,
    NotUnderstood,
    SetFull,
    Unsteady,
    netlink,
    nfset,
    nft,
)
from segctl.kernel.netlink import SetInfo
from segctl.kernel.wire import NLM_F_DUMP, Channel, Message, text
from segctl.model.elements import Elements
from segctl.runner import Netns
from tests.conftest import MakeNamespace
from tests.kernel.packing import STRUCTURE, TEXT, be, flow_keys, host, same

pytestmark = pytest.mark.kernel


def listed(place: Netns) -> list[str]:
    """What nft says of the table, without handles and order; times, which run, in minutes."""
    objects = []
    for one in nft.list_table_json(place, "t")["nftables"]:
        ((kind, what),) = one.items()
        what.pop("handle", None)
        what["elem"] = sorted(map(repr, what.get("elem", [])))
        said = re.sub(r"'(timeout|expires)': (\d+)", lambda m: f"'{m[1]}': {round(int(m[2]) / 60)} min", str(what))
        objects.append(f"{kind} {said}")
    return objects


@pytest.fixture
def place(namespace: MakeNamespace) -> Netns:
    there = Netns(namespace("ours"))
    nft.load(there, STRUCTURE)
    return there


@pytest.fixture
def written_by_nft(namespace: MakeNamespace) -> Netns:
    there = Netns(namespace("nft"))
    nft.load(there, STRUCTURE + TEXT)
    return there


def everything(place: Netns) -> list[Elements]:
    return [netlink.dump(place, "t", info.name) for info in netlink.set_names(place, "t")]


def test_what_nft_wrote_is_read_written_again_and_listed_the_same(place: Netns, written_by_nft: Netns) -> None:
    read = everything(written_by_nft)
    assert sum(map(len, read)) == 40 and all(map(len, read))
    netlink.add(place, "t", read)
    again = everything(place)
    assert [one.name for one in read if not same(one, again[read.index(one)])] == []
    assert listed(place) == listed(written_by_nft)


def test_the_bytes_are_those_that_elements_documents(written_by_nft: Netns) -> None:
    """Byte orders, written down by hand: the compiler packs by the same words."""
    src4 = netlink.dump(written_by_nft, "t", "src4")
    assert src4.ends is not None and src4.data is not None
    assert src4.keys.tolist()[1:4] == [[10, 0, 0, 0], [10, 0, 1, 0], [10, 0, 5, 5]]
    assert src4.ends.tolist()[0] == [0, 255, 255, 255] and src4.ends.tolist()[-1] == [255] * 4
    assert src4.ends.tolist()[1:4] == [[10, 0, 0, 255], [10, 0, 1, 255], [10, 0, 5, 5]]
    assert src4.data.tolist() == host(9, 1, 2, 3, 4, 0xFFFF).tolist()
    flows = netlink.dump(written_by_nft, "t", "flows")
    want = flow_keys([(1, 2, 6, 5432), (0x10001, 0x20002, 17, 53)])
    assert same(flows, Elements("flows", want, None, host(0x101, 0x102)))
    behind = netlink.dump(written_by_nft, "t", "behind")
    assert bytes(behind.keys[1]) == b"gs1".ljust(16, b"\0") + bytes(host(1))
    defaults = netlink.dump(written_by_nft, "t", "defaults")
    nowhere = {(verb, "") for verb in ("drop", "accept", "return", "continue")}
    assert set(defaults.verdicts or ()) == {("goto", "allow_intra"), *nowhere}
    live = netlink.dump(written_by_nft, "t", "live")
    assert live.timeouts is not None
    assert sorted(live.timeouts.tolist())[0] == 0
    assert 3_500_000 < max(live.timeouts) <= 3_600_000


@pytest.mark.parametrize("batch_bytes", [600, 4_000, 1 << 20])
def test_many_transactions_and_messages_hold_the_same(place: Netns, batch_bytes: int) -> None:
    rng = np.random.default_rng(4)
    rows = [(int(a), int(b), 6, int(p)) for a, b, p in rng.integers(0, 60_000, (3_000, 3))]
    flows = Elements("flows", flow_keys(rows), None, host(*range(3_000)))
    starts = np.unique(rng.integers(0, 2**31, 2_000)) * 2
    dst4 = Elements("dst4", be(*map(int, starts)), be(*map(int, starts)), host(*range(len(starts))))
    netlink.add(place, "t", [flows, dst4], batch_bytes=batch_bytes)
    assert same(netlink.dump(place, "t", "flows"), flows)
    assert same(netlink.dump(place, "t", "dst4"), dst4)


def test_no_elements_are_no_transaction(place: Netns) -> None:
    before = netlink.generation(place)
    netlink.add(place, "t", [])
    netlink.add(place, "t", [Elements("flows", flow_keys([]), None, host())])
    assert netlink.generation(place) == before


def test_the_generation_counts(place: Netns) -> None:
    before = netlink.generation(place)
    netlink.add(place, "t", [Elements("gen", host(1))])
    assert netlink.generation(place) == before + 1


def test_adding_twice_is_no_error_but_another_answer_is(place: Netns) -> None:
    keys = flow_keys([(1, 2, 6, 22)])
    netlink.add(place, "t", [Elements("flows", keys, None, host(1))])
    netlink.add(place, "t", [Elements("flows", keys, None, host(1))])
    with pytest.raises(AlreadyThere, match="adding to flows in table t"):
        netlink.add(place, "t", [Elements("flows", keys, None, host(2))])
    assert same(netlink.dump(place, "t", "flows"), Elements("flows", keys, None, host(1)))


def test_one_element_deleted(place: Netns) -> None:
    three = flow_keys([(1, 2, 6, 22), (1, 2, 6, 23), (1, 2, 17, 22)])
    netlink.add(place, "t", [Elements("flows", three, None, host(1, 2, 3))])
    netlink.delete(place, "t", [Elements("flows", three[1:2], None, host(2))])
    assert same(netlink.dump(place, "t", "flows"), Elements("flows", three[[0, 2]], None, host(1, 3)))
    with pytest.raises(NotThere, match="deleting from flows"):
        netlink.delete(place, "t", [Elements("flows", three[1:2], None, host(2))])


def test_a_full_set_says_so_and_names_itself(place: Netns) -> None:
    rows = flow_keys([(1, 2, 6, port) for port in range(40)])
    with pytest.raises(SetFull, match="masked") as caught:
        netlink.add(place, "t", [Elements("gen", host(5)), Elements("masked", rows, None, host(*range(40)))])
    assert "size" in caught.value.help


def test_overlapping_ranges_are_refused(place: Netns) -> None:
    with pytest.raises(KernelError, match="plain4"):
        netlink.add(place, "t", [Elements("plain4", be(10, 15), be(20, 30))])


NO_FIT: list[Callable[[], Elements]] = [
    lambda: Elements("flows", flow_keys([(1, 2, 6, 22)])[:, :12], None, host(1)),  # a key too short
    lambda: Elements("flows", flow_keys([(1, 2, 6, 22)])),  # a map without answers
    lambda: Elements("flows", flow_keys([(1, 2, 6, 22)]), None, host(1, 2)),  # more answers than keys
    lambda: Elements("dst4", be(1), None, host(1)),  # no ends
    lambda: Elements("gen", host(1), host(1)),  # ends where there are no ranges
    lambda: Elements("gen", host(1), None, host(1)),  # answers of a set
    lambda: Elements("portlists", flow_keys([(1, 2, 6, 22)])[:, :12], None, host(1)),  # data for verdicts
    lambda: Elements("portlists", flow_keys([(1, 2, 6, 22)])[:, :12], verdicts=(("goto", ""),)),  # to no chain
    lambda: Elements("gen", host(1), timeouts=np.array([1000], np.uint64)),  # a timeout where none may be
]


@pytest.mark.parametrize("wrong", NO_FIT)
def test_what_does_not_fit_is_not_sent(place: Netns, wrong: Callable[[], Elements]) -> None:
    before = netlink.generation(place)
    with pytest.raises(KernelError):
        netlink.add(place, "t", [wrong()])
    assert netlink.generation(place) == before


def test_what_is_not_there(place: Netns, namespace: MakeNamespace) -> None:
    lost = Elements("portlists", flow_keys([(1, 2, 6, 0)])[:, :12], verdicts=(("jump", "nowhere"),))
    for attempt in (
        lambda: netlink.dump(place, "t", "nothing"),
        lambda: netlink.dump(place, "nothing", "flows"),
        lambda: netlink.set_names(place, "nothing"),
        lambda: netlink.add(place, "t", [Elements("nothing", host(1))]),
        lambda: netlink.add(place, "nothing", [Elements("gen", host(1))]),
        lambda: netlink.add(place, "t", [lost]),
    ):
        with pytest.raises(NotThere):
            attempt()
    empty = Netns(namespace("empty"))
    assert netlink.tables(empty) == []


def test_tables_of_all_families_and_who_sleeps(place: Netns) -> None:
    nft.load(place, "table ip awake { }\ntable ip6 asleep { flags dormant; }\ntable bridge b { }\n")
    seen = {(table.family, table.name): table.dormant for table in netlink.tables(place)}
    assert seen == {("inet", "t"): True, ("ip", "awake"): False, ("ip6", "asleep"): True, ("bridge", "b"): False}
    assert len({table.handle for table in netlink.tables(place)}) == 4


def test_sets_tell_what_they_hold(place: Netns) -> None:
    sets = {info.name: info for info in netlink.set_names(place, "t")}
    assert sets["flows"] == SetInfo("flows", 0x8, 16, 4, False, 1048576)
    assert sets["portlists"] == SetInfo("portlists", 0x8, 12, None, True, None)
    assert sets["gen"] == SetInfo("gen", 0, 4)
    assert sets["src6"].interval and sets["src6"].key_length == 16
    assert sets["live"].timeout and not sets["live"].interval
    assert sets["ports"].concatenated_ranges and not sets["ports"].interval


def test_a_catch_all_is_told_apart(place: Netns) -> None:
    nft.load(place, "add element inet t defaults { 0:1 . 0x1 : accept, * : goto allow_intra }\n")
    elements, star = netlink.dump_with_catch_all(place, "t", "defaults")
    assert elements.verdicts == (("accept", ""),)
    assert star is not None and star.verdicts == (("goto", "allow_intra"),)
    with pytest.raises(NotUnderstood, match="catch-all"):
        netlink.dump(place, "t", "defaults")


def test_comments_and_counters_mean_nothing_but_a_limit_does(place: Netns) -> None:
    commented = '0:1 . 0x1 . tcp . 1 comment "longer than" : 0x1'
    nft.load(place, f"add element inet t masked {{ {commented}, 0:1 . 0x1 . tcp . 2 : 0x2 }}\n")
    assert len(netlink.dump(place, "t", "masked")) == 2
    nft.load(place, "add set inet t slow { type mark; limit rate 1/second; }\nadd element inet t slow { 0x4 }\n")
    with pytest.raises(NotUnderstood, match="slow has an element with a `limit` on it"):
        netlink.dump(place, "t", "slow")


SPANS = [(1, 1), (4, 6), (7, 9), (12, 12)]


def test_packets_meet_what_was_written(place: Netns) -> None:
    """127.0.0.x: within a range, between two that touch, just outside, below the first, above the last."""
    firsts, lasts = (be(*(0x7F000000 + span[at] for span in SPANS)) for at in (0, 1))
    netlink.add(place, "t", [Elements("plain4", firsts, lasts)])
    nft.load(
        place,
        "table inet t { flags dormant; chain out { type filter hook output priority 0; ip daddr @plain4 drop\n }\n}\n"
        "table inet t { }\n",  # awake
    )
    with place.inside():
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sender:
        dropped = [last for last in range(1, 20) if not leaves(sender, f"127.0.0.{last}")]
    assert dropped == [at for first, last in SPANS for at in range(first, last + 1)]


def leaves(sender: socket.socket, address: str) -> bool:
    try:
        sender.sendto(b"x", (address, 9))
    except PermissionError:  # how an output hook's drop meets the sender
        return False
    except ConnectionRefusedError:  # the answer to an earlier one: nobody listens
        return leaves(sender, address)
    return True


def test_many_chains(place: Netns) -> None:
    """Verdicts by the hundred, names of all lengths: decoded by layout, not by verdict."""
    chains = [f"c{at}{'x' * (at % 9)}" for at in range(400)]
    nft.load(place, "".join(f"add chain inet t {name}\n" for name in chains))
    rows = flow_keys([(at, at, 6, 0) for at in range(400)])[:, :12]
    meant = Elements("portlists", rows, verdicts=tuple(("jump", name) for name in chains))
    netlink.add(place, "t", [meant])
    assert same(netlink.dump(place, "t", "portlists"), meant)


def test_a_transaction_beyond_the_send_buffer(place: Netns) -> None:
    with Channel(place) as channel, pytest.raises(MessageTooLong) as caught:
        channel.transact([Message(nfset.NEWSETELEM, bytes(60_000), "trying", 0, nfset.INET)] * 10)
    assert caught.value.what == f"trying on {place.where}: Message too long"


def test_a_dump_that_a_change_overtakes_is_no_answer(place: Netns) -> None:
    """One answer is read, then the rules change: the kernel marks the rest, and we don't take it for a state."""
    many = Elements("live", np.concatenate((np.zeros((20_000, 32), np.uint8), host(*range(20_000))), axis=1))
    netlink.add(place, "t", [many])
    body = text(nfset.LIST_TABLE, "t") + text(nfset.LIST_SET, "live")
    with Channel(place) as channel:
        answers = channel.ask(Message(nfset.GETSETELEM, body, "reading", NLM_F_DUMP, nfset.INET))
        next(answers)
        netlink.delete(place, "t", [Elements("live", many.keys[-1:])])
        with pytest.raises(Unsteady, match="changed while it was read"):
            list(answers)
    assert len(netlink.dump(place, "t", "live")) == 19_999


ROOTLESS = """
import sys; sys.path[:0] = {path!r}
import numpy as np
from segctl.kernel import netlink, nft
from segctl.model.elements import Elements
from segctl.runner import Here
nft.load(Here(), "table inet t {{ flags dormant; set many {{ type ipv4_addr; size 40000; }}\\n}}\\n")
keys = np.arange(20_000, dtype=">u4").view(np.uint8).reshape(-1, 4)
netlink.add(Here(), "t", [Elements("many", keys)])
print(len(netlink.dump(Here(), "t", "many")), netlink.tables(Here()))
"""


def test_without_root_the_batches_fit_the_socket() -> None:
    """20,000 addresses in a user namespace, where the send buffer can't be raised beyond what the machine allows."""
    script = ROOTLESS.format(path=[str(path) for path in sys.path if path])
    command = ["unshare", "-rn", sys.executable, "-c", script]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.stdout == "20000 [Table(family='inet', name='t', flags=1, handle=1)]\n", said.stderr
