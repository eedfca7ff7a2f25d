"""Centrifuges: a program of force, time, temperature and brake that the device runs by itself.

Units: x g at the largest radius of the rotor, s, degC, g, mm. What a device can't tell is None, never a number.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from automation.engine.handles import Container
from automation.kernel.effect import Kind, effect, in_doubt, shows_state
from automation.kernel.quantity import Celsius, Grams, Seconds, TimesGravity
from instruments.interfaces.device import Identity


class CentrifugeState(StrEnum):
    """What the rotor does."""

    STANDING = "standing"
    ACCELERATING = "accelerating"
    SPINNING = "spinning"
    BRAKING = "braking"
    FAILED = "failed"  # an error that somebody has to look at; the rotor brakes or stands
    UNKNOWN = "unknown"


MOVING = frozenset({CentrifugeState.ACCELERATING, CentrifugeState.SPINNING, CentrifugeState.BRAKING})
"""States in which nobody reaches into the rotor."""


@dataclass(frozen=True, slots=True)
class SpinProgram:
    """A spin as approved in the recipe; the time counts from the start, acceleration included."""

    force: TimesGravity = field(metadata={"range": (10.0, 30_000.0), "label": "Force at the largest radius"})
    duration: Seconds = field(metadata={"range": (10.0, 59_999.0), "label": "Time, acceleration included"})
    temperature: Celsius = field(metadata={"range": (-20.0, 40.0), "label": "Temperature of the chamber"})
    brake: int = field(metadata={"range": (0, 9), "label": "Brake, 0 without to 9 hardest"})


@dataclass(frozen=True, slots=True)
class Rotor:
    """The rotor that is in, and what it stands."""

    radius_mm: float  # largest
    strongest: TimesGravity
    differ_at_most: Grams  # between opposite buckets


@dataclass(frozen=True, slots=True)
class CentrifugeStatus:
    """One look at a centrifuge."""

    state: CentrifugeState
    force: TimesGravity | None = None
    temperature: Celsius | None = None
    ran: Seconds | None = None  # since the start, as the device counts
    closed: bool | None = None  # lid and hatch
    message: str = ""  # what is wrong, where it is told


class Centrifuge(Protocol):
    """A centrifuge that keeps spinning to the end of its program whether this program runs or not."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read maker, model, serial and firmware as far as the device tells."""
        ...

    @shows_state
    @effect(Kind.QUERY)
    async def look(self) -> CentrifugeStatus:
        """Look at the device."""
        ...

    @effect(Kind.QUERY)
    async def rotor(self) -> Rotor:
        """Read what the rotor stands."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=60)
    async def prepare(self, *, program: SpinProgram) -> None:
        """Set the program; the same twice is one. RefusedError while the rotor moves, and beyond what it stands."""
        ...

    @effect(Kind.QUERY)
    async def prepared(self) -> SpinProgram:
        """Read back what is set; the force is that of the whole number of revolutions that was set for it."""
        ...

    @in_doubt(
        twice="a turning centrifuge refuses it; one that has ended spins the same containers once more",
        never="the containers stand in a rotor that does not turn",
    )
    @effect(Kind.ACT, deadline=30, touches=("containers",))
    async def start(self, *, containers: tuple[Container, ...]) -> None:
        """Start the program with these containers in the rotor; raises FailedError when it does not turn."""
        ...

    @in_doubt(twice="a rotor that brakes or stands goes on doing so", never="the spin goes on to its end")
    @effect(Kind.ACT, deadline=30, making_safe=True)
    async def stop(self) -> None:
        """Let the rotor brake now; a standing one stays so."""
        ...
