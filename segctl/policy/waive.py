"""What offends may say that it is meant: the one form of exception."""

from segctl.model.segment import Waivers


def waived(waivers: Waivers, *codes: str) -> bool:
    """Whether a waiver names one of these codes. One past its `until` still holds here: only `check` counts it out."""
    return any(waiver.code in codes for waiver in waivers)
