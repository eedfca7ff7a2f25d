"""A centrifuge with its containers in a person's hands: transfer, spin, take off, resuspend, collect; it has no link.

Physics: ``physics.pellet``. The volumes that a hand reads off differ from the true ones by about 0.5 %.
Units:   mL, g (times gravity), min.
"""

import math
from collections.abc import Mapping

from automation.kernel.errors import FailedError
from automation.kernel.ids import normal
from automation.kernel.quantity import Celsius, Instant, Millilitres
from fakes.contents import Contents
from fakes.freezer import flag, number, text
from fakes.physics import pellet
from fakes.world import Container, World

READS = 0.005  # relative standard deviation of a volume that is read off
STRONGEST = 3000.0  # g


class Centrifuge:
    """Rotor and one set of containers; ``acts`` counts what hands did."""

    def __init__(self, world: World, name: str) -> None:
        """Stand in the world with an empty rotor."""
        self.acts = {"transfer": 0, "spin": 0, "take off": 0, "add": 0, "collect": 0}
        self.read = 0.0  # mL; the last volume as the person read it off
        self.done: dict[tuple[str, str], float] = {}  # what hands have done for which question, and read off (mL)
        self._world, self._name = world, name
        self._waste = f"{name}.waste"
        self._sets = 0
        self._dose = 0.0  # g min since the cells were last suspended
        self._powered = True

    @property
    def containers(self) -> str:
        """Name the container of the world that stands for the set in use; empty before the first."""
        return f"{self._name}.containers.{self._sets}" if self._sets else ""

    def feed(self, data: bytes, now: Instant) -> bytes:  # noqa: ARG002  nothing is said to it
        """Answer nothing: it has no link."""
        return b""

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  it never speaks
        """Say nothing."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  it never speaks
        """Never speak."""
        return None

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Act; raises FailedError for what is not possible.

        ``transfer`` a ``source`` into a new set of containers; ``spin`` at ``force`` for ``minutes``; ``take off`` down
        to ``left`` mL; ``add`` up to ``volume`` mL of a ``buffer`` and resuspend (``up to`` a total instead);
        ``collect`` into a ``product``; ``power`` {on}. Each may name the ``question`` that it is done for.
        """
        match action:
            case "transfer":
                self._transfer(text(details, "source"), now)
            case "spin":
                self._spin(number(details, "force"), minutes=number(details, "minutes"), now=now)
            case "take off":
                self._take_off(number(details, "left"), now)
            case "add":
                self._add(details, now)
            case "collect":
                self._collect(text(details, "product"), now)
            case "power":
                self._powered = flag(details, "on")
            case _:
                msg = f"action is {action!r}; a centrifuge knows transfer, spin, take off, add, collect and power"
                raise FailedError(msg)
        self.done[text(details, "question", ""), action] = self.read

    def _transfer(self, source: str, now: Instant) -> None:
        self._world.age(source, now)
        out = pellet.transferred(self._contents(source, now), spread=self._spread("transfer"))
        self._sets += 1
        self._world.add(Container(self.containers, "bottle"), place="bench", at=Celsius(22.0), now=now)
        if not self._world.has(self._waste):
            self._world.add(Container(self._waste, "bag3000"), place="bench", at=Celsius(22.0), now=now)
        self._move(out, source=source, dest=self.containers, now=now)
        self._dose = 0.0
        self._did("transfer")

    def _spin(self, force: float, *, minutes: float, now: Instant) -> None:
        if not self._powered or not 0.0 < force <= STRONGEST or minutes <= 0.0:
            msg = f"it does not spin at {force:g} g for {minutes:g} min (power, at most {STRONGEST:g} g)"
            raise FailedError(msg)
        self._dose += force * minutes
        self._world.kill(self._loaded(), -math.expm1(-pellet.DIES * force * minutes), now)
        self._did("spin")

    def _take_off(self, left: float, now: Instant) -> None:
        contents = self._contents(self._loaded(), now)
        volume = max(0.0, float(contents.volume) - left)
        out = pellet.supernatant(contents, volume, dose=self._dose, spread=self._spread("take off"))
        self._move(out, source=self.containers, dest=self._waste, now=now)
        self._did("take off")

    def _add(self, details: dict[str, object], now: Instant) -> None:
        held = float(self._world.container(self._loaded()).contents.volume)
        volume = max(0.0, number(details, "up to") - held) if "up to" in details else number(details, "volume")
        came = self._world.pour(text(details, "buffer"), self.containers, volume=Millilitres(volume), now=now)
        self._reads(float(came.volume))
        self._dose = 0.0
        self._did("add")

    def _collect(self, product: str, now: Instant) -> None:
        everything = self._contents(self._loaded(), now)
        self._move(everything, source=self.containers, dest=product, now=now)
        self._did("collect")

    def _move(self, amounts: Contents, *, source: str, dest: str, now: Instant) -> None:
        self._world.separate(amounts, source=source, dest=dest, now=now)
        self._reads(float(amounts.volume))

    def _contents(self, container: str, now: Instant) -> Contents:
        """Give what is in a container now, with the cells that have died until now."""
        self._world.age(container, now)
        return self._world.container(container).contents

    def _loaded(self) -> str:
        if not self._sets:
            msg = "nothing was transferred into its containers"
            raise FailedError(msg)
        return self.containers

    def _did(self, what: str) -> None:
        self.acts[what] += 1

    def _reads(self, volume: float) -> None:
        wrong = READS * normal(self._world.seed, self._name, "reads", *self.acts.values())
        self.read = round(volume * (1.0 + wrong), 1)

    def _spread(self, what: str) -> float:
        return math.exp(0.25 * normal(self._world.seed, self._name, what, *self.acts.values()))


def build(world: World, name: str, settings: Mapping[str, str]) -> Centrifuge:  # noqa: ARG001  it has no settings
    """Make a centrifuge and its containers."""
    return Centrifuge(world, name)
