"""What of tc asks for marks: filters that this kernel may not have, as pyroute2 hands them on."""

import pytest

from segctl.kernel.marking import classifier


class Options(dict[str, object]):
    """As pyroute2's: a dictionary of attributes that can be asked for one."""

    def get_attr(self, name: str) -> object:
        return next((value for key, value in self["attrs"] if key == name), None)  # type: ignore[attr-defined]


def options(*attributes: tuple[str, object]) -> Options:
    return Options(attrs=list(attributes))


def acting(kind: str) -> tuple[str, object]:
    """An action, nested as the kernel nests it."""
    return "TCA_X_ACT", options(("TCA_ACT_PRIO_1", options(("TCA_ACT_KIND", kind), ("TCA_ACT_OPTIONS", options()))))


@pytest.mark.parametrize(
    ("kind", "said", "fields"),
    [
        ("fw", options(("TCA_FW_CLASSID", 5)), ["meta mark"]),
        ("fw", None, ["meta mark"]),
        ("basic", options(), ["meta mark"]),
        ("flow", options(), ["meta mark"]),
        ("u32", options(("TCA_U32_SEL", {}), ("TCA_U32_MARK", {"val": 5, "mask": 255})), ["meta mark"]),
        ("u32", options(("TCA_U32_SEL", {}), ("TCA_U32_CLASSID", 5)), []),
        ("flower", options(acting("mirred")), []),
        ("matchall", options(acting("connmark")), ["ct mark"]),
        ("u32", options(acting("ctinfo")), ["ct mark"]),
        ("fw", options(acting("connmark")), ["meta mark", "ct mark"]),
        ("u32", options(("TCA_U32_ACT", [options(("TCA_ACT_KIND", "connmark"))])), ["ct mark"]),
        ("u32", None, []),
    ],
)
def test_what_a_filter_asks_for(kind: str, said: Options | None, fields: list[str]) -> None:
    found = list(classifier("eth1", kind, said))
    assert [one.field for one in found] == fields
    assert all("on eth1" in one.text and one.interface == "eth1" for one in found)
