"""Labels that people print: what the record puts on them, what becomes of each, and a printer that is asked once."""

import asyncio
from pathlib import Path

import pytest

from automation.engine.printing import printed
from automation.engine.site import Site
from automation.gmp.door import Command
from automation.gmp.due import dues_of
from automation.gmp.product.labels import Label
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Seconds
from automation.opener import House
from tests.support.commands import Said, cellwright
from tests.support.doors import Doorway, proof
from tests.support.thread import Thread
from tests.unit.gmp import moves_of_product as said

SEND = Command("label/T3-L1", "print", {}, "anna")
TITLE = ("--title", "tube", "--stock", "LN2 stock 4")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with an approved template, one whose text no printer draws, and containers."""
    folder = tmp_path_factory.mktemp("labels") / "a"
    assert cellwright("init", folder, "--simulated").status == 0
    for name, fixed in (("tube", "NOT FOR INFUSION"), ("long", "W" * 200)):
        _do(folder, "template", f"{name}@1", "write", *TITLE, "--fixed", fixed, by="dora")
        _do(folder, "template", f"{name}@1", "approve", by="hugo")
    for name in ("T1", "T2", "T3"):
        _do(folder, "container", name, "expect", "--identity", "CHA999926X7K2QD", by="carla")
    return folder


def _do(folder: Path, *words: str, by: str) -> Said:
    done = cellwright("do", *words, "--as", by, "--site", folder)
    assert (done.status, done.err.startswith("cellwright")) == (0, False), done.err
    return done


def label(site: Path, name: str, *more: str, template: str = "tube") -> Said:
    """Print a label at the command line."""
    return cellwright("label", name, "--template", template, *more, "--as", "anna", "--site", site)


@pytest.mark.requirement("F058", "F120")
def test_a_label_says_what_the_record_says_and_is_printed_with_its_specimen(site: Path) -> None:
    """Its bytes are kept under the hash on the record, and it is due until somebody says what became of it."""
    made = label(site, "T1", "--json")
    assert (made.data["state"], made.data["marks"]) == ("printed", ["SIMULATED"])
    assert made.data["lines"] == ["T1", "Chain of identity CHA999926X7K2QD", "NOT FOR INFUSION"]
    shown = cellwright("labels", "container/T1", "--site", site)
    assert (shown.status, "left open: label T1-L1 is printed" in shown.out) == (1, True)
    assert "apply, keep, destroy or void label T1-L1" in cellwright("due", "--as", "anna", "--site", site).out


@pytest.mark.requirement("F058", "F061", refuses=True)
def test_a_label_that_the_printer_refuses_is_void_and_its_number_stays(site: Path) -> None:
    """Nothing was sent; the next one is number 2, and no reprint for two people, because nothing came out."""
    refused = label(site, "T2", template="long")
    assert (refused.status, "characters; at most" in refused.err) == (1, True)
    again = label(site, "T2", "--reason", "text did not fit", "--by-hand")
    assert (again.status, "label T2-L2 is printed" in again.out) == (0, True)
    assert "2 issued = 1 not printed + 1 printed" in cellwright("labels", "container/T2", "--site", site).out


@pytest.mark.requirement("F061", refuses=True)
def test_a_printer_that_broke_off_is_never_asked_again_for_the_same_label(site: Path) -> None:
    """The paper jams after sending: nobody knows; a person looks, and says so."""

    async def job(here: Site) -> list[str]:
        await here.house.door.submit(Command("label/T3-L1", "issue", _said("T3"), "anna"))
        task = asyncio.get_running_loop().create_task(printed(here, SEND, asset=""))
        await here.house.clock.sleep(Seconds(0.7))
        assert here.plant is not None
        here.plant.hand("printer-01", "jam")
        found = [str(one) for one in await asyncio.gather(task, return_exceptions=True)]
        here.plant.hand("printer-01", "clear")
        return found + [str(one) for one in await asyncio.gather(printed(here, SEND, asset=""), return_exceptions=True)]

    first, second = House().work(site, job)
    assert "nobody knows whether it came out" in first
    assert "was sent to printer-01; look whether it came out" in second
    _do(site, "label", "T3-L1", "print", by="ben")


@pytest.mark.requirement("F061", refuses=True)
def test_a_label_of_which_nobody_said_what_became_stands_in_the_way_of_the_release(way: Doorway) -> None:
    """Destroyed, it does not."""
    thread = Thread(way, "X1")
    thread.until("release", "release_conditionally")
    body = {**thread.body("label-P", "issue"), "reason": "one more", "container": "X1-P"}
    marks = ["SIMULATED", "RECORD COPY"]
    way.do("label/X1-P-L2", "issue", {**body, "marks": marks})
    with pytest.raises(RefusedError, match="label X1-P-L2 is issued, not accounted for"):
        thread.do("release", "release_conditionally", by="release")
    way.do("label/X1-P-L2", "void", {"reason": "not needed"}, by="perform")
    thread.do("release", "release_conditionally", by="release")


@pytest.mark.requirement("F120")
def test_a_reprint_is_signed_by_two_and_only_what_a_person_issued_is_due(way: Doorway) -> None:
    """The first was destroyed; the second is due in a day, and over when it is on its container."""
    stream = said.labelled(way, "reissue", name="BAG")
    two = (proof("perform", "performed"), proof("verify", "verified"))
    way.do(stream, "reissue", said.reissued("BAG"), by="perform", signs=two)
    assert [due.owner for due in dues_of(way.door.find("label", "BAG-L2"))] == ["perform"]
    for command, body in (("print", {}), ("verify", {"code": "CONTAINER:BAG"}), ("apply", {"container": "BAG"})):
        way.do(stream, command, body, by="supervise")
    assert dues_of(way.door.find("label", "BAG-L2")) == ()
    assert way.get(Label, stream).issued_by == "perform"


def _said(name: str) -> dict[str, object]:
    lines = [name, "Chain of identity CHA999926X7K2QD", "NOT FOR INFUSION"]
    return {"container": name, "lines": lines, "marks": ["SIMULATED"], "template": "tube", "template_version": "1"}
