"""Whatever reads bytes from outside is fuzzed: a new driver, fake or reader is, or this fails."""

from importlib.metadata import entry_points

import pytest

from tests.fuzz.registry import targets
from tests.house.source import files

GROUPS = ("drivers", "fakes", "readers", "curves")
PLACES = (  # readers of the program itself, by where they stand
    "automation.engine.answers",
    "automation.engine.caller",
    "automation.engine.owner",
    "automation.engine.recipe.load",
    "automation.engine.sitefile",
    "automation.engine.trends",
    "automation.exchange.fhir.results",
    "automation.exchange.lims.fhir",
    "automation.exchange.partners.reading",
    "automation.formulas.gs1",
    "automation.formulas.identifiers",
    "automation.formulas.isbt128",
    "automation.formulas.limits",
    "automation.gmp.door",
    "automation.gmp.secrets",
    "automation.kernel.quantity",
    "automation.ledger.anchor",
    "automation.ledger.backup",
    "automation.ledger.derived",
    "automation.ledger.event",
    "automation.ledger.file",
    "automation.ledger.lease",
    "automation.ledger.read",
    "automation.ledger.verify",
    "automation.ledger.verify_record",
    "automation.qualification.of_pytest",
    "automation.qualification.protocols",
    "automation.surfaces.seals.checking",
    "automation.views.questions.asking",
    "automation.views.questions.frozen",
    "automation.views.redrawn",
    "fakes.plant",
    "instruments.labware.deck",
    "instruments.transport.folder",
    "instruments.transport.http",
    "instruments.transport.line",
    "instruments.transport.modbus",
    "instruments.transport.modbus_lines",
    "instruments.transport.nodes",
    "instruments.transport.ports",
)


def _covered() -> set[str]:
    return {one for target in targets().values() for one in target.covers}


def test_every_grammar_of_a_driver_has_a_target() -> None:
    """A wire is a module or a package ``wire`` below ``instruments/drivers``."""
    wires = [
        path.removesuffix(".py").replace("/", ".")
        for path in files()
        if path.startswith("instruments/drivers/")
        and (path.endswith("/wire.py") or ("/wire/" in path and path.endswith(".py")))
        and not path.endswith("__init__.py")
    ]
    assert [name for name in wires if not {name, name.rpartition(".")[0]} & _covered()] == []
    assert wires


@pytest.mark.parametrize("group", GROUPS)
def test_every_installed_reader_of_bytes_has_a_target(group: str) -> None:
    """Drivers read settings, fakes commands, readers result files, curves curves."""
    names = [f"cellwright.{group}:{point.name}" for point in entry_points(group=f"cellwright.{group}")]
    assert [name for name in names if name not in _covered()] == []
    assert names


@pytest.mark.parametrize("place", PLACES)
def test_every_reader_of_the_program_has_a_target(place: str) -> None:
    """Recipes, sites, labels, quantities, logs."""
    assert place in _covered()
