"""What `doctor` prints, whole."""

from segctl.apply.result import Checkup, Concern, Fitness, Level, Part, Tried
from segctl.report.doctor import plain_checkup, show_checkup

FOUND = Checkup(
    "namespace x",
    (
        Tried("flip", "a table is woken", Fitness.HOLDS, "", "there is a hole", "a newer kernel"),
        Tried("log", "what is logged is heard", Fitness.FAILS, "nothing came", "nothing can be told", "CONFIG_LOG"),
        Tried("live", "a connection lives", Fitness.UNTRIED, "nft isn't installed", "it ends", "apt install nftables"),
    ),
    (Part("dot", True, "draws", ""), Part("ipset", False, "reads sets", "apt install ipset")),
    (Concern(Level.REFUSES, "a mark is used", "take it out"), Concern(Level.TELLS, "a table stands there")),
)  # fmt: skip
TEXT = """\
what our rules rely on, tried in a namespace of its own:
  holds     flip: a table is woken
  FAILS     log: what is logged is heard
              seen: nothing came
              without it nothing can be told
              help: CONFIG_LOG
  UNTRIED   live: a connection lives
              seen: nft isn't installed
              without it it ends
              help: apt install nftables

of use, but not needed:
  here      dot: draws
  missing   ipset: reads sets (help: apt install ipset)

what namespace x has beside our rules:
  REFUSES   a mark is used
              help: take it out
  tells     a table stands there

not fit: 2 of 3 facts don't hold, 1 of the things that are there can't be beside our rules"""


def test_as_text() -> None:
    assert "\n".join(show_checkup(FOUND)) == TEXT


def test_all_is_well() -> None:
    lines = list(show_checkup(Checkup("this host", FOUND.tried[:1], (), ())))
    assert lines[-3:] == [
        "  nothing that bears on them", "", "fit: all 1 facts hold, and nothing on this host is in the way",
    ]  # fmt: skip


def test_a_place_that_nobody_saw() -> None:
    lines = list(show_checkup(Checkup("", FOUND.tried[:1], (), (), "only root may")))
    assert lines[-3:] == ["  NOT SEEN  only root may", "", "not fit: nobody could look at the place"]
    assert lines[-4] == "what this host has beside our rules:"


def test_as_plain_values() -> None:
    plain = plain_checkup(FOUND)
    assert (plain["schema"], plain["fit"], plain["where"], plain["unseen"]) == (
        "segctl/doctor/1", False, "namespace x", "",
    )  # fmt: skip
    assert plain["concerns"] == [
        {"level": "refuses", "what": "a mark is used", "help": "take it out"},
        {"level": "tells", "what": "a table stands there", "help": ""},
    ]
