"""The gap list, topic by topic: a site that has more than another, and what of it the other lacks."""

import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import cast

import pytest

from automation.engine.recipe.load import load
from automation.engine.sitemodel import Mode as SiteMode
from automation.engine.sitemodel import SiteFile
from automation.ledger.event import Mode
from automation.ledger.read import Reader
from automation.opener import House, Staying
from automation.views.objects import Objects
from automation.views.transfer.gap import gaps
from automation.views.transfer.units import Pair, Severity, Unit
from tests.support.commands import Said, cellwright, simulated_site
from tests.support.doors import doorway
from tests.unit.gmp.moves_of_quality import act

pytestmark = pytest.mark.requirement("C09.2", "F090")
RECIPE = "dd3ad614d2102811023fef44c5aab7a64dcfb87942d34bf7525cb98707486ee8"  # of freeze-day
SUITE = "\ncapacities:\n  suite-1: {is: suite, takes: 8 h, at_once: 2}\n"
FREEZER = {"asset_class": "controlled rate freezer", "driver": "eurotherm_modbus", "kind": "driven"}
WORK = """
document SOP-12@1 write --title "Freezing bags" --sort sop --text "Close the lid." --operations freeze --as dora
document SOP-12@1 submit --as dora
document SOP-12@1 review --as ben
document SOP-12@1 approve --as hugo
document SOP-12@1 make_effective --as hugo
document freeze-day@1 write --title "Freezing" --sort recipe --text "as the file" --digest RECIPE --as dora
document freeze-day@1 submit --as dora
document freeze-day@1 review --as ben
document freeze-day@1 approve --as hugo
document freeze-day@1 make_effective --as hugo
specification SPEC-T@1 write --product "Autologous T cells, formulated" --criteria CRITERIA --as dora
specification SPEC-T@1 approve --as hugo
template container@1 write --title "Bag label" --fixed "DO NOT IRRADIATE" --stock "label stock" --as carla
template container@1 approve --as hugo
curriculum freezing write --title "Freezing" --operations store --valid-days 365 --trainers carla --as carla
curriculum freezing approve --as dora
supplier "Simulated Supplies" propose --role distributor --materials cassette --basis questionnaire --evidence SQ-4 \
    --as dora
supplier "Simulated Supplies" approve --until 2027-12-31T00:00 --as hugo
material cassette write --unit pcs --reorder-at 5 --as dora
material cassette approve --as hugo
room "Suite 1" register --grade B --containment 2 --as dora
profile eu@2 write --negative-to-date true --early-clause "a letter" \
    --out-of-specification true --supply-clause "EU GMP Part IV 11.53" \
    --effective 2026-01-05T00:00 --changes "no release before a reading" --as dora
profile eu@2 approve --as hugo
"""
CRITERIA = """'[{"test": "viability", "method": "7-AAD", "limit": "at least 70.0 %"}]'"""
MORE = {
    "documents: documents of freeze": "changes the process",
    "documents: recipe": "changes the process",
    "documents: specification of Autologous T cells, formulated": "blocks",
    "documents: label template container": "changes the process",
    "people: curriculum of store": "changes the process",
    "materials: supplier Simulated Supplies": "changes the process",
    "materials: cassette, definition": "changes the process",
    "rooms: Suite 1": "changes the process",
    "rules: rule profiles": "changes the process",
    "capacity: suite-1": "tells only",
}


@contextmanager
def opened() -> Iterator[Staying]:
    """Keep a site open between commands."""
    house = Staying()
    try:
        yield house
    finally:
        house.leave()


def made(folder: Path, work: str, suite: str) -> Path:
    """Make a copy of site a with a suite, and do this work there."""
    simulated_site(folder)
    (folder / "site.yaml").write_text((folder / "site.yaml").read_text(encoding="utf-8") + suite, encoding="utf-8")
    assert cellwright("instruments", "identify", "--site", folder).status == 0
    with opened() as house:
        for words in work.replace("RECIPE", RECIPE).replace("CRITERIA", CRITERIA).strip().splitlines():
            said = cellwright("do", *shlex.split(words), "--site", folder, house=lambda: house)
            assert (said.status, words) == (0, words), said.err
    return folder


