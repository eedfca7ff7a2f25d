"""Writes an FCS 3.1 file of one tube; for the fake and for tests.

Units:  linear channel values, in single precision.
Source: ISAC, Data File Standard for Flow Cytometry, version FCS 3.1 (2010).
"""

from collections.abc import Mapping, Sequence

from automation.formulas.cytometry import Spill, Values
from instruments.drivers.fcs.wire.segments import HEADER

MARK = "|"
RANGE = 262_144


def write(channels: Sequence[tuple[str, str]], values: Values, spill: Spill | None, more: Mapping[str, str]) -> bytes:
    """Write events by channel and marker, with a spill matrix and more keywords; ``$`` keywords of ``more`` win."""
    data = values.astype("<f4").tobytes()
    keywords = {
        "$BEGINANALYSIS": "0", "$ENDANALYSIS": "0", "$BEGINSTEXT": "0", "$ENDSTEXT": "0", "$NEXTDATA": "0",
        "$BYTEORD": "1,2,3,4", "$DATATYPE": "F", "$MODE": "L", "$PAR": str(len(channels)), "$TOT": str(len(values)),
    }  # fmt: skip
    for number, (channel, marker) in enumerate(channels, 1):
        keywords |= {f"$P{number}N": channel, f"$P{number}B": "32", f"$P{number}R": str(RANGE), f"$P{number}E": "0,0"}
        if marker:
            keywords[f"$P{number}S"] = marker
    if spill is not None:
        figures = [f"{figure:.6g}" for figure in spill.matrix.ravel()]
        keywords["$SPILLOVER"] = ",".join([str(len(spill.channels)), *spill.channels, *figures])
    keywords |= more
    length = len(_text(keywords, begin=0, end=0))
    begin = HEADER + length
    text = _text(keywords, begin=begin, end=begin + len(data) - 1)
    offsets = (HEADER, begin - 1, begin, begin + len(data) - 1, 0, 0)
    return b"FCS3.1    " + "".join(f"{offset:8d}" for offset in offsets).encode() + text + data


def _text(keywords: Mapping[str, str], *, begin: int, end: int) -> bytes:
    places = {"$BEGINDATA": f"{begin:012d}", "$ENDDATA": f"{end:012d}"}
    pairs = {**keywords, **places}.items()
    parts = "".join(f"{key}{MARK}{value.replace(MARK, MARK * 2)}{MARK}" for key, value in pairs)
    return f"{MARK}{parts}".encode()
