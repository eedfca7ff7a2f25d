"""What a check works with: the open site, its asset, its instrument in the hand, and what the protocol tells it.

Killed in between, a check runs again, and the record answers what its instrument was asked and did already.
Source: EU GMP Annex 15, 2.4; FDA Computer Software Assurance 2025 (evidence captured by the system).
"""

import math
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_type_hints

from automation.engine.hand import Hand, in_hand
from automation.engine.house import Device
from automation.engine.site import Site
from automation.gmp.plant.assets import Asset
from automation.gmp.plant.qualifications import Qualification
from automation.kernel.effect import effects
from automation.kernel.errors import FailedError, InputError
from automation.kernel.quantity import Seconds, read


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found: in words or as a number, whether it is good, the files it keeps, the events it rests on."""

    actual: str
    met: bool
    files: Mapping[str, bytes] = field(default_factory=dict)
    cites: tuple[int, ...] = ()
    waits: str = ""  # what has to happen before it can be found out; then nothing else counts


@dataclass(frozen=True, slots=True)
class Asked:
    """One check of one step, at an open site; ``told`` is what the protocol tells it."""

    site: Site
    qualification: Qualification
    step: str
    attempt: int
    told: Mapping[str, str]
    folder: Path | None  # beside the protocol's file
    by: str = ""

    @property
    def asset(self) -> Asset:
        """Give the asset as it is registered."""
        found = self.site.house.door.find("asset", self.qualification.asset)
        if not isinstance(found, Asset):
            raise TypeError(found)
        return found

    @property
    def stream(self) -> str:
        """Give where this attempt at this step is recorded."""
        return f"qualification/{self.qualification.id}/check/{self.step}.{self.attempt}"

    def hand(self) -> Hand:
        """Take the asset's instrument; raises FailedError for an asset without a driver."""
        return in_hand(self.site.house, self.device, self.stream)

    @property
    def device(self) -> Device:
        """Give the asset's device; raises FailedError for one without a driver."""
        found = self.site.house.devices.get(self.qualification.asset)
        if found is None:
            raise FailedError(
                f"asset {self.qualification.asset} has no driver at this site; nothing can be asked of it"
            )
        return found


@dataclass(frozen=True, slots=True)
class Check:
    """One named check: what it has to be told, what it may be told, and what it does."""

    what: str  # one sentence, for the page
    run: Callable[[Asked], Coroutine[object, object, Found]]
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()  # of what it is told: finite, of at least 0
    times: tuple[str, ...] = ()  # of what it is told: above 0 s


def number(told: Mapping[str, str], name: str) -> float:
    """Give a number that a check is told; raises InputError for less than 0, NaN and infinities."""
    try:
        found = float(told[name])
    except ValueError:
        found = math.nan
    if not (math.isfinite(found) and found >= 0.0):
        raise InputError(f"{name} is {told[name]!r}; a finite number of at least 0 is needed")
    return found


def duration(told: Mapping[str, str], name: str) -> Seconds:
    """Give a time that a check is told, with its unit; raises InputError for none."""
    found = Seconds(float(read(told[name], Seconds, what=name)))
    if not found > Seconds(0.0):
        raise InputError(f"{name} is {told[name]!r}; a time above 0 s is needed")
    return found


def takes(device: Device, method: str, *, argument: str) -> object:
    """Give the type of an argument of a method; raises InputError for one that it does not take."""
    if method not in effects(device.interface):
        raise InputError(f"method is {method!r}; a {device.capability} has {', '.join(effects(device.interface))}")
    hints = get_type_hints(getattr(device.interface, method))
    if argument not in hints or argument == "return":
        raise InputError(f"{method} takes no {argument!r}; it takes {', '.join(n for n in hints if n != 'return')}")
    return hints[argument]
