"""Archive files of the Cedex Bio HT: lines of fields apart by tabs, whose order the software release in line 1 decides.

Units:  as each line states them; ``mM`` is mmol/L. Outside the range of a test there is a bound, and no value.
Source: archive files of real instruments (software 5.0 and 6.0), test data of Benchling-Open-Source/allotropy (MIT);
        order of the fields, codes of the tests and the flags ``c`` and ``v`` as its reader has them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from instruments.drivers import result_dates
from instruments.drivers.readers import Reader
from instruments.drivers.result_text import Fields, decode, has, refuse
from instruments.interfaces.results import MeasurementRow

MARK, MODEL, RESULT, SAMPLES = "#ARC-FILE#", "CEDEX BIO HT", "40", "SAM"
TIME, SAMPLE, ROLE, TEST, UNIT, FLAG, VALUE = "time", "sample", "role", "test", "unit", "flag", "value"
TESTS: Mapping[str, str] = {
    "AC2": "acetate", "AQ": "alanine-glutamine", "AQQ": "alanine-glutamine corrected", "NH3": "ammonia",
    "ARA": "arabinose", "ASN": "asparagine", "ASP": "aspartate", "CA2": "calcium", "CHO2": "cholesterol",
    "ETOH": "ethanol", "FOR": "formate", "GAL2": "galactose", "GLC2": "glucose", "GLC3": "glucose",
    "GLU2": "glutamate", "GLN2": "glutamine", "GLY": "glycerol", "FAB": "Fab human", "IGG": "IgG human",
    "MIG": "IgG mouse", "FE2": "iron", "LAC2": "lactate", "LDH2": "LDH", "MG2": "magnesium", "NO3": "nitrate",
    "PHO2": "phosphate", "K": "potassium", "PYR": "pyruvate", "NA": "sodium", "SUC": "sucrose",
    "SUG": "sucrose corrected", "TP2": "total protein", "OD": "optical density", "OSM2": "osmolality",
}  # fmt: skip
"""What is measured, by the code of the test without the letters for its range and its dilution."""
UNITS = {
    "mmol/L": "mmol/L",
    "mM": "mmol/L",
    "g/L": "g/L",
    "mg/L": "mg/L",
    "U/L": "U/L",
    "OD": "1",
    "mOsm/kg": "mosm/kg",
}
FLAGS = {"c": "calibration", "v": "verification"}
OUTSIDE = "TEST RNG"
_CODE = re.compile(r"(.+?)([LH]?)([ABDEL])")  # test, low or high range, dilution or rerun
_VALUE = re.compile(r"([<>]?) *(-?\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the fields of a line stand, from 0, and how many there are."""

    length: int
    at: Mapping[str, int]


_LAYOUTS = {
    "5": _Layout(12, {TIME: 1, TEST: 2, SAMPLE: 5, ROLE: 6, UNIT: 7, FLAG: 8, VALUE: 9}),
    "6": _Layout(13, {TIME: 1, SAMPLE: 2, ROLE: 4, TEST: 6, UNIT: 8, FLAG: 9, VALUE: 10}),
}
_HEADER = 10  # fields of line 1


def read(data: bytes, *, name: str = "file") -> tuple[MeasurementRow, ...]:
    """Read a whole archive; raises InputError that names line and column of the first thing not understood."""
    lines = decode(data, name).splitlines()
    first = lines[0].split("\t")
    if len(first) != _HEADER or first[2] != MARK or first[6] != MODEL:
        refuse(f"line 1 of an archive has {_HEADER} fields, {MARK} and {MODEL} among them", name, line=1)
    layout = _LAYOUTS.get(first[8].partition(".")[0])
    if layout is None:
        refuse(f"the order of fields is known for releases {', '.join(_LAYOUTS)} only", name, line=1, column="release")
    rows = [_row(_fields(line, layout, at=(number, name)), first[7]) for number, line in enumerate(lines[1:], 2)]
    if not rows:
        refuse("there is a header and no result", name, line=1)
    return tuple(_once(rows, name))


