"""Temperature classes: between which temperatures something is kept and sent.

Units:  degC; both ends belong to the class.
Source: Ph. Eur. general notices 1.4, storage (room temperature 15 to 25, refrigerator 2 to 8, deep-freeze at most -15);
        the two colder ones are those of biobanks (ISBER best practices, 4th edition): freezers of -80 degC with their
        alarm at -60, and vapour of nitrogen below the glass transition of water, about -132.
"""

from enum import StrEnum

from automation.kernel.quantity import Celsius


class TemperatureClass(StrEnum):
    """How cold something is kept."""

    ROOM = "room temperature"
    REFRIGERATED = "refrigerated"
    FROZEN = "frozen"
    ULTRACOLD = "ultracold"
    CRYOGENIC = "cryogenic"


_BOUNDS: dict[TemperatureClass, tuple[Celsius | None, Celsius]] = {  # lowest (None: whatever is colder), highest
    TemperatureClass.ROOM: (Celsius(15.0), Celsius(25.0)),
    TemperatureClass.REFRIGERATED: (Celsius(2.0), Celsius(8.0)),
    TemperatureClass.FROZEN: (None, Celsius(-15.0)),
    TemperatureClass.ULTRACOLD: (None, Celsius(-60.0)),
    TemperatureClass.CRYOGENIC: (None, Celsius(-132.0)),
}


def is_within(kept: TemperatureClass, celsius: Celsius) -> bool:
    """Tell whether a temperature (degC) belongs to a class."""
    low, high = _BOUNDS[kept]
    return celsius <= high and (low is None or celsius >= low)


def says(kept: TemperatureClass) -> str:
    """Give the range of a class as people read it."""
    low, high = _BOUNDS[kept]
    return f"at most {high:g} degC" if low is None else f"{low:g} to {high:g} degC"
