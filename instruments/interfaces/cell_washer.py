"""Cell washers: a protocol stands in the device, is checked by name and checksum, gets parameters and is run there.

Units: mL; parameters are whole numbers in the unit that the washer's protocol gives them.
Source: states and waits as the Gibco CTS Rotea publishes them (user guide, chapter 4); other washers map onto these.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from automation.engine.handles import Container
from automation.kernel.effect import Kind, effect, in_doubt, shows_state
from automation.kernel.quantity import Millilitres
from instruments.interfaces.device import Identity


class WasherState(StrEnum):
    """What the washer says of its protocol."""

    NO_PROTOCOL = "no protocol selected"
    SELECTED = "protocol selected"
    READY = "instrument ready"  # also after the end of a run
    READY_TO_START = "ready to start"
    RUNNING = "running"
    PAUSED = "paused"
    ERROR = "error"
    UNKNOWN = "unknown"  # a washer that can't be asked


class Kit(StrEnum):
    """What the washer says of its single-use kit."""

    NOT_LOADED = "not loaded"
    NOT_VALID = "not valid"  # wrong, damaged or used before
    VALID = "valid"
    UNKNOWN = "unknown"


class Waiting(StrEnum):
    """What the washer waits for a person for."""

    NOTHING = "nothing"
    BUBBLE = "bubble"
    PRESSURE = "pressure"
    PAUSED_AT_PANEL = "paused at the panel"
    PAUSED_BY_PROGRAM = "paused by the program"


class Acknowledgement(StrEnum):
    """How a wait is answered."""

    CONTINUE = "continue"  # repeat or go on with the step that waits
    SKIP = "skip"  # go on with the next step


@dataclass(frozen=True, slots=True)
class WashParameter:
    """One parameter of a protocol, by the name that the washer gives it."""

    name: str = field(metadata={"label": "Name in the washer"})
    value: int = field(metadata={"range": (-2_147_483_648, 2_147_483_647), "label": "Value"})
    unit: str = field(default="", metadata={"label": "Unit, as the washer's protocol has it"})


@dataclass(frozen=True, slots=True)
class WashProgram:
    """A washer's protocol as approved in the recipe."""

    name: str
    checksum: str = ""  # 32 hex digits, as the washer computes it; empty for a washer that has none
    parameters: tuple[WashParameter, ...] = ()


@dataclass(frozen=True, slots=True)
class WasherStatus:
    """One look at the washer."""

    state: WasherState
    step: int  # as the washer counts its own, 1..; 0 when none runs
    waiting: Waiting
    kit: Kit
    kit_id: str
    door_closed: bool | None  # None when the washer does not tell
    protocol: str = ""
    checksum: str = ""
    runs: int | None = None  # how often a run was started, where the washer tells


@dataclass(frozen=True, slots=True)
class ProcessValues:
    """One look at what flows; None for what the washer does not tell."""

    processed: Millilitres | None = None  # drawn from the source so far
    washed: Millilitres | None = None  # buffer used so far
    collected: Millilitres | None = None  # in the product bag
    wasted: Millilitres | None = None
    pressure_kpa: float | None = None


@dataclass(frozen=True, slots=True)
class RunHistory:
    """The washer's own report of its last run, imported from its file."""

    sha256: str
    protocol: str
    kit_id: str
    started: str  # as written: local time of the washer
    ended: str
    events: tuple[str, ...]  # bubbles, pressures, pauses, acknowledgements, as written
    volumes: ProcessValues


class CellWasher(Protocol):
    """A washer that runs its own protocol in a closed kit."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read maker, model, serial and firmware as far as the washer tells."""
        ...

    @shows_state
    @effect(Kind.QUERY)
    async def look(self) -> WasherStatus:
        """Look at protocol, kit, door and run."""
        ...

    @effect(Kind.QUERY)
    async def flows(self) -> ProcessValues:
        """Look at volumes and pressure."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=60)
    async def prepare(self, *, program: WashProgram) -> None:
        """Select the protocol and set its parameters; the same program twice is one program.

        Raises RefusedError when the washer has no such protocol or refuses a value (nothing runs).
        """
        ...

    @effect(Kind.QUERY, deadline=60)
    async def prepared(self, *, program: WashProgram) -> WashProgram:
        """Read back what the washer is set to: name, checksum and every parameter of ``program``."""
        ...

    @in_doubt(
        twice="a running washer refuses it; after a run the product would be processed again",
        never="the cells wait unwashed in the source container",
    )
    @effect(Kind.ACT, touches=("source", "product"))
    async def start(self, *, source: Container, product: Container) -> None:
        """Start the run from the source container into the product container."""
        ...

    @in_doubt(twice="the next wait is answered unseen", never="the run waits on with the cells inside")
    @effect(Kind.ACT, touches=())
    async def acknowledge(self, *, waiting: Waiting, answer: Acknowledgement, step: int) -> None:
        """Answer what the washer waits for in this step; raises RefusedError when it no longer waits for that."""
        ...

    @in_doubt(twice="a paused run stays paused", never="the run goes on")
    @effect(Kind.ACT, making_safe=True)
    async def pause(self) -> None:
        """Pause the run where the protocol allows it."""
        ...

    @in_doubt(twice="the step after it is skipped too", never="the run stays in this step")
    @effect(Kind.ACT, making_safe=True)
    async def skip(self, *, step: int) -> None:
        """End step ``step`` early and go on with the next; how a run is led to its recovery. RefusedError elsewhere."""
        ...

    @effect(Kind.QUERY, deadline=60)
    async def history(self) -> RunHistory | None:
        """Give the washer's own report of the last run; None while there is no file."""
        ...
