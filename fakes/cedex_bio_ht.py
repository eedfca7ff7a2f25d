"""Fake Cedex Bio HT: a person measures a sample, some time later an archive stands in the folder.

Physics: concentrations of what is dissolved in the tube, each with a relative error of ``CV`` by (seed, device, sample,
         test, repeat); outside the range of a test the archive has a bound and the flag, no figure.
Units:   g/L for glucose and lactate, mmol/L for glutamine and ammonia; solutes of the world in g.
Source:  archives of real instruments (see the wire module) for the form; ranges of the tests as the reader of
         Benchling-Open-Source/allotropy (MIT) lists them. ``CV``, and the form of what lies above a range, are assumed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from automation.kernel.clock import local
from automation.kernel.ids import normal
from automation.kernel.quantity import Instant, Seconds
from fakes.analyser import FakeAnalyser
from fakes.contents import Contents
from fakes.world import World
from instruments.drivers.cedex_bio_ht import wire

CV = 0.02  # relative standard deviation of one measurement; assumed
TAKES = Seconds(600.0)  # s from the start of a measurement to its archive; assumed
RELEASE, SERIAL = "6.0.0.1905 (1905)", "123456"


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One test: which solute it measures, in which unit, and between which figures."""

    solute: str
    code: str
    unit: str
    molar: float  # g/mol
    low: float  # mmol/L
    high: float
    decimals: int

    @property
    def factor(self) -> float:
        """Give what mmol/L times that is in the unit of the test."""
        return self.molar / 1000.0 if self.unit == "g/L" else 1.0


TESTS = (
    Test(solute="glucose", code="GLC3B", unit="g/L", molar=180.16, low=0.111, high=41.63, decimals=3),
    Test(solute="lactate", code="LAC2B", unit="g/L", molar=90.08, low=0.0444, high=15.55, decimals=3),
    Test(solute="glutamine", code="GLN2B", unit="mmol/L", molar=146.14, low=0.1, high=10.26, decimals=3),
    Test(solute="ammonia", code="NH3B", unit="mmol/L", molar=17.031, low=0.278, high=13.89, decimals=3),
)


class FakeCedexBioHt(FakeAnalyser):
    """A folder, and the analyser that writes into it."""

    takes = TAKES

    def _file(self, contents: Contents, *, of: tuple[str, int], done: Instant) -> tuple[str, bytes]:
        millimolar = {
            test: contents.solutes.get(test.solute, 0.0) / float(contents.volume) / test.molar * 1e6 for test in TESTS
        }
        (sample, repeat), time = of, _written(done)
        rows = [self._row(test, there, (sample, repeat, time)) for test, there in millimolar.items()]
        name = f"{sample}.txt" if repeat == 1 else f"{sample}_{repeat}.txt"
        return name, wire.write(rows, release=RELEASE, serial=SERIAL, now=time).encode()

    def _row(self, test: Test, there: float, of: tuple[str, int, str]) -> dict[str, str]:
        """Give one line for what is there (mmol/L)."""
        sample, repeat, time = of
        seen = there * (1.0 + CV * normal(self._world.seed, self._device, sample, test.code, repeat))
        bound = "<" if seen < test.low else ">" if seen > test.high else ""
        figure = min(max(seen, test.low), test.high) * test.factor
        return {
            wire.TIME: time,
            wire.SAMPLE: sample,
            wire.ROLE: wire.SAMPLES,
            wire.TEST: test.code,
            wire.UNIT: test.unit,
            wire.FLAG: f"{bound} {wire.OUTSIDE}" if bound else " ",
            wire.VALUE: f"{bound} {figure:.{test.decimals}f}".strip() if bound else f"  {figure:.{test.decimals}f}",
        }


def _written(moment: Instant) -> str:
    return local(moment, zone="UTC").strftime("%Y-%m-%d %H:%M:%S")


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeCedexBioHt:  # noqa: ARG001  it has no settings
    """Make an analyser that measures the tubes of the world."""
    return FakeCedexBioHt(world, device=name)
