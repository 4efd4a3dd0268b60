"""Numbers that no other packet bears: a token for each, and a source port that no earlier run's tracking knows."""

import random

_FIRST_PORT, _PORTS = 32_768, 28_000  # Linux's own ephemeral range, so that nothing listens there
_STEP = 16  # a SYN's token and what acknowledges it differ by one: never another packet's token


class Numbers:
    """Drawn in order from a random start, for tests from a seed; tokens are never 0, which SCTP forbids."""

    def __init__(self, seed: int | None = None) -> None:
        drawn = random.Random(seed)
        self._token = drawn.randrange(1 << 32)
        self._port = drawn.randrange(_PORTS)

    def token(self) -> int:
        """A new one: 32 bits."""
        self._token = self._token + _STEP & 0xFFFFFFFF
        return self._token or self.token()

    def port(self) -> int:
        """The next source port or echo identifier; the same comes back only after all others."""
        self._port = (self._port + 1) % _PORTS
        return _FIRST_PORT + self._port
