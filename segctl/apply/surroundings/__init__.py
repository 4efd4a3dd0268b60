"""What a point's place has beside our rules that bears on them, and isn't ours to change.

In: a Runner, for some of it a Policy and a point's name. Out: Concerns. Tables of others, marks that others use,
settings, interfaces, addresses. Read only; never in it: a change of anything, nft syntax.
"""

from segctl.apply.surroundings.look import Surroundings, concerns, look_around, refuse

__all__ = ["Surroundings", "concerns", "look_around", "refuse"]
