"""Corrections at the door: the wrong act is refused, on the record, and changes nothing; the right one succeeds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from automation.gmp.certificates import certificate
from automation.gmp.people.prompts import Prompt
from automation.gmp.quality.corrections import in_force
from automation.kernel.errors import RefusedError
from tests.support.doors import Doorway, doorway
from tests.support.thread import Thread
from tests.unit.gmp.moves_of_corrections import closed, entered, setting, two

C = "correction/C-1"


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Doorway]:
    """A batch of which a count was entered by ``perform``."""
    with doorway(tmp_path) as made:
        entered(made, "X")
        yield made


@pytest.mark.requirement("F106", "F106.3")
@pytest.mark.requirement("F043", "F106.3", refuses=True)
def test_a_closed_record_takes_an_addendum_alone(way: Doorway) -> None:
    """Who corrects it and quality sign; nobody reopens the record."""
    closed(way, "X")
    with pytest.raises(RefusedError, match="only an addendum"):
        way.do(C, "correct", setting("X"), by="perform", signs=two())
    way.do(C, "add", setting("X"), by="perform", signs=two(meaning="approved"))
    assert dict(in_force(way.door, "C-X.count.1.1")) == {"total": 4e6}


@pytest.mark.requirement("F106", "F106.3")
def test_the_entry_itself_keeps_what_was_entered(way: Doorway) -> None:
    """The prompt is not touched; what counts is read with its corrections, the last one last."""
    way.do(C, "correct", setting("X"), by="perform", signs=two())
    way.do("correction/C-2", "correct", setting("X", was="4e6", value="5e6"), by="perform", signs=two())
    assert dict(way.get(Prompt, "prompt/C-X.count.1.1").values) == {"total": 3e6}
    assert dict(in_force(way.door, "C-X.count.1.1")) == {"total": 5e6}


@pytest.mark.requirement("F040", "F106", "F106.3")
def test_a_certificate_names_every_correction_so_that_an_earlier_one_no_longer_fits(way: Doorway) -> None:
    """Its digest is what a release states."""
    before = certificate(way.door, "C-X", specification="S")
    way.do(C, "correct", setting("X"), by="perform", signs=two())
    after = certificate(way.door, "C-X", specification="S")
    assert after.corrections == ("C-1: total of C-X.count.1.1 was 3e6, is 4e6 (because the test says so)",)
    assert before.digest != after.digest


@pytest.mark.requirement("F106")
@pytest.mark.requirement("F106.3", refuses=True)
def test_the_entries_of_a_released_lot_are_not_corrected(tmp_path: Path) -> None:
    """Its release has to be revoked first."""
    with doorway(tmp_path) as way:
        thread = Thread(way, "R")
        thread.through("release", "release_conditionally")
        with pytest.raises(RefusedError, match="its release has to be revoked first"):
            way.do(C, "add", {**setting("X"), "batch": "R"}, by="perform", signs=two(meaning="approved"))
