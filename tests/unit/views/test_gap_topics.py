"""The gap list, topic by topic: a site that has more than another, and what of it the other lacks."""

from contextlib import ExitStack
from pathlib import Path
from typing import cast

import pytest

from automation.engine.recipe.load import load
from automation.engine.site import Site
from automation.engine.sitemodel import Mode as SiteMode
from automation.engine.sitemodel import SiteFile
from automation.gmp.door import Command, Proof
from automation.gmp.registry import KINDS
from automation.ledger.event import Mode
from automation.ledger.read import Reader
from automation.opener import House
from automation.surfaces.cli.access import secret
from automation.views.objects import Objects
from automation.views.transfer.gap import gaps
from automation.views.transfer.units import Pair, Severity, Unit
from tests.support.commands import Said, cellwright
from tests.support.doors import doorway
from tests.unit.gmp.moves_of_quality import act

pytestmark = pytest.mark.requirement("C09.2", "F090")
RECIPE = "dd3ad614d2102811023fef44c5aab7a64dcfb87942d34bf7525cb98707486ee8"  # of freeze-day
SUITE = "\ncapacities:\n  suite-1: {is: suite, takes: 8 h, at_once: 2}\n"
LABORATORY = "\nlims: {url: 'http://127.0.0.1:9/', laboratory: LAB-1}\n"
FREEZER = {"asset_class": "controlled rate freezer", "driver": "eurotherm_modbus", "kind": "driven"}
CRITERION = {"test": "viability", "method": "7-AAD", "limit": "at least 70.0 %"}
Body = dict[str, object]
Work = list[tuple[str, str, str, Body]]


def controlled(name: str, said: Body) -> Work:
    """Write a document and bring it into force."""
    after = (("submit", "dora"), ("review", "ben"), ("approve", "hugo"), ("make_effective", "hugo"))
    return [("dora", f"document/{name}@1", "write", said), *((by, f"document/{name}@1", do, {}) for do, by in after)]


SOP: Body = {"title": "Freezing bags", "sort": "sop", "text": "Close the lid.", "operations": ["freeze"]}
PRODUCT: Body = {"product": "Autologous T cells, formulated", "criteria": [CRITERION]}
LABEL: Body = {"title": "Bag label", "fixed": ["DO NOT IRRADIATE"], "stock": "label stock"}
CASSETTE: Body = {"unit": "pcs", "reorder_at": 5}
ROOM: Body = {"grade": "B", "containment": 2}
BOTH: Work = [
    *controlled("SOP-12", SOP),
    ("dora", "specification/SPEC-T@1", "write", PRODUCT),
    ("hugo", "specification/SPEC-T@1", "approve", {}),
    ("carla", "template/container@1", "write", LABEL),
    ("hugo", "template/container@1", "approve", {}),
    ("dora", "material/cassette", "write", CASSETTE),
    ("hugo", "material/cassette", "approve", {}),
    ("dora", "room/Suite 1", "register", ROOM),
]
SUPPLIER: Body = {
    "role": "distributor",
    "materials": ["cassette"],
    "basis": "questionnaire",
    "evidence": "SQ-4",
}
PROFILE: Body = {
    "negative_to_date": True,
    "early_clause": "a letter",
    "out_of_specification": True,
    "supply_clause": "EU GMP Part IV 11.53",
    "effective": "2026-01-05T00:00",
    "changes": "no release before a reading",
}
FREEZING: Body = {"title": "Freezing", "operations": ["store"], "valid_days": 365, "trainers": ["carla"]}
ALONE: Work = [
    *controlled("freeze-day", {"title": "Freezing", "sort": "recipe", "text": "as the file", "digest": RECIPE}),
    ("carla", "curriculum/freezing", "write", FREEZING),
    ("dora", "curriculum/freezing", "approve", {}),
    ("dora", "supplier/Simulated Supplies", "propose", SUPPLIER),
    ("hugo", "supplier/Simulated Supplies", "approve", {"until": "2027-12-31T00:00"}),
    ("dora", "profile/eu@2", "write", PROFILE),
    ("hugo", "profile/eu@2", "approve", {}),
]
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
    "site: laboratory": "tells only",
}


def made(folder: Path, work: Work, beside: str = "", text: str = "") -> Path:
    """Make a copy of site a with more in its file, and do this work there, each as who does it."""
    folder.mkdir(exist_ok=True)
    (folder / "site.yaml").write_text((text or House().template("a")) + beside, encoding="utf-8")
    file = House().site(folder)

    async def job(here: Site) -> None:
        door = here.house.door
        for by, stream, command, body in work:
            kind, _, name = stream.partition("/")
            state = door.find(kind, name).state
            row = next(one for one in KINDS[kind].table.rows if (str(one.source), one.command) == (state, command))
            signs = tuple(Proof(by, secret(file, by), meaning) for meaning in row.signs)
            await door.submit(Command(stream, command, body, by, "terminal-1", signs))

    House().work(folder, job)
    return folder


