"""Every calculation that shows its working, under its name: what ``cellwright calc`` lists and does."""

from collections.abc import Mapping

from automation.formulas import counts, culture, doses, electroporation, growth, process, runs, sampling, scale, washing
from automation.formulas.working import CALCULATIONS, Calculation, Working, work_out

_SOURCES = (counts, culture, doses, electroporation, growth, process, runs, sampling, scale, washing)

__all__ = ["Calculation", "Working", "catalogue", "work_out"]


def catalogue() -> Mapping[str, Calculation]:
    """Give all calculations by name, in the order of the alphabet."""
    known = {module.__name__ for module in _SOURCES}
    return {name: one for name, one in sorted(CALCULATIONS.items()) if one.function.__module__ in known}
