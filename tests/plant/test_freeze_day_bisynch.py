"""The whole day at a site whose freezer tells nothing of its programs: a person reads them at the panel."""

from pathlib import Path

import pytest

from automation.engine.site import Site
from automation.gmp.people.prompts import Prompt
from fakes.eurotherm_controller import Controller
from instruments.drivers.stored_programs import program_digest
from tests.support.freezers import enter
from tests.support.lads_freezers import FREEZE_DAY
from tests.support.runs import make_site, plant_of, run_batch
from tests.support.scenes import change_site


@pytest.mark.requirement("F048", "C05.1")
def test_a_person_says_each_time_whether_the_program_reads_as_approved(tmp_path: Path) -> None:
    """At loading, before the start and at the end: nothing that the controller shows would change with it."""
    folder = change_site(
        make_site(tmp_path / "a"),
        ("eurotherm_modbus", "eurotherm_bisynch"),
        ("eurotherm_freezer", "eurotherm_bisynch"),
        (
            "{power_fail: continue}",
            f"{{power_fail: continue, stored: COMP-20, stored_digest: {program_digest(FREEZE_DAY)}}}",
        ),
    )
    run = run_batch(folder, entered)
    prompts = [one for one in run.things.values() if isinstance(one, Prompt) and one.opening is not None]
    asked = [one for one in prompts if one.opening is not None and "read as approved" in one.opening.text]
    assert (run.state, run.step("freeze").state, len(asked)) == ("closed", "frozen", 3)


def entered(site: Site) -> None:
    """Enter the program of the day at the panel."""
    fake = plant_of(site).fake("crf-01")
    assert isinstance(fake, Controller)
    enter(fake, FREEZE_DAY, now=site.house.clock.now())
