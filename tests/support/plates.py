"""A plate as the page and the tests have it: a standard in pairs, two samples in four dilutions, two blanks."""

from collections.abc import Mapping
from decimal import Decimal

from automation.formulas.dose_response import Curve
from automation.gmp.bodies.plates import Answer, Layout, Level
from instruments.drivers.plate_csv import wire

DOSES = (0.0, 15.6, 31.2, 62.5, 125.0, 250.0, 500.0, 1000.0)  # pg/mL
DILUTIONS = (2.0, 4.0, 8.0, 16.0)
CURVE = Curve(zero=0.0, far=2.8, slope=1.1, middle=300.0, errors={}, scatter=0.0, free=1, r_squared=1.0)
BLANK = 0.05
STANDARDS = tuple(Level(dose=dose, wells=(f"A{n}", f"B{n}")) for n, dose in enumerate(DOSES, 1))
BOUNDS = {"blanks": ("A12", "B12"), "blank_most": 0.1, "r_squared": 0.99, "cv": 15.0}


def layout(**changed: object) -> Layout:
    """Give the layout of an ELISA whose samples are read back."""
    said: dict[str, object] = {
        "answer": Answer.CONCENTRATION,
        "unit": "pg/mL",
        "decimals": 0,
        "standards": STANDARDS,
        "samples": tuple(
            Level(dose=dose, wells=(f"{row}{n}", f"{row}{n + 1}"))
            for row in "CD"
            for n, dose in zip((1, 3, 5, 7), DILUTIONS, strict=True)
        ),
        **BOUNDS,
        "recovery": 20.0,
        "loq": 31.2,
        "dilutions_cv": 20.0,
    }
    return Layout.model_validate(said | changed)


def relative() -> Layout:
    """Give the layout of a relative potency: samples at the doses of the standard."""
    samples = tuple(Level(dose=dose, wells=(f"C{n}", f"D{n}")) for n, dose in enumerate(DOSES, 1))
    said = {"answer": Answer.RELATIVE, "unit": "%", "decimals": 0, "standards": STANDARDS, "samples": samples, **BOUNDS}
    return Layout.model_validate(said | {"ratio_low": 0.8, "ratio_high": 1.25, "width": 1.5})


def signals(plan: Layout, content: Mapping[str, float]) -> dict[str, Decimal]:
    """Give the signals of a plate whose rows of samples hold so much (pg/mL, or times the standard)."""
    found = {level.wells: level.dose for level in plan.standards}
    for level in plan.samples:
        held = content.get(level.wells[0][0])
        if held is not None:
            found[level.wells] = level.dose * held if plan.answer is Answer.RELATIVE else held / level.dose
    read = {well: Decimal(str(BLANK)) for well in plan.blanks}
    for wells, dose in found.items():
        for away, well in zip((0.98, 1.02), wells, strict=True):
            read[well] = Decimal(f"{BLANK + away * CURVE.response(dose):.4f}")
    return read


def file(plan: Layout, content: Mapping[str, float], samples: Mapping[str, str]) -> bytes:
    """Give the list of wells that a reader writes; ``samples`` names the sample of each row."""
    rows = []
    for well, signal in signals(plan, content).items():
        what = (
            "blank"
            if well in plan.blanks
            else "standard"
            if any(well in one.wells for one in plan.standards)
            else "sample"
        )
        sample = samples[well[0]] if what == "sample" else ""
        rows.append(
            dict(zip(wire.NEEDED, ("P-17", well, what, sample, str(signal), "OD", "2026-01-05T09:21"), strict=True))
        )
    return wire.write(rows)
