"""How long a liquid nitrogen store keeps its contents cold when nobody helps: boil-off, then warming.

While liquid stands in it the store is cold; it boils off at the static rate of the store. From then on, or once the
warmest reading is no longer steady, it warms to the room with one time constant.
Units:  level in % of full, degC, s.
Source: the parameters are the site's own, with their source (static hold time of the maker, or a test of the site).
        Newton's law of cooling for the warming; a model for planning, not a promise.
"""

import math
from dataclasses import dataclass

from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Percent, Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a site knows of a store; ``source`` says from where."""

    highest: Celsius  # above it the contents are lost
    steady: Celsius  # no reading is above it while the store is in order
    empties_in: Seconds  # from full to empty with the lid closed
    warms_in: Seconds  # time constant from empty to the room
    room: Celsius
    source: str

    def __post_init__(self) -> None:
        """Refuse what can't be: steady <= highest < room, and times above zero."""
        if not self.steady <= self.highest < self.room:
            msg = (
                f"steady {self.steady:g}, highest {self.highest:g}, room {self.room:g} degC; each above the one before"
            )
            raise InputError(msg)
        if self.empties_in <= Seconds(0.0) or self.warms_in <= Seconds(0.0):
            raise InputError("empties_in and warms_in are times above zero")


def time_left(store: Holding, *, level: Percent | None, warmest: Celsius | None) -> Seconds | None:
    """Give how long the contents stay below ``highest`` (s); None when no temperature is known."""
    if warmest is None:
        return None
    if warmest >= store.highest:
        return Seconds(0.0)
    if warmest > store.steady:
        return _warming(store, warmest)
    liquid = Seconds(0.0) if level is None else store.empties_in * (max(0.0, float(level)) / 100.0)
    return liquid + _warming(store, store.steady)


def _warming(store: Holding, start: Celsius) -> Seconds:
    """Give the time from a temperature to the highest (s)."""
    return store.warms_in * math.log((store.room - start) / (store.room - store.highest))
