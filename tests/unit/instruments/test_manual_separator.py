"""A separator at whose panel a person works: it starts what two people have compared, once."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from automation.engine.handles import Container
from automation.kernel.errors import RefusedError
from instruments.drivers.manual_separator.driver import FACTORY
from instruments.interfaces.panel_program import PanelProgram, PanelSetting
from instruments.interfaces.separator import CellSeparator, SeparatorState
from tests.support.doors import Doorway, doorway
from tests.support.persons import Crew, no_link, with_crew

pytestmark = pytest.mark.requirement("F011", "C06")

PROGRAM = PanelProgram("CD3 selection", (PanelSetting("Mode", "enrichment"), PanelSetting("Volume", "100 mL")))
BAG, NEW = Container("BAG-0001"), Container("B1-S")


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Doorway]:
    """Open a simulated site."""
    with doorway(tmp_path) as made:
        yield made


@pytest.mark.requirement("F011", refuses=True)
def test_a_run_is_not_started_before_its_program_was_compared(way: Doorway, tmp_path: Path) -> None:
    """The person is not asked either; with the program compared by two, the run starts."""

    async def work(crew: Crew) -> None:
        crew.script = [("select the program 'CD3 selection'", {}), ("start the run from BAG-0001", {})]
        driver = cast("CellSeparator", FACTORY.build(no_link("separator"), {}, control=True))
        with pytest.raises(RefusedError, match="no program was selected since the last run"):
            await driver.start(source=BAG, product=NEW)
        assert crew.texts() == []
        await driver.prepare(program=PROGRAM)
        assert await driver.prepared() == PROGRAM
        await driver.start(source=BAG, product=NEW)
        assert (await driver.look()).state is SeparatorState.RUNNING

    with_crew(way, tmp_path, work)
