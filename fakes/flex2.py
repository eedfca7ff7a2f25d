"""Fake BioProfile FLEX2: a person measures a sample, some time later a file of sample results stands in the folder.

Physics: concentrations of what is dissolved in the tube, and pH and gases of a medium with bicarbonate, each with
         a relative error (pH: absolute) by (seed, device, sample, quantity, repeat). pH falls with lactate.
Units:   g/L, mmol/L, mmHg, degC; solutes of the world in g.
Source:  result file of a real instrument (see the wire module) for the form, for sodium, potassium, calcium and the
         gases of medium, and for the order of its errors; the rest, and the errors, are assumed.
"""

from collections.abc import Mapping

from automation.kernel.clock import local
from automation.kernel.ids import normal
from automation.kernel.quantity import Instant, Seconds
from fakes.analyser import FakeAnalyser
from fakes.contents import Contents
from fakes.world import World
from instruments.drivers.flex2 import wire

CV, PH_ERROR = 0.03, 0.01
TAKES = Seconds(270.0)  # s; assumed
FRESH_PH, PH_PER_LACTATE = 7.40, 0.1 / 5.0  # pH, and its fall per mmol/L of lactate
MOLAR = {"glucose": 180.16, "lactate": 90.08, "glutamine": 146.14, "glutamate": 147.13, "ammonia": 17.031}  # g/mol
MEDIUM = {"Na+": 151.6, "K+": 4.22, "Ca++": 0.82, "PO2": 150.0, "PCO2": 38.0}
DECIMALS = {"Na+": 1, "PO2": 1, "PCO2": 1}
HEADER = (
    *(wire.TIME, wire.SAMPLE, wire.KIND, "Gln", "Glu", "Gluc", "Lac", "NH4+", "Na+", "K+", "Ca++", "pH", "PO2", "PCO2"),
    *(wire.TEMPERATURE, "pH @ Temp", "PCO2 @ Temp", "PO2 @ Temp", wire.OPERATOR),
)


class FakeFlex2(FakeAnalyser):
    """A folder, and the analyser that writes into it."""

    takes = TAKES

    def _file(self, contents: Contents, *, of: tuple[str, int], done: Instant) -> tuple[str, bytes]:
        per_litre = {name: contents.solutes.get(name, 0.0) / float(contents.volume) * 1000.0 for name in MOLAR}
        row = self._row(per_litre, of)
        at = local(done, zone="UTC")
        row[wire.TIME] = f"{at.month}-{at.day}-{at.year}  {at:%H:%M:%S}"
        return f"SampleResults{at:%Y-%m-%d_%H%M%S}.csv", wire.write([row], HEADER).encode()

    def _row(self, per_litre: Mapping[str, float], of: tuple[str, int]) -> dict[str, str]:
        """Give the figures of one sample; concentrations are g/L."""
        millimolar = {name: 1000.0 * grams / MOLAR[name] for name, grams in per_litre.items()}
        true = {
            "Gln": millimolar["glutamine"],
            "Glu": millimolar["glutamate"],
            "Gluc": per_litre["glucose"],
            "Lac": per_litre["lactate"],
            "NH4+": millimolar["ammonia"],
            **MEDIUM,
        }
        seed = self._world.seed
        row = {
            column: f"{value * (1.0 + CV * normal(seed, self._device, column, *of)):.{DECIMALS.get(column, 2)}f}"
            for column, value in true.items()
        }
        ph = FRESH_PH - PH_PER_LACTATE * millimolar["lactate"] + PH_ERROR * normal(seed, self._device, "pH", *of)
        row["pH"] = f"{ph:.3f}"
        row |= {f"{column}{wire.AT}": row[column] for column in ("pH", "PCO2", "PO2")}
        return {
            **row,
            wire.SAMPLE: of[0],
            wire.KIND: "Spent Media",
            wire.TEMPERATURE: "37.0",
            wire.OPERATOR: "ANALYST1",
        }


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeFlex2:  # noqa: ARG001  it has no settings
    """Make an analyser that measures the tubes of the world."""
    return FakeFlex2(world, device=name)
