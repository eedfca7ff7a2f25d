"""Keeping a culture in its climate: watched on a grid, an excursion is an alarm and a deviation, and the culture stays.

A short dip (the door was open) is none: an excursion counts when the climate is off for longer than the recipe allows.
Units:  degC, %, s.
Source: limits are the user's; 21 CFR 211.111; ISA-18.2 for the alarm.
"""

from dataclasses import dataclass, field

from automation.engine.product import Product
from automation.engine.prompts import Operator
from automation.engine.watch import DEADLINE, Watch, When
from automation.kernel.errors import FailedError
from automation.kernel.quantity import Celsius, Instant, Kelvin, Percent, Seconds
from instruments.interfaces.incubator import Climate, Incubator, SetPoints

ALARM = "culture climate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The climate of a culture and how far it may be off; set by the approved recipe."""

    temperature: Celsius = field(metadata={"range": (4.0, 45.0), "label": "Temperature"})
    temperature_within: Kelvin = field(metadata={"range": (0.1, 10.0), "label": "Half-width around it"})
    co2: Percent | None = field(metadata={"range": (0.0, 20.0), "label": "CO2; null where it is not controlled"})
    co2_within: Percent = field(metadata={"range": (0.1, 5.0), "label": "Half-width around it"})
    off_at_most: Seconds = field(metadata={"range": (0.0, 86_400.0), "label": "May be off for"})
    every: Seconds = field(metadata={"range": (10.0, 3600.0), "label": "Between readings"})

    @property
    def set_points(self) -> SetPoints:
        """Give what the incubator is to keep."""
        return SetPoints(self.temperature, self.co2)

    def met(self, climate: Climate) -> bool:
        """Tell whether a climate is as it should be; what can't be read is not."""
        if climate.temperature is None or abs(climate.temperature - self.temperature) > self.temperature_within:
            return False
        return self.co2 is None or (climate.co2 is not None and abs(climate.co2 - self.co2) <= self.co2_within)


@dataclass(frozen=True, slots=True)
class Incubation:
    """One incubator with a culture in it."""

    incubator: Incubator
    watch: Watch
    operator: Operator
    product: Product
    wanted: Conditions

    async def prepare(self) -> None:
        """Set the incubator and read it back; raises FailedError when it keeps something else."""
        wanted = self.wanted.set_points
        await self.incubator.keep(set_points=wanted)
        kept = await self.incubator.set_points()
        same = abs(kept.temperature - wanted.temperature) < Kelvin(0.05) and (
            wanted.co2 is None or (kept.co2 is not None and abs(kept.co2 - wanted.co2) < Percent(0.05))
        )
        if not same:
            raise FailedError(f"the incubator keeps {_said(kept)}; {_said(wanted)} is wanted")

    async def put_in(self, container: str) -> None:
        """Let the culture be put in, identified by its label at the incubator."""
        label = self.product.label(container)
        await self.operator.scan(
            f"Put {container} into the incubator, close the door and scan the label there",
            accept=(label.code,),
            expects=label.expects,
        )

    async def until(self, end: Instant) -> int:
        """Keep watching until a moment; gives how many excursions there were."""
        excursions = 0
        while True:
            off = await self.watch.first(
                every=self.wanted.every, deadline=end, off=When(self.incubator.climate, self._is_off)
            )
            if off.name == DEADLINE:
                return excursions
            late = min(end, off.at + self.wanted.off_at_most)
            back = await self._back(late)
            if back or late >= end:
                continue
            excursions += 1
            await self._excursion(off.value)
            if not await self._back(end):
                return excursions
            await self.product.alarm_over(ALARM)

    async def _back(self, end: Instant) -> bool:
        """Wait until the climate is as it should be; False when the moment comes first."""
        seen = await self.watch.first(
            every=self.wanted.every, deadline=end, back=When(self.incubator.climate, self.wanted.met)
        )
        return seen.name != DEADLINE

    async def _excursion(self, seen: object) -> None:
        found = f"{seen.temperature} degC, CO2 {seen.co2} %" if isinstance(seen, Climate) else "unknown"
        title = f"climate is off for more than {float(self.wanted.off_at_most) / 60:g} min: {found}"
        await self.product.deviation(title, rule=ALARM)
        await self.product.alarm(
            ALARM, title, response="Look at the incubator; move the culture to a qualified one if it does not recover"
        )

    def _is_off(self, climate: Climate) -> bool:
        return not self.wanted.met(climate)


def _said(kept: SetPoints) -> str:
    return f"{kept.temperature:g} degC" + ("" if kept.co2 is None else f" and {kept.co2:g} % CO2")