def write(rows: Iterable[Mapping[str, str]], *, release: str, serial: str, now: str) -> str:
    """Write an archive as the instrument does, fields by their names (``TIME``, ``SAMPLE``, ...); for the fake."""
    layout = _LAYOUTS[release.partition(".")[0]]
    day = now.partition(" ")[0]
    lines = [f"0\t{now}\t{MARK}\t1.1a\t{day}\t{day}\t{MODEL}\t{serial}\t{release}\tADMIN"]
    for row in rows:
        fields = [""] * layout.length
        fields[0], fields[-1] = RESULT, "R"
        for column, place in layout.at.items():
            fields[place] = row.get(column, " ")
        lines.append("\t".join(fields))
    return "\n".join((*lines, ""))


def _fields(line: str, layout: _Layout, *, at: tuple[int, str]) -> Fields:
    number, name = at
    parts = line.split("\t")
    if parts[0] != RESULT:
        refuse(f"the line does not begin with {RESULT}, as results do", name, line=number)
    if len(parts) != layout.length:
        refuse(f"the line has {len(parts)} fields; {layout.length} are due: was it cut?", name, line=number)
    return Fields({column: parts[place] for column, place in layout.at.items()}, number, name)


def _row(row: Fields, serial: str) -> MeasurementRow:
    code, role, unit, flag = (row.text(column) for column in (TEST, ROLE, UNIT, FLAG))
    matched = _CODE.fullmatch(code)
    quantity = TESTS.get(matched[1]) if matched else None
    if quantity is None:
        row.refuse("the field is not the code of a known test; are columns swapped?", TEST)
    if unit not in UNITS:
        row.refuse(f"the field is not a known unit ({', '.join(UNITS)}); are columns swapped?", UNIT)
    bound, number = _value(row)
    outside = OUTSIDE in flag
    if bound and not outside:
        row.refuse("the field is a bound, and the flag does not say that it lies outside the range", VALUE)
    role_error = f"its role is {role!r}, not {SAMPLES}: not a sample" if role != SAMPLES else ""
    time = result_dates.Written(row.text(TIME), row.line, TIME)
    return MeasurementRow(
        sample=row.sample(SAMPLE),
        quantity=quantity,
        value=None if bound else number,
        unit=UNITS[unit],
        bound=bound,
        limit=number if bound else None,
        method=code,
        analysed=time.text,
        analysed_local=result_dates.stated(time, row.name, form="%Y-%m-%d %H:%M:%S", example="2023-09-15 16:55:51"),
        instrument=serial,
        line=row.line,
        flags=(FLAGS.get(flag, flag),) if flag else (),
        error=role_error or ("it lies outside the range of the test" if outside and not bound else ""),
    )


def _value(row: Fields) -> tuple[str, Decimal]:
    text = row.text(VALUE)
    if "," in text:
        row.refuse("the field has a decimal comma; export with the decimal point", VALUE)
    found = _VALUE.fullmatch(text)
    if found is None:
        row.refuse("the field is not a number such as 2.45 or < 20.00", VALUE)
    return found[1], Decimal(found[2])


def _once(rows: list[MeasurementRow], name: str) -> Iterable[MeasurementRow]:
    """Mark what was measured more than once by the same test; raises InputError for the very same line twice."""
    lines: dict[tuple[str, str], list[MeasurementRow]] = {}
    for row in rows:
        lines.setdefault((row.sample, row.method), []).append(row)
    for row in rows:
        same = lines[row.sample, row.method]
        if len(same) == 1:
            yield row
            continue
        twin = next((one for one in same if one.line < row.line and one.analysed == row.analysed), None)
        if twin is not None:
            refuse(f"the measurement stands in line {twin.line} already", name, line=row.line)
        others = ", ".join(str(one.line) for one in same)
        yield replace(row, error=row.error or f"it was measured in lines {others}: a person decides which one counts")


READER = Reader("Cedex Bio HT archive (txt)", lambda data: has(data, MARK, MODEL, of=1), read)
