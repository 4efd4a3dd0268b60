"""Whether this machine can do what our rules rely on: tried once for each kernel, nft and boot, and remembered."""

import json
import platform
from contextlib import suppress

from segctl.apply.confirm import boot
from segctl.kernel import nft
from segctl.runner import Here
from segctl.store import State, StoreError
from segctl.store.sealed import seal_json, unseal_json

_NAME = "fitness"


def demand_fit(state: State) -> None:
    """CannotApply, naming each fact that fails (`segctl doctor` tells more)."""
    key = [boot(), platform.release(), platform.version(), list(nft.version(Here()))]
    with suppress(StoreError):
        data = state.top.read(_NAME)
        if data is not None and unseal_json(_NAME, data, _NAME) == json.loads(json.dumps(key)):
            return
    from segctl.apply.trials import demand_fitness

    demand_fitness()
    with suppress(StoreError):  # it is tried again next time
        state.top.write(_NAME, seal_json(_NAME, key))
