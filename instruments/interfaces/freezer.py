"""Controlled-rate freezers: a program is loaded into the device, read back, run there and watched.

Units: degC, K/min, s. Thermal programs run in the device; the host is never the ramp generator.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from automation.engine.handles import Container
from automation.kernel.effect import Kind, effect, in_doubt, shows_state
from automation.kernel.quantity import Celsius, KelvinPerMinute, Seconds
from instruments.interfaces.device import Identity


class SegmentType(StrEnum):
    """What a segment of a program does."""

    RAMP = "ramp"  # to target at rate
    HOLD = "hold"  # dwell at target
    STEP = "step"  # set point jumps to target


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; chamber is the controlled sensor."""

    type: SegmentType
    target: Celsius = field(metadata={"range": (-196.0, 60.0), "label": "Target"})
    rate: KelvinPerMinute | None = field(  # the target gives the direction
        default=None, metadata={"range": (0.01, 100.0), "label": "Rate"}
    )
    dwell: Seconds | None = field(default=None, metadata={"range": (1.0, 86_400.0), "label": "Dwell of a hold"})


@dataclass(frozen=True, slots=True)
class Program:
    """A freezing program as approved in the recipe."""

    name: str
    segments: tuple[Segment, ...]


class RunState(StrEnum):
    """What the device's programmer says."""

    RESET = "reset"
    RUN = "run"
    HOLD = "hold"
    HOLDBACK = "holdback"
    COMPLETE = "complete"
    UNKNOWN = "unknown"  # a device that can't be asked


class PowerFail(StrEnum):
    """What the controller does when power comes back in a run."""

    CONTINUE = "continue"
    HOLD = "hold"
    RESET = "reset"
    RAMP_BACK = "ramp back"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Run:
    """One look at the run: programmer, set point, chamber and alarms."""

    state: RunState
    segment: int  # as the device counts its own, 1..; 0 when none runs
    remaining: Seconds | None  # s left in the program, if the device tells
    setpoint: Celsius | None
    chamber: Celsius | None
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportPoint:
    """One line of a run report; s from its first line."""

    at: Seconds
    chamber: Celsius | None
    sample: Celsius | None


@dataclass(frozen=True, slots=True)
class RunReport:
    """A device's own report of a run, imported from its file."""

    sha256: str
    points: tuple[ReportPoint, ...]


class ControlledRateFreezer(Protocol):
    """A chamber that follows a program of temperatures by itself."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read maker, model, serial, firmware and a digest of the configuration."""
        ...

    @effect(Kind.QUERY)
    async def power_fail(self) -> PowerFail:
        """Read what the controller would do after a power failure in a run."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=60)
    async def load(self, *, program: Program) -> None:
        """Put the program into the device; the same program twice is one program."""
        ...

    @effect(Kind.QUERY, deadline=60)
    async def loaded(self, *, program: Program) -> Program:
        """Read back what stands in the device under the name of ``program``, for comparison with it."""
        ...

    @in_doubt(
        twice="a running program refuses a second start; one that has ended would run again on frozen product",
        never="the product waits unfrozen in its cryoprotectant while the exposure time runs",
    )
    @effect(Kind.ACT, touches=("containers",))
    async def start(self, *, containers: tuple[Container, ...]) -> None:
        """Start the loaded program on the containers that are in the chamber."""
        ...

    @shows_state
    @effect(Kind.QUERY)
    async def run(self) -> Run:
        """Look at the run."""
        ...

    @effect(Kind.QUERY)
    async def chamber(self) -> Celsius:
        """Read the chamber alone (degC), in one exchange; raises FailedError when its sensor is broken."""
        ...

    @in_doubt(twice="a held program stays held", never="the program runs on")
    @effect(Kind.ACT, making_safe=True)
    async def hold(self) -> None:
        """Hold the program where it is."""
        ...

    @in_doubt(
        twice="a running program runs on",
        never="the product stays at the temperature at which the program is held",
    )
    @effect(Kind.ACT, making_safe=True)
    async def go_on(self) -> None:
        """Let a held program go on, by a person's decision only."""
        ...

    @in_doubt(twice="the chamber stays at its stand-by temperature", never="the program runs on")
    @effect(Kind.ACT, making_safe=True)
    async def reset(self) -> None:
        """End the program; the chamber goes to its stand-by set point."""
        ...

    @effect(Kind.SET_ABSOLUTE)
    async def stand_by(self, *, target: Celsius) -> None:
        """Keep the chamber at a constant temperature while no program runs."""
        ...

    @effect(Kind.QUERY)
    async def report(self) -> RunReport | None:
        """Give the device's own report of the last run; None when its readings were taken live."""
        ...
