"""What this machine's kernel and nft must be able to do for our rules, each fact tried for real.

In: nothing but the machine. Out: a Tried for each fact. Every trial has a namespace of its own, without a name, that
ends with it; real packets run through it. The rules on trial are text of templates/nftables/trials, and what loads,
flips and reads ours. Never in it: a site, a point's own network, nft syntax.
"""

from segctl.apply.trials.catalogue import TRIALS
from segctl.apply.trials.fit import demand_fitness, try_all
from segctl.apply.trials.trial import Trial

__all__ = ["TRIALS", "Trial", "demand_fitness", "try_all"]
