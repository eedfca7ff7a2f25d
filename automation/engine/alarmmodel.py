"""Alarms, policies, roster and stores of a site as its file states them, checked.

Units:  limits in the unit of their channel; times in s; temperatures in degC.
Source: ISA-18.2 rationalisation: an alarm has limit, priority, consequence, response, time to respond, owner, version.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from automation.formulas.alarming import Bound
from automation.formulas.cold_store import Holding
from automation.gmp.plant.alarms import Priority
from automation.kernel.quantity import Seconds

PLAIN_UNITS = ("1", "Pa", "hPa", "m/s", "L/min", "g/m3", "ppm", "1/m3", "s", "[pH]", "mS/cm")
"""Units of limits beside % and degC: a limit is a number in the very unit of its channel; 1 is a state or a count."""


class Action(StrEnum):
    """What a policy does."""

    DEVIATION = "deviation"
    CALL = "call"
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One rationalised alarm on one channel of one asset."""

    id: str
    asset: str
    channel: str
    bound: Bound
    unit: str  # of limit and deadband; 1 for a state that is 0 or 1
    priority: Priority
    consequence: str
    response: str
    respond_within: Seconds
    owner: str
    version: str
    message: str = ""
    alarm_again: Seconds = Seconds(0.0)
    shelve_at_most: Seconds = Seconds(0.0)
    latching: bool = False
    highly_managed: bool = False
    product: bool = False
    suppressed_in: tuple[str, ...] = ()  # ``operation.state`` of a step that works with the asset
    where: str = ""

    @property
    def shown_unit(self) -> str:
        """Give the unit as people read it; a state has none."""
        return "" if self.unit == "1" else self.unit

    @property
    def limit(self) -> str:
        """Write the limit with its unit."""
        return f"{self.bound.side} {self.bound.limit:g} {self.shown_unit}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What follows from an alarm; empty conditions are met by any alarm."""

    id: str
    actions: tuple[Action, ...]
    alarms: tuple[str, ...] = ()  # definitions, or sources of alarms that operations raise
    least: Priority = Priority.LOW
    product: bool = False
    during: tuple[str, ...] = ()  # ``operation.state`` of the step that the alarm belongs to
    where: str = ""


@dataclass(frozen=True, slots=True)
class OnCall:
    """One place of the roster: who is called, and how long is waited for an act before the next one is."""

    person: str
    wait: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEntry:
    """A device that is watched for what it measures, for example the climate of a room."""

    asset: str
    every: Seconds
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreEntry:
    """A store as the site knows it: its places, and how long it keeps cold."""

    asset: str
    every: Seconds
    racks: int
    boxes: int
    places: int
    holding: Holding
    where: str = ""

    def positions(self) -> tuple[str, ...]:
        """Give every position, in order: ``store/R1/B1/01``."""
        return tuple(
            f"{self.asset}/R{rack}/B{box}/{place:02d}"
            for rack in range(1, self.racks + 1)
            for box in range(1, self.boxes + 1)
            for place in range(1, self.places + 1)
        )

    def holds(self, position: str) -> bool:
        """Tell whether a position is in this store."""
        return position == self.asset or position.startswith(f"{self.asset}/")


@dataclass(frozen=True, slots=True)
class Vigilance:
    """Everything of a site that has to do with alarms."""

    alarms: Mapping[str, Definition] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    roster: tuple[OnCall, ...] = ()
    stores: Mapping[str, StoreEntry] = field(default_factory=dict)
    watches: Mapping[str, WatchEntry] = field(default_factory=dict)

    @property
    def watched(self) -> Mapping[str, StoreEntry | WatchEntry]:
        """Give everything that is watched, stores first."""
        return {**self.stores, **self.watches}

    def of_asset(self, asset: str) -> tuple[Definition, ...]:
        """Give the alarms on the channels of an asset, in the order of the file."""
        return tuple(one for one in self.alarms.values() if one.asset == asset)
