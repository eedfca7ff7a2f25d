"""Label printers: printed means sent, the queue is empty, and the printer has no fault; what came out is scanned.

Units: labels are counted; mm on the label.
"""

from dataclasses import dataclass
from typing import Protocol

from automation.engine.handles import Container
from automation.kernel.effect import Kind, effect, in_doubt, shows_state
from instruments.interfaces.device import Identity

FAULTS = ("paper_out", "ribbon_out", "head_open", "paused", "buffer_full", "ram_lost", "too_cold", "too_hot")
"""What keeps a printer from printing: fields of its status."""


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on one label; ``code`` is what the two-dimensional symbol says."""

    id: str  # number of this print, unique at the site; printed on the label
    code: str
    lines: tuple[str, ...]  # human-readable, from the top
    template: str = "container"
    template_version: str = "1"
    marks: tuple[str, ...] = ()  # SIMULATED, REPRINT, ...; printed large


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """What the printer says of itself."""

    paper_out: bool = False
    ribbon_out: bool = False
    head_open: bool = False
    paused: bool = False
    buffer_full: bool = False
    waiting: int = 0  # formats that it has received and not printed
    left: int = 0  # labels of the present format that are still to come
    partial: bool = False  # a format has begun to arrive and has not ended
    ram_lost: bool = False  # its configuration is lost
    too_cold: bool = False  # the printhead
    too_hot: bool = False

    @property
    def faults(self) -> tuple[str, ...]:
        """Name what keeps it from printing; empty when nothing does."""
        return tuple(name.replace("_", " ") for name in FAULTS if getattr(self, name))

    @property
    def idle(self) -> bool:
        """Tell whether everything that was sent has been printed."""
        return not self.waiting and not self.left and not self.partial


@dataclass(frozen=True, slots=True)
class Printed:
    """What was sent: its bytes are the specimen of the label."""

    label: str
    sha256: str  # of the bytes sent, hex
    data: str  # the bytes sent, as text


class LabelPrinter(Protocol):
    """A printer that is asked for its state before and after each label."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read maker, model and firmware as far as the printer tells."""
        ...

    @shows_state
    @effect(Kind.QUERY)
    async def status(self) -> PrinterStatus:
        """Read the state of the printer."""
        ...

    @in_doubt(
        twice="the same label exists twice, and one has to be found and destroyed",
        never="the container has no label",
    )
    @effect(Kind.ACT, deadline=60, touches=("container",))
    async def print(self, *, label: Label, container: Container) -> Printed:
        """Send one label and wait until it has left the queue.

        Raises RefusedError when the printer was not ready (nothing was sent) and UnknownError when a fault came up
        after sending: a label may or may not have come out.
        """
        ...
