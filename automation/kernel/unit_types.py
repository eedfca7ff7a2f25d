"""The unit types at run time: plain floats, so that the hot path costs nothing.

For the type checker each is a class of its own; those stand in ``unit_types.pyi``. Use ``quantity``.
"""

from typing import NewType

Kelvin = NewType("Kelvin", float)
KelvinPerMinute = NewType("KelvinPerMinute", float)
Seconds = NewType("Seconds", float)
Millilitres = NewType("Millilitres", float)
Microlitres = NewType("Microlitres", float)
Grams = NewType("Grams", float)
GramsPerMillilitre = NewType("GramsPerMillilitre", float)
Cells = NewType("Cells", float)
CellsPerMillilitre = NewType("CellsPerMillilitre", float)
Pascals = NewType("Pascals", float)
Percent = NewType("Percent", float)
Litres = NewType("Litres", float)
BeadsPerMillilitre = NewType("BeadsPerMillilitre", float)
GramsPerLitre = NewType("GramsPerLitre", float)
InternationalUnitsPerMillilitre = NewType("InternationalUnitsPerMillilitre", float)
TransducingUnitsPerMillilitre = NewType("TransducingUnitsPerMillilitre", float)
NanogramsPerMillilitre = NewType("NanogramsPerMillilitre", float)
TimesGravity = NewType("TimesGravity", float)
Celsius = NewType("Celsius", float)
Instant = NewType("Instant", float)
