"""Sample results of the BioProfile FLEX2: comma-separated text, read by header, refused when it is not understood.

Units:  the file states none for what it measures; those of an instrument as it comes from the works are given and said
        to be so (``unit_stated`` False). Columns that state their unit are taken by it.
Source: result file of a real instrument, test data of Benchling-Open-Source/allotropy (MIT); units as its reader has
        them. Windows of plausibility are ours and wide: they find columns that were swapped.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from instruments.drivers import result_dates
from instruments.drivers.readers import Reader
from instruments.drivers.result_text import SIGNED, Columns, Fields, decode, has, table, unique
from instruments.interfaces.results import MeasurementRow

TIME, SAMPLE, KIND, OPERATOR = "Date & Time", "Sample ID", "Sample Type", "Operator"
TEMPERATURE, AT = "Vessel Temperature (°C)", " @ Temp"
BODY = Decimal(37)  # degC, at which the instrument measures
_SLOPE = Decimal("0.02")  # pH per K, most by which a water-like sample changes: ours, wide


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a column holds, in which unit, and between which figures anything else is another column's."""

    name: str
    unit: str
    low: str
    high: str
    stated: bool = False


QUANTITIES: Mapping[str, Quantity] = {
    "Gln": Quantity("glutamine", "mmol/L", "0", "100"),
    "Glu": Quantity("glutamate", "mmol/L", "0", "100"),
    "Gluc": Quantity("glucose", "g/L", "0", "100"),
    "Lac": Quantity("lactate", "g/L", "0", "100"),
    "NH4+": Quantity("ammonium", "mmol/L", "0", "100"),
    "Na+": Quantity("sodium", "mmol/L", "30", "400"),
    "K+": Quantity("potassium", "mmol/L", "0", "29.99"),
    "Ca++": Quantity("calcium", "mmol/L", "0", "29.99"),
    "pH": Quantity("pH", "[pH]", "4", "10"),
    "PO2": Quantity("pO2", "mm[Hg]", "0", "800"),
    "PCO2": Quantity("pCO2", "mm[Hg]", "0", "800"),
    "Osm": Quantity("osmolality", "mosm/kg", "50", "2000"),
    "HCO3": Quantity("bicarbonate", "mmol/L", "0", "200"),
    "O2 Saturation": Quantity("oxygen saturation", "%", "0", "1000"),
    "CO2 Saturation": Quantity("carbon dioxide saturation", "%", "0", "1000"),
    "pH @ Temp": Quantity("pH at vessel temperature", "[pH]", "4", "10"),
    "PO2 @ Temp": Quantity("pO2 at vessel temperature", "mm[Hg]", "0", "800"),
    "PCO2 @ Temp": Quantity("pCO2 at vessel temperature", "mm[Hg]", "0", "800"),
    TEMPERATURE: Quantity("vessel temperature", "Cel", "0", "60", stated=True),
}
UNSTATED = {column: one.unit for column, one in QUANTITIES.items() if not one.stated}
"""Columns whose unit the file does not state, with that of an instrument as it comes from the works."""
NEEDED = (TIME, SAMPLE, KIND)
_COLUMNS = Columns(what="a FLEX2 file of sample results", needed=NEEDED, end=True)
_SINCE = re.compile(r"  +")


def read(data: bytes, *, name: str = "file") -> tuple[MeasurementRow, ...]:
    """Read a whole result file; raises InputError that names line and column of the first thing not understood."""
    rows = table(decode(data, name, latin_signs=True), _COLUMNS, name=name)
    unique(((row.sample(SAMPLE), row.line) for row in rows), name, column=SAMPLE)
    written = [result_dates.Written(_SINCE.sub(" ", row.text(TIME)), row.line, TIME) for row in rows]
    dates = result_dates.in_some_order(written, name, example="6-24-2022  14:34:52")
    return tuple(one for row, date in zip(rows, dates, strict=True) for one in _measured(row, date))


def write(rows: Iterable[Mapping[str, str]], header: Iterable[str]) -> str:
    """Write rows as the instrument does: header in quotes, a comma at the end of each line; for the fake."""
    columns = tuple(header)
    out = io.StringIO(newline="")
    out.write(",".join(f'"{column}"' for column in columns) + ",\n")
    writer = csv.writer(out, lineterminator=",\n")
    writer.writerows([row.get(column, "") for column in columns] for row in rows)
    return out.getvalue()


def _measured(row: Fields, date: str) -> Iterator[MeasurementRow]:
    figures = {column: value for column in QUANTITIES if (value := row.optional(column, SIGNED)) is not None}
    if not figures:
        row.refuse("the line has no figure", SAMPLE)
    for column, value in figures.items():
        quantity = QUANTITIES[column]
        if not Decimal(quantity.low) <= value <= Decimal(quantity.high):
            row.refuse(
                f"the field is not between {quantity.low} and {quantity.high} {quantity.unit}; are columns swapped?",
                column,
            )
    _agree(row, figures)
    for column, value in figures.items():
        quantity = QUANTITIES[column]
        yield MeasurementRow(
            sample=row.sample(SAMPLE),
            quantity=quantity.name,
            value=value,
            unit=quantity.unit,
            unit_stated=quantity.stated,
            analysed=row.text(TIME),
            analysed_local=date,
            method=column,
            line=row.line,
        )


def _agree(row: Fields, figures: Mapping[str, Decimal]) -> None:
    """Refuse figures that can't belong together: at 37 degC the vessel's are those of the instrument."""
    temperature = figures.get(TEMPERATURE)
    if temperature is None:
        return
    for column, value in figures.items():
        plain = figures.get(column.removesuffix(AT))
        if not column.endswith(AT) or plain is None:
            continue
        off = abs(value - plain)
        allowed = Decimal("0.0015") + _SLOPE * abs(temperature - BODY) if column.startswith("pH") else None
        if allowed is None:
            allowed = Decimal("0.15") if temperature == BODY else max(value, plain)
        if off > allowed:
            row.refuse("the field does not follow from the figure at 37 degC; are columns swapped?", column)


READER = Reader(
    "BioProfile FLEX2 sample results (csv)", lambda data: has(data, TIME, SAMPLE, "Gluc", "Lac", "NH4+", of=4), read
)
