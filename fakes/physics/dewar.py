"""A liquid nitrogen store: mass balance of the liquid, automatic fill, and vapour temperatures by height.

Liquid: boils off at a constant rate, faster with the lid open; the valve adds a constant flow while the supply lasts.
        Level is piecewise linear; each piece ends at a computed moment (low, high, empty, full, supply gone, longest
        fill), so asking changes nothing and asking twice as often changes no other reading.
Vapour: -196 degC at the surface, warmer by ``GRADIENT`` with height; an excess goes exponentially to its target: none,
        that of an open lid, or the room once the liquid is gone.
Units:  L, % of full, degC, cm, s.
Source: static boil-off of vapour stores is a few L/d (makers' data sheets, order of magnitude); all figures assumed.
"""

import math
from dataclasses import dataclass

from automation.kernel.quantity import Instant

DAY = 86_400.0
LIQUID, ROOM = -196.0, 22.0  # degC
GRADIENT = 0.2  # K per cm above the surface
INNER, FULL = 76.0, 38.0  # cm: height of the vessel, height of the liquid when full
LID_RISE = 120.0  # K that the top of a store with an open lid goes up to in the end
LID, COOL, WARM = 1_200.0, 1_800.0, 36_000.0  # s, time constants: lid open, cold again, dry
HEIGHTS = {"a": 70.0, "b": 45.0}  # cm above the bottom
EVER = 1e12  # L, a supply that does not end


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """How a store is made."""

    capacity: float = 100.0  # L when full
    boil: float = 5.0  # L/d with the lid closed
    boil_open: float = 60.0  # L/d with the lid open
    flow: float = 1.5  # L/min through the valve
    low: float = 30.0  # % at which it begins to fill
    high: float = 60.0  # % at which it ends
    longest: float = 3_600.0  # s; then the fill is given up and the fill alarm stands


@dataclass(slots=True)
class _Excess:
    """Warmth of the vapour above its steady state (K), on its way to a target."""

    since: float
    start: float = 0.0
    target: float = 0.0
    constant: float = COOL

    def at(self, now: float) -> float:
        """Give it at a moment."""
        return self.target + (self.start - self.target) * math.exp(-(now - self.since) / self.constant)

    def turn(self, now: float, *, target: float, constant: float) -> None:
        """Go to another target from here on."""
        if (target, constant) != (self.target, self.constant):
            self.start, self.since, self.target, self.constant = self.at(now), now, target, constant


