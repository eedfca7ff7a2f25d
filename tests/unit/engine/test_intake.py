"""What comes in by files: originals kept, results of nobody's sample in the tray once, samples known when drawn."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from automation.engine.intake import Intake
from automation.engine.tape import introduce, take_in
from automation.gmp.product.tray import Stray, stray_id
from automation.kernel.errors import RefusedError
from automation.ledger.blobs import Blobs
from instruments.drivers.result_folder import Arrival
from tests.support.doors import SECOND, SYSTEM, Doorway, doorway, proof

FILE = hashlib.sha256(b"a file").hexdigest()
TWO = (proof("perform", "performed"), proof(SECOND, "verified"))
JOINING = {"sample": "S-1", "reason": "label and time fit"}

pytestmark = pytest.mark.requirement("F029")


@dataclass(slots=True)
class Reader:
    """A driver of result files, as the engine sees it."""

    originals: list[bytes] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    samples: object = None


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Doorway]:
    """Give a door behind which one sample was drawn."""
    with doorway(tmp_path) as opened:
        opened.do("container/BAG", "expect", {"identity": "COI-1", "volume_ml": 20.0}, by=SYSTEM)
        opened.do("container/BAG", "receive", {}, by=SYSTEM)
        opened.do("container/BAG", "draw", {"volume_ml": 1.0, "to": "S-1"}, by=SYSTEM)
        yield opened


def arrival(sample: str, line: int = 2) -> Arrival:
    """Give a result as a driver has seen it."""
    return Arrival(sample=sample, sha256=FILE, line=line, analysed="3/21/2022 16:56")


def intake_of(way: Doorway, folder: Path) -> Intake:
    """Give the intake of a site."""
    return Intake(way.ledger, way.door, Blobs(folder / "blobs", sync=False))


def stray(way: Doorway, line: int = 2) -> Stray:
    """Give what stands in the tray for a line of the file."""
    return cast("Stray", way.door.find("tray", stray_id(FILE, line)))


@pytest.mark.requirement("F029")
def test_what_is_of_a_sample_that_was_drawn_never_goes_to_the_tray(way: Doorway, tmp_path: Path) -> None:
    """The other one does, once, however often it is seen and whoever sees it after a restart."""
    for intake in (intake_of(way, tmp_path), intake_of(way, tmp_path)):
        for _ in range(2):
            intake.arrived("counter-01", [arrival("S-1"), arrival("S-9", line=3)])
    assert stray(way).state == "absent"
    assert stray(way, 3).state == "waiting"
    assert len(list(way.ledger.stream(f"tray/{stray_id(FILE, 3)}"))) == 1


def test_a_sample_is_known_from_the_moment_it_is_drawn(way: Doorway, tmp_path: Path) -> None:
    """Also one that is drawn while the site works."""
    intake = intake_of(way, tmp_path)
    first, now = intake.drawn("S-1"), way.clock.now()
    assert (first, intake.drawn("S-2")) == (now, None)
    way.clock.go(60.0)
    for _ in range(2):
        way.do("container/BAG", "draw", {"volume_ml": 1.0, "to": "S-2"}, by=SYSTEM)
        way.clock.go(60.0)
    assert float(intake.drawn("S-2") or 0) == float(now) + 60.0


def test_originals_are_kept_and_taken_from_the_driver_once(way: Doorway, tmp_path: Path) -> None:
    """The driver has nothing left to give; whom to ask about samples it was told."""
    intake, driver = intake_of(way, tmp_path), Reader([b"a file"], [arrival("S-9")])
    introduce(driver, intake)
    take_in(driver, "counter-01", intake)
    assert (driver.originals, driver.arrivals, driver.samples) == ([], [], intake)
    assert Blobs(tmp_path / "blobs", sync=False).get(FILE) == b"a file"
    assert stray(way).arrival is not None


def test_two_people_join_a_result_and_two_can_take_it_back(way: Doorway, tmp_path: Path) -> None:
    """Whoever signs twice is one person."""
    intake = intake_of(way, tmp_path)
    intake.arrived("counter-01", [arrival("S-9")])
    stream = f"tray/{stray_id(FILE, 2)}"
    alone = (proof("perform", "performed"), proof("perform", "verified"))
    with pytest.raises(RefusedError):
        way.do(stream, "join", JOINING, by="perform", signs=alone)
    way.do(stream, "join", JOINING, by="perform", signs=TWO)
    assert intake.joined(FILE, 2) == ("S-1", ("perform", SECOND))
    back = (proof("supervise", "performed"), proof(SECOND, "verified"))
    way.do(stream, "take_back", {"reason": "it was the other tube"}, by="supervise", signs=back)
    assert intake.joined(FILE, 2) == ("", ())
    assert stray(way).state == "waiting"
