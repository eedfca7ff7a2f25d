"""Fakes of Vi-CELL XR, NC-View, NucleoView, Cedex HiRes, Countess 3: each writes the file of its model of a tube.

Physics: see ``fakes.cell_counter``. Imaged volumes of Vi-CELL XR and Cedex HiRes follow from counts and concentrations
         of real result files; those of NC-View and NucleoView, which state no counts, are assumed.
Units:   cells/mL, %, s, mL.
Source:  result files of real instruments (see the wire modules). The last line of a NucleoView file is made up: how it
         follows from the others is not public. So are digits, date and words of the Countess 3; its columns are known.
"""

import csv
import io
from collections.abc import Mapping
from typing import ClassVar

from automation.kernel.clock import local
from automation.kernel.ids import digest
from automation.kernel.quantity import Seconds
from fakes.cell_counter import Counted, FakeCounter, tubes
from fakes.world import World
from instruments.drivers.cedex_hires import wire as cedex_hires
from instruments.drivers.countess import wire as countess
from instruments.drivers.nc_view import wire as nc_view
from instruments.drivers.nucleoview import wire as nucleoview
from instruments.drivers.vicell_xr import wire as vicell_xr

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class FakeViCellXr(FakeCounter):
    """A folder, and the Vi-CELL XR that writes texts into it."""

    imaged: ClassVar = 9.453e-4  # mL in 50 images: 4263 cells at dilution 20 are 90.2e6 cells/mL in the real file
    takes: ClassVar = Seconds(150.0)  # assumed
    suffix: ClassVar = "txt"

    def form(self, counted: Counted) -> str:
        """Give one count as text; figures have three significant places."""
        at = local(counted.done, zone="UTC")
        time = f"{at.day} {MONTHS[at.month - 1]} {at.year}  {(at.hour - 1) % 12 + 1}:{at:%M:%S} {at:%p}"
        lines = {
            vicell_xr.SAMPLE: counted.sample,
            vicell_xr.DATE: time,
            vicell_xr.INSTRUMENT: "AW123456789",
            vicell_xr.CELLS: str(counted.cells),
            vicell_xr.VIABLE_CELLS: str(counted.live),
            vicell_xr.VIABILITY: f"{counted.viability:.1f}",
            vicell_xr.TOTAL: _figures(counted.per_ml(counted.cells) / vicell_xr.MILLION),
            vicell_xr.VIABLE: _figures(counted.per_ml(counted.live) / vicell_xr.MILLION),
            vicell_xr.METHOD: "Tcell",
            vicell_xr.DILUTION: f"{counted.dilution:.2f}",
            vicell_xr.LAST: counted.sample,
        }
        return f"{vicell_xr.TITLE} {vicell_xr.KNOWN}.3\r\n\r\n" + "".join(f"{k} : {v}\r\n" for k, v in lines.items())


class FakeNcView(FakeCounter):
    """A folder, and the NC-View counter that writes into it."""

    imaged: ClassVar = 1.0e-3  # mL; assumed
    takes: ClassVar = Seconds(90.0)  # assumed

    def form(self, counted: Counted) -> str:
        """Give a header and one row, without an end of the last line."""
        live, dead = counted.per_ml(counted.live), counted.per_ml(counted.dead)
        row = {
            "NAME": f"{local(counted.done, zone='UTC'):%Y%m%d}-00001",
            nc_view.SAMPLE: counted.sample,
            nc_view.METHOD: "Count & Viability",
            nc_view.INSTRUMENT: "S/N: 9002020102201902",
            nc_view.STATUS: nc_view.GOOD,
            nc_view.TOTAL: _thousands(live + dead),
            nc_view.LIVE: _thousands(live),
            nc_view.DEAD: _thousands(dead),
            nc_view.VIABILITY: f"{counted.viability:.1f}",
            nc_view.DILUTION: f"{counted.dilution:g}",
        }
        return _table(row).removesuffix("\r\n")


class FakeNucleoView(FakeCounter):
    """A folder, and the NC-200 that writes into it."""

    imaged: ClassVar = 1.0e-3  # mL; assumed
    takes: ClassVar = Seconds(90.0)  # assumed

    def form(self, counted: Counted) -> str:
        """Give lines of name and value, and the mark at the end."""
        at = local(counted.done, zone="UTC")
        live, dead = counted.per_ml(counted.live), counted.per_ml(counted.dead)
        lines = {
            nucleoview.IMAGE: f"{at:%Y%m%d}-0001-c-{counted.sample}",
            nucleoview.VIABILITY: f"{counted.viability:.1f}",
            nucleoview.LIVE: _scientific(live),
            nucleoview.DEAD: _scientific(dead),
            nucleoview.TOTAL: _scientific(live + dead),
            nucleoview.DILUTION: f"{counted.dilution:.3f}",
            nucleoview.METHOD: "Viability and Cell Count Assay",
            nucleoview.INSTRUMENT: "s/n 9000201099909999",
            nucleoview.DATE: f"{at:%Y%m%d %H%M%S}",
            nucleoview.OFFSET: "0",
            nucleoview.VERSION: nucleoview.KNOWN,
        }
        text = "Viability and Cell Count Assay; ;\r\n" + "".join(f"{key};{value};\r\n" for key, value in lines.items())
        return f"{text}\r\n//[{digest(text).hex()[:8].upper()}]"


