"""How long to wait before the next attempt to connect."""

import random
from collections.abc import Iterator

FIRST_S = 0.5
LONGEST_S = 15.0


def delays(random_source: random.Random) -> Iterator[float]:
    """Seconds, doubling up to `LONGEST_S`, each spread over 75 to 100 % so that gateways part."""
    delay = FIRST_S
    while True:
        yield delay * random_source.uniform(0.75, 1.0)
        delay = min(delay * 2, LONGEST_S)
