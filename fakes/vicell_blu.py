"""Fake Vi-CELL BLU: a person counts a sample, some time later a result file stands in the folder.

Physics: see ``fakes.cell_counter``; the imaged volume follows from the counts and concentrations of a real result file.
Units:   cells/mL, %, s, mL.
Source:  result files of real instruments (see the wire module).
"""

from collections.abc import Mapping
from typing import ClassVar

from automation.kernel.clock import local
from automation.kernel.quantity import Instant, Seconds
from fakes.cell_counter import Counted, FakeCounter, Source, tubes
from fakes.world import World
from instruments.drivers.vicell_blu import wire

HEADER = (
    *("Sample ID", "Cell count", "Viable cells", "Total (x10^6) cells/mL", "Viable (x10^6) cells/mL", "Viability (%)"),
    *("Average diameter (μm)", "Images for analysis", "Cell type", "Analysis date/time", "Reanalysis date/time"),
    *("Analysis by", "Dilution", "Wash", "Tag"),
)


class FakeViCellBlu(FakeCounter):
    """A folder, and the instrument that writes into it."""

    imaged: ClassVar = (
        2.820e-3  # mL in 100 images: sum of counts over sum of concentrations in the real file's ten rows
    )
    takes: ClassVar = Seconds(130.0)  # assumed

    def __init__(
        self, seed: int, source: Source | None = None, *, device: str = "vicell_blu", encoding: str = "utf-8"
    ) -> None:
        """Start with an empty folder; ``encoding`` is utf-8, utf-8-sig or utf-16, as the export is set."""
        super().__init__(seed, source, device=device, encoding=encoding)

    def form(self, counted: Counted) -> str:
        """Give one row; no cell at all is written as one dead cell, so that there is a viability."""
        cells = max(1, counted.cells)
        per_ml = counted.dilution / self.imaged / wire.MILLION
        row = {
            wire.SAMPLE: counted.sample,
            wire.CELLS: str(cells),
            wire.VIABLE_CELLS: str(counted.live),
            wire.TOTAL: f"{cells * per_ml:.2f}",
            wire.VIABLE: f"{counted.live * per_ml:.2f}",
            wire.VIABILITY: f"{100 * counted.live / cells:.2f}".rstrip("0").rstrip("."),
            "Images for analysis": "100",
            "Cell type": "Mammalian",
            "Analysis by": "Vi-CELL",
            wire.DILUTION: f"{counted.dilution:g}",
            "Wash": "Normal Wash",
            wire.ANALYSED: _written(counted.done),
        }
        return wire.write([row], HEADER)


def _written(moment: Instant) -> str:
    at = local(moment, zone="UTC")
    return f"{at.month}/{at.day}/{at.year} {at.hour}:{at.minute:02d}"


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeViCellBlu:  # noqa: ARG001  it has no settings
    """Make a counter that counts the tubes of the world."""
    return FakeViCellBlu(world.seed, tubes(world), device=name)
