"""Gating strategies as files: read as a recipe would read the parameter."""

from pathlib import Path
from typing import cast

from automation.engine.recipe.spec import ParameterSpec
from automation.engine.recipe.values import value
from automation.engine.recipe.yaml_source import read_file
from automation.formulas.gating import Strategy

DATA = Path(__file__).parents[1] / "data" / "flow"


def strategy(name: str) -> Strategy:
    """Give the strategy of a file in ``tests/data/flow``."""
    return cast("Strategy", value(read_file(DATA / name), ParameterSpec("strategy", Strategy)))