@pytest.fixture(scope="module")
def more(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Site a with documents, definitions, a specification, a template, a curriculum, a room and a suite."""
    return made(tmp_path_factory.mktemp("more"), WORK, SUITE)


def weights(said: Said) -> dict[str, str]:
    """Give how much each gap weighs, by its name."""
    return {one["id"]: one["severity"] for one in cast("list[dict[str, str]]", said.data["gaps"])}


def test_whatever_a_site_has_and_the_other_has_not_is_a_gap(more: Path) -> None:
    """Papers, people, materials, rooms, rules, capacities; a specification that is missing blocks."""
    found = cellwright("gap", more, "a", "freeze-day", "--json", house=House)
    assert (found.status, weights(found)) == (1, MORE)


def test_what_the_receiving_site_has_beyond_the_sending_one_is_no_gap(more: Path) -> None:
    """Only a curriculum that nobody is qualified by closes the gate of its step."""
    found = weights(cellwright("gap", "a", more, "freeze-day", "--json"))
    assert [name for name, weighs in found.items() if weighs == "blocks"] == [
        "people: trained on store",
    ]


UNLIKE = {
    "Close the lid.": "Leave the lid open.",
    "DO NOT IRRADIATE": "KEEP COLD",
    "--reorder-at 5": "--reorder-at 9",
    "--grade B": "--grade C",
    "CRITERIA": CRITERIA.replace("70.0", "80.0"),
}
DIFFERS = {
    "documents: document SOP-12",
    "documents: specification of Autologous T cells, formulated",
    "documents: label template container",
    "materials: cassette, definition",
    "rooms: Suite 1",
    "capacity: suite-1",
}


def test_what_both_have_and_say_otherwise_is_a_gap_too(more: Path, tmp_path: Path) -> None:
    """The text of a document, a limit, a label, a definition, the grade of a room, how many patients at once."""
    kinds = ("document SOP-12", "specification", "template", "material", "room")
    work = "\n".join(line for line in WORK.strip().splitlines() if line.startswith(kinds))
    for before, after in UNLIKE.items():
        work = work.replace(before, after)
    other = made(tmp_path, work, SUITE.replace("at_once: 2", "at_once: 1"))
    found = weights(cellwright("gap", more, other, "freeze-day", "--json"))
    assert set(found) >= DIFFERS
    assert found["documents: specification of Autologous T cells, formulated"] == "changes the process"


OTHERWISE = {
    "what: cassette, supplier: Simulated Supplies": "what: cassette, supplier: Example Plastics",
    'expiry: "2027-12-31"}': 'expiry: "2027-12-31", released: false}',  # of the overwrap
    "power_fail: continue": "power_fail: hold",
    "qualified person: [release, approve, read]": "qualified person: [approve, read]",
    "certificate: CAL-CRF-01": "certificate: lost",
    'due: "2026-06-30", certificate: lost': 'due: "2026-01-04", certificate: lost',
    "zone: Europe/Berlin": "zone: Asia/Tokyo",
}
FOUND = {
    "equipment: controlled rate freezer": "blocks",
    "materials: lot of overwrap": "blocks",
    "people: right release": "blocks",
    "equipment: controlled rate freezer, settings": "changes the process",
    "materials: cassette, supplier": "changes the process",
    "site: time zone": "tells only",
}


def test_what_a_site_file_states_otherwise_is_found(tmp_path: Path) -> None:
    """Supplier, a lot that is not released, a setting, nobody who releases, a calibration that is over, the zone."""
    site = simulated_site(tmp_path)
    text = (site / "site.yaml").read_text(encoding="utf-8")
    for before, after in OTHERWISE.items():
        assert before in text
        text = text.replace(before, after, 1)
    (site / "site.yaml").write_text(text, encoding="utf-8")
    assert cellwright("instruments", "identify", "--site", site).status == 0
    said = cellwright("gap", "a", site, "freeze-day", "--json")
    assert (said.status, weights(said)) == (1, FOUND)


def test_alarms_and_people_on_call_of_the_sending_site_are_compared() -> None:
    """Site c watches its stores and calls people; site a does neither."""
    found = weights(cellwright("gap", "c", "a", "freeze-day", "--json"))
    assert found["alarms: roster"] == "tells only"
    assert any(name.startswith("alarms: ") and "level <" in name for name in found)


@pytest.mark.requirement("C09.2", refuses=True)
def test_a_driver_that_was_never_run_on_a_device_blocks_a_live_site(tmp_path: Path) -> None:
    """Known from a document alone (L1), and qualified as far as IQ: neither is enough to make product with."""
    operations = House().operations()
    recipe = load("freeze-day", operations)
    with ExitStack() as stack:
        units = []
        for name, mode, stage in (("one", Mode.SIMULATED, "PQ"), ("other", Mode.LIVE, "IQ")):
            folder = tmp_path / name
            folder.mkdir()
            way = stack.enter_context(doorway(folder, mode=mode))
            act(way, "asset/crf-1", "register", {**FREEZER, "support": "L1"}, by="administer")
            act(
                way, "asset/crf-1", "qualify", {"due": "2031-01-01", "certificate": "Q-1", "stage": stage}, by="approve"
            )
            way.ledger.flush()
            reader = stack.enter_context(Reader(folder))
            units.append(Unit(SiteFile(name=name, mode=SiteMode(mode), zone="UTC"), Objects(reader)))
        found = {one.id: one.severity for one in gaps(Pair(units[0], units[1], recipe, operations))}
    assert found["equipment: controlled rate freezer, driver"] is Severity.BLOCKS
    assert found["equipment: controlled rate freezer, qualification"] is Severity.CHANGES
    assert found["site: mode"] is Severity.TELLS