@pytest.fixture(scope="module")
def more(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Site a with documents, definitions, a specification, a template, a curriculum, a room and a suite."""
    return made(tmp_path_factory.mktemp("more"), [*BOTH, *ALONE], SUITE + LABORATORY)


@pytest.fixture(scope="module")
def same(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Site a as it is packaged."""
    return made(tmp_path_factory.mktemp("same"), [])


def weights(said: Said) -> dict[str, str]:
    """Give how much each gap weighs, by its name."""
    return {one["id"]: one["severity"] for one in cast("list[dict[str, str]]", said.data["gaps"])}


def test_whatever_a_site_has_and_the_other_has_not_is_a_gap(more: Path, same: Path) -> None:
    """Papers, people, materials, rooms, rules, capacities; a specification that is missing blocks."""
    found = cellwright("gap", more, same, "freeze-day", "--json")
    assert (found.status, weights(found)) == (1, MORE)


def test_what_the_receiving_site_has_beyond_the_sending_one_is_no_gap(more: Path, same: Path) -> None:
    """Only a curriculum that nobody is qualified by closes the gate of its step."""
    found = weights(cellwright("gap", same, more, "freeze-day", "--json"))
    assert [name for name, weighs in found.items() if weighs == "blocks"] == [
        "people: trained on store",
    ]


UNLIKE: list[tuple[Body, Body]] = [
    (SOP, {"text": "Leave the lid open."}),
    (LABEL, {"fixed": ["KEEP COLD"]}),
    (CASSETTE, {"reorder_at": 9}),
    (ROOM, {"grade": "C"}),
    (PRODUCT, {"criteria": [{**CRITERION, "limit": "at least 80.0 %"}]}),
]
DIFFERS = {
    "documents: document SOP-12",
    "documents: specification of Autologous T cells, formulated",
    "documents: label template container",
    "materials: cassette, definition",
    "rooms: Suite 1",
    "capacity: suite-1",
    "site: laboratory",
}


def test_what_both_have_and_say_otherwise_is_a_gap_too(more: Path, tmp_path: Path) -> None:
    """The text of a document, a limit, a label, a definition, the grade of a room, how many patients at once."""
    work = [
        (by, on, do, {**said, **next((new for old, new in UNLIKE if old is said), {})}) for by, on, do, said in BOTH
    ]
    other = made(tmp_path, work, SUITE.replace("at_once: 2", "at_once: 1") + LABORATORY.replace("LAB-1", "LAB-2"))
    found = weights(cellwright("gap", more, other, "freeze-day", "--json"))
    assert set(found) >= DIFFERS
    assert found["documents: specification of Autologous T cells, formulated"] == "changes the process"
    assert found["site: laboratory"] == "changes the process"


SPARE = """  microscope-09:
    class: cell counter
    driver: manual_counter
    maker: Example Optics
    model: Neubauer improved
"""
OTHERWISE = {
    "  analyser-01:\n": f"{SPARE}  analyser-01:\n",
    'model: "2408"': 'model: "3216"',
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
    "equipment: controlled rate freezer, model": "changes the process",
    "equipment: controlled rate freezer, settings": "changes the process",
    "materials: cassette, supplier": "changes the process",
    "equipment: cell counter, others": "tells only",
    "site: time zone": "tells only",
}


def test_what_a_site_file_states_otherwise_is_found(same: Path, tmp_path: Path) -> None:
    """Supplier, a lot not released, model, setting, spare, nobody who releases, a calibration that lapsed, the zone."""
    text = House().template("a")
    for before, after in OTHERWISE.items():
        assert before in text
        text = text.replace(before, after, 1)
    said = cellwright("gap", same, made(tmp_path, [], text=text), "freeze-day", "--json")
    assert (said.status, weights(said)) == (1, FOUND)


def test_alarms_and_people_on_call_of_the_sending_site_are_compared(same: Path) -> None:
    """Site c watches its stores and calls people; site a does neither."""
    found = weights(cellwright("gap", "c", same, "freeze-day", "--json"))
    assert found["alarms: roster"] == "tells only"
    assert any(name.startswith("alarms: ") and "level <" in name for name in found)


@pytest.mark.requirement("C09.2", refuses=True)
def test_a_driver_that_was_never_run_on_a_device_blocks_a_live_site(tmp_path: Path) -> None:
    """Known from a document alone (L1), and qualified as far as IQ: neither is enough to make product with."""
    operations = House().operations()
    recipe = load("freeze-day", operations)
    with ExitStack() as stack:
        units = []
        for name, mode, stage, firmware in (("one", Mode.SIMULATED, "PQ", "4.1"), ("other", Mode.LIVE, "IQ", "5.0")):
            folder = tmp_path / name
            folder.mkdir()
            way = stack.enter_context(doorway(folder, mode=mode))
            act(way, "asset/crf-1", "register", {**FREEZER, "support": "L1", "firmware": firmware}, by="administer")
            act(
                way, "asset/crf-1", "qualify", {"due": "2031-01-01", "certificate": "Q-1", "stage": stage}, by="approve"
            )
            way.ledger.flush()
            reader = stack.enter_context(Reader(folder))
            units.append(Unit(SiteFile(name=name, mode=SiteMode(mode), zone="UTC"), Objects(reader)))
        found = {one.id: one.severity for one in gaps(Pair(units[0], units[1], recipe, operations))}
    assert found["equipment: controlled rate freezer, driver"] is Severity.BLOCKS
    assert found["equipment: controlled rate freezer, qualification"] is Severity.CHANGES
    assert found["equipment: controlled rate freezer, firmware"] is Severity.CHANGES
    assert found["site: mode"] is Severity.TELLS