class Dewar:
    """The vessel and its controller's valve; hands set the public fields after ``until``."""

    def __init__(self, build: Build, *, level: float, now: Instant) -> None:
        """Fill it to a level (%)."""
        self.build = build
        self.lid_open = False
        self.powered = True
        self.automatic = True
        self.stuck = False  # the valve stays open
        self.filling = False
        self.fill_alarm = False
        self.supply = EVER  # L at ``_since``
        self._since = float(now)
        self._volume = build.capacity * level / 100.0  # L at ``_since``
        self._fill_began = 0.0
        self._excess = _Excess(self._since)
        self._ahead: tuple[float, str] | None = None  # when this piece ends, and by what
        self._settle()

    def until(self, now: Instant) -> None:
        """Live through everything that ends a piece up to a moment."""
        while self._ahead is not None and self._ahead[0] <= float(now):
            at, what = self._ahead
            self._cut(at)
            match what:
                case "high":
                    self._volume = self.build.capacity * self.build.high / 100.0
                    self.filling = False
                case "low":
                    self._volume = self.build.capacity * self.build.low / 100.0
                case "empty":
                    self._volume = 0.0
                case "full":
                    self._volume = self.build.capacity
                case "supply":
                    self.supply = 0.0
                case "longest":
                    self.filling, self.fill_alarm = False, True
            self._settle()

    def change(self, now: Instant) -> None:
        """Begin a new piece; call before a hand changes something, and ``settle`` after it."""
        self.until(now)
        self._cut(float(now))

    def settle(self) -> None:
        """Take up what a hand has changed."""
        self._settle()

    def pour(self, level: float) -> None:
        """Set the level (%), as a hand with a can does."""
        self._volume = self.build.capacity * level / 100.0

    def fill(self, *, on: bool) -> None:
        """Begin or end a fill by hand; without power nothing begins."""
        if not on:
            self.filling = False
        elif self.powered and not self.filling:
            self.filling, self._fill_began = True, self._since

    def level(self, now: Instant) -> float:
        """Give the level (%)."""
        self.until(now)
        return 100.0 * self._at(float(now)) / self.build.capacity

    def fill_time(self, now: Instant) -> float:
        """Give how long the fill lasts that runs (s); 0 when none runs."""
        self.until(now)
        return float(now) - self._fill_began if self.filling else 0.0

    def temperature(self, probe: str, now: Instant) -> float:
        """Give the temperature (degC) at a probe, ``a`` or ``b``."""
        height = HEIGHTS[probe]
        surface = FULL * self.level(now) / 100.0
        steady = LIQUID + GRADIENT * max(0.0, height - surface)
        share = 1.0 if self._dry else 0.4 + 0.6 * height / INNER
        return min(ROOM, steady + share * self._excess.at(float(now)))

    @property
    def _dry(self) -> bool:
        return self._volume <= 0.0 and self._net() <= 0.0

    def _inflow(self) -> float:
        """Give what comes in (L/s)."""
        runs = self.stuck or (self.filling and self.powered)
        return self.build.flow / 60.0 if runs and self.supply > 0.0 else 0.0

    def _net(self) -> float:
        """Give what the liquid gains (L/s) while the piece lasts."""
        out = (self.build.boil_open if self.lid_open else self.build.boil) / DAY
        net = self._inflow() - (out if self._volume > 0.0 else 0.0)
        return min(0.0, net) if self._volume >= self.build.capacity else net

    def _at(self, now: float) -> float:
        return max(0.0, self._volume + self._net() * (now - self._since))

    def _cut(self, now: float) -> None:
        """End the piece here."""
        volume, used = self._at(now), self._inflow() * (now - self._since)
        self._volume, self.supply, self._since = volume, self.supply - used, now

    def _settle(self) -> None:
        """Let the controller decide and the vapour turn, at the beginning of a piece."""
        low = self._volume <= self.build.capacity * self.build.low / 100.0
        if not self.filling and self.powered and self.automatic and low and not self.fill_alarm:
            self.filling, self._fill_began = True, self._since
        if not self.powered:
            self.filling = False
        if self._dry:
            self._excess.turn(self._since, target=ROOM - LIQUID, constant=WARM)
        elif self.lid_open:
            self._excess.turn(self._since, target=LID_RISE, constant=LID)
        else:
            self._excess.turn(self._since, target=0.0, constant=COOL)
        self._ahead = self._next()

    def _next(self) -> tuple[float, str] | None:
        """Give when this piece ends, and by what."""
        net, inflow = self._net(), self._inflow()
        low, high = (self.build.capacity * share / 100.0 for share in (self.build.low, self.build.high))
        ends: list[tuple[float, str]] = []
        if net > 0.0:
            goals = {"full": self.build.capacity, **({"high": high} if self.filling else {})}
            ends += [((goal - self._volume) / net, what) for what, goal in goals.items() if goal > self._volume]
        if net < 0.0:
            goals = {"empty": 0.0, "low": low}
            ends += [((goal - self._volume) / net, what) for what, goal in goals.items() if goal < self._volume]
        if inflow > 0.0 and self.supply < EVER / 2:
            ends.append((self.supply / inflow, "supply"))
        if self.filling:
            ends.append((self._fill_began + self.build.longest - self._since, "longest"))
        return min(((self._since + gap, what) for gap, what in ends), default=None)
