"""A weighing cell: what presses on it swings in after every change, and noise lies on top.

A reading counts as stable once the swing is below a quarter of the last digit; in a draught it never does. A container
that is filled on the pan swings from when it was last handled.
Units:  g, s. Asked, never stepped: a pure function of (seed, device, what happened, time).
Source: model; time constant and noise are assumed, of the order of a precision balance.
"""

import math
from dataclasses import dataclass, field

from automation.kernel.errors import FailedError
from automation.kernel.ids import normal
from automation.kernel.quantity import Instant, Seconds
from fakes.world import World

SWING = 0.3  # s, time constant
KNOCK = 2.0  # g, by which a container swings that was filled on the pan
NOISE, DRAUGHT = 0.3, 40.0  # steps of the last digit, standard deviation: in still air, in a draught
GRID = 10.0  # 1/s, readings of the cell
LONG_AGO = Instant(-math.inf)


@dataclass(slots=True)
class WeighingCell:
    """A pan with containers of the world and plain weights on it; ``step`` (g) is the last digit."""

    world: World
    device: str
    step: float
    containers: list[str] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=dict)  # g, by name
    draught: bool = False
    _changed: Instant = LONG_AGO
    _swing: float = 0.0  # g, by which the load changed then

    @property
    def load(self) -> float:
        """Give what presses on the cell once it is at rest (g)."""
        masses = [float(self.world.container(name).mass) for name in self.containers]
        return sum(masses) + sum(self.weights.values())

    def put(self, container: str, now: Instant) -> None:
        """Put a container of the world on the pan; raises FailedError when it is there or not in the world."""
        self.world.container(container)
        if container in self.containers:
            msg = f"{container} is on the pan already"
            raise FailedError(msg)
        before = self.load
        self.containers.append(container)
        self._change(before, now)

    def take_off(self, container: str, now: Instant) -> None:
        """Take a container off the pan; raises FailedError when it is not there."""
        if container not in self.containers:
            msg = f"{container!r} is not on the pan; there is {', '.join(self.containers) or 'no container'}"
            raise FailedError(msg)
        before = self.load
        self.containers.remove(container)
        self._change(before, now)

    def place(self, weight: str, mass: float, now: Instant) -> None:
        """Put a plain weight of this mass (g) on the pan under a name; 0 takes it off."""
        before = self.load
        self.weights[weight] = mass
        self._change(before, now)

    def stable_at(self) -> Instant | None:
        """Tell from when on the reading is stable; None in a draught."""
        if self.draught:
            return None
        at, swing = self._disturbed()
        return at + Seconds(SWING * math.log(max(1.0, 4.0 * abs(swing) / self.step)))

    def stable(self, now: Instant) -> bool:
        """Tell whether the reading is stable at ``now``."""
        at = self.stable_at()
        return at is not None and at <= now

    def felt(self, now: Instant) -> float:
        """Give what the cell feels at ``now`` (g), swing and noise included."""
        at, swing = self._disturbed()
        left = swing * math.exp(-float(now - at) / SWING) if at > LONG_AGO else 0.0
        spread = (DRAUGHT if self.draught else NOISE) * self.step
        return self.load + left + spread * normal(self.world.seed, self.device, "noise", math.floor(float(now) * GRID))

    def _change(self, before: float, now: Instant) -> None:
        self._changed, self._swing = now, before - self.load

    def _disturbed(self) -> tuple[Instant, float]:
        """Give when the load last changed and by how much (g): by hand, or by filling a container on the pan."""
        items = [self.world.container(name) for name in self.containers]
        handled = [at for item in items for at in (item.mixed_at, item.aged_at) if at is not None]
        latest = max(handled, default=LONG_AGO)
        return (latest, KNOCK) if latest > self._changed else (self._changed, self._swing)