class FakeCedexHiRes(FakeCounter):
    """A folder, and the Cedex HiRes that writes into it."""

    imaged: ClassVar = 9.4756e-4  # mL: counts over concentrations of the real file's eight rows
    takes: ClassVar = Seconds(180.0)  # assumed

    def form(self, counted: Counted) -> str:
        """Give a header and one row, without an end of the last line."""
        at = local(counted.done, zone="UTC")
        row = {
            cedex_hires.INSTRUMENT: "G037DE019",
            cedex_hires.SAMPLE: counted.sample,
            cedex_hires.DATA_SET: cedex_hires.ORIGINAL,
            cedex_hires.DILUTION: f"{counted.dilution:g}",
            cedex_hires.METHOD: "Std. Size",
            cedex_hires.DATE: f"{at.month}-{at.day}-{at.year} {(at.hour - 1) % 12 + 1}:{at:%M:%S} {at:%p}",
            cedex_hires.VIABLE_CELLS: str(counted.live),
            cedex_hires.DEAD_CELLS: str(counted.dead),
            cedex_hires.CELLS: str(counted.cells),
            cedex_hires.VIABILITY: f"{counted.viability:.8f}",
            cedex_hires.VIABLE: f"{counted.per_ml(counted.live):.4f}",
            cedex_hires.DEAD: f"{counted.per_ml(counted.dead):.4f}",
            cedex_hires.TOTAL: f"{counted.per_ml(counted.cells):.4f}",
            cedex_hires.AGGREGATES: "0",
        }
        return _table(row).removesuffix("\r\n")


class FakeCountess(FakeCounter):
    """A folder, and the Countess 3 whose results are saved into it."""

    imaged: ClassVar = 4.0e-4  # mL; assumed
    takes: ClassVar = Seconds(30.0)  # the guide: less than 30 s

    def form(self, counted: Counted) -> str:
        """Give a header and one row."""
        at = local(counted.done, zone="UTC")
        row = {
            countess.SAMPLE: counted.sample,
            countess.DATE: f"{at:%Y-%m-%d %H:%M:%S}",
            countess.MODE: countess.BRIGHTFIELD,
            countess.TYPE: "BF-Brightfield",
            countess.STAIN: "Yes",
            countess.PREDILUTION: "Yes",
            countess.TOTAL: f"{counted.per_ml(counted.cells):.2E}",
            countess.CELLS: str(counted.cells),
            countess.VIABLE: f"{counted.per_ml(counted.live):.2E}",
            countess.VIABLE_CELLS: str(counted.live),
            countess.DEAD: f"{counted.per_ml(counted.dead):.2E}",
            countess.DEAD_CELLS: str(counted.dead),
            countess.VIABILITY: f"{counted.viability:.0f}",
            countess.DIAMETER: "11.2",
            countess.PROTOCOL: "T cells",
            countess.AGGREGATES: "3",
        }
        return countess.write((row,), tuple(row))


def _table(row: Mapping[str, str]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, tuple(row))
    writer.writeheader()
    writer.writerow(row)
    return out.getvalue()


def _figures(value: float) -> str:
    """Write three significant figures, as 90.2 or 7.80 or 471."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _thousands(value: float) -> str:
    """Write three significant figures with blanks between thousands; from a million on as 1.07E+06."""
    rounded = float(f"{value:.2e}")
    return f"{rounded:.2E}" if rounded >= 1e6 else f"{rounded:,.0f}".replace(",", "\N{NO-BREAK SPACE}")


def _scientific(value: float) -> str:
    """Write three significant figures as 2.45E6."""
    figure, _, power = f"{value:.2E}".partition("E")
    return f"{figure}E{int(power)}"


def vicell_xr_file(world: World, name: str, settings: Mapping[str, str]) -> FakeViCellXr:  # noqa: ARG001  it has none
    """Make a counter that counts the tubes of the world."""
    return FakeViCellXr(world.seed, tubes(world), device=name)


def nc_view_file(world: World, name: str, settings: Mapping[str, str]) -> FakeNcView:  # noqa: ARG001  it has none
    """Make a counter that counts the tubes of the world."""
    return FakeNcView(world.seed, tubes(world), device=name)


def nucleoview_file(world: World, name: str, settings: Mapping[str, str]) -> FakeNucleoView:  # noqa: ARG001  it has none
    """Make a counter that counts the tubes of the world."""
    return FakeNucleoView(world.seed, tubes(world), device=name)


def countess_file(world: World, name: str, settings: Mapping[str, str]) -> FakeCountess:  # noqa: ARG001  it has none
    """Make a counter that counts the tubes of the world."""
    return FakeCountess(world.seed, tubes(world), device=name)


def cedex_hires_file(world: World, name: str, settings: Mapping[str, str]) -> FakeCedexHiRes:  # noqa: ARG001  it has none
    """Make a counter that counts the tubes of the world."""
    return FakeCedexHiRes(world.seed, tubes(world), device=name)
