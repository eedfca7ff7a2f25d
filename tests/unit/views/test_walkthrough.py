"""Chapters of a walk: every line has its cells and its events, and what is on record stands there."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from automation.kernel.errors import RefusedError
from automation.ledger.blobs import Blobs
from automation.ledger.event import Draft
from automation.ledger.read import Reader
from automation.views.batch_record import batch_record
from automation.views.dossier import of_lot
from automation.views.objects import Objects
from automation.views.walkthrough import Chapter, Section, Walk, latest_batch, sections
from tests.support.doors import doorway
from tests.support.history import FAILED, history
from tests.support.thread import Thread
from tests.unit.gmp.moves import REASON as WHY
from tests.unit.gmp.moves_of_quality import act


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Walk, dict[Chapter, tuple[Section, ...]]]]:
    """Walk through a site with thirty batches, one of which is followed."""
    site = history(tmp_path_factory.mktemp("walk") / "site")
    with Reader(site) as reader:
        walk = Walk(Objects(reader), FAILED[0], Blobs(site / "blobs", sync=False))
        yield walk, {chapter: sections(chapter, walk) for chapter in Chapter}


def section(walked: tuple[Walk, dict[Chapter, tuple[Section, ...]]], chapter: Chapter, title: str) -> Section:
    """Give a table of a chapter by its title."""
    return next(one for one in walked[1][chapter] if one.title == title)


@pytest.mark.requirement("F109.2")
def test_every_line_of_a_walk_fits_its_heads_and_cites_events_that_are_there(
    walked: tuple[Walk, dict[Chapter, tuple[Section, ...]]],
) -> None:
    """Of all chapters."""
    last = walked[0].objects.last.seq
    lines = [(one, line) for some in walked[1].values() for one in some for line in one.lines]
    assert len(lines) > 90
    for one, line in lines:
        assert len(line.cells) == len(one.heads), one.title
        assert all(1 <= seq <= last for seq in line.events), one.title
        assert line.events, one.title


@pytest.mark.requirement("F109.2")
def test_what_went_wrong_and_what_was_sampled_stands_in_its_chapter(
    walked: tuple[Walk, dict[Chapter, tuple[Section, ...]]],
) -> None:
    """Six deviations, forty plates, one media fill; the batch that is followed with its step and material."""
    deviations = section(walked, Chapter.DEVIATIONS, "Deviations")
    assert [line.cells[0] for line in deviations.lines] == [f"{batch}-D01" for batch in FAILED]
    assert len(section(walked, Chapter.ENVIRONMENT, "Samples of rooms").lines) == 40
    assert len(section(walked, Chapter.ENVIRONMENT, "Media fills").lines) == 1
    [step] = section(walked, Chapter.BATCH, "Steps").lines
    [used] = section(walked, Chapter.BATCH, "Materials used").lines
    assert (step.cells[0], used.cells[2]) == ("count", "MED-B")
    assert latest_batch(walked[0].objects) == "B-30"


@pytest.mark.requirement("F109.2")
def test_the_exceptions_of_a_walk_are_those_of_the_batch_record(
    walked: tuple[Walk, dict[Chapter, tuple[Section, ...]]],
) -> None:
    """First on the page of the batch, each with its events, and with the verdict of the record."""
    walk = walked[0]
    made = batch_record(walk.objects.reader, walk.blobs, walk.batch)
    found = walked[1][Chapter.BATCH][0]
    assert "E01 Deviations" in {line.cells[1] for line in found.lines}
    assert [(line.cells[1].partition(" ")[0], line.cells[3], line.events) for line in found.lines] == [
        (one.rule, one.what, one.events) for one in made.findings
    ]
    assert (len(found.lines) > 0, made.verdict in found.note) == (True, True)


@pytest.mark.requirement("F109.2")
def test_none_of_many_is_written_as_nought_and_every_moment_in_the_sites_zone(
    walked: tuple[Walk, dict[Chapter, tuple[Section, ...]]],
) -> None:
    """Sixteen units and none that has grown; a step in the zone's own time; what holds to a day says that day."""
    [fill] = section(walked, Chapter.ENVIRONMENT, "Media fills").lines
    [step] = section(walked, Chapter.BATCH, "Steps").lines
    equipment = section(walked, Chapter.PLANT, "Equipment").lines
    assert fill.cells[5:7] == ("16", "0")
    assert (step.cells[3][:10], step.cells[3][-6:]) == ("2026-12-02", "+01:00")
    assert [line.cells[6] for line in equipment if line.cells[0] == "inc-1"] == ["2028-06-30"]


@pytest.mark.requirement("F108", "F109.2")
def test_the_way_of_a_batch_begins_with_its_order_and_ends_with_its_infusion(tmp_path: Path) -> None:
    """As in the dossier of the lot: the order, collection, hand-overs, release, shipment and infusion are its own."""
    with doorway(tmp_path) as way:
        Thread(way, "X1").through("infusion", "complete")
    with Reader(tmp_path) as reader:
        objects = Objects(reader)
        moves = sections(Chapter.BATCH, Walk(objects, "X1", Blobs(tmp_path / "blobs", sync=False)))[1].lines
        streams = of_lot(objects, "X1")
    assert [(one.cells[1], one.cells[2]) for one in (moves[0], *moves[-2:])] == [
        ("order/X1", "place"),
        ("infusion/X1", "complete"),
        ("order/X1", "fulfil"),
    ]
    kinds = {one.partition("/")[0] for one in streams}
    assert {"order", "collection", "handover", "batch", "release", "shipment", "infusion"} <= kinds
    assert {one.cells[1] for one in moves} < set(streams)


@pytest.mark.requirement("F109.2")
def test_a_change_stands_with_its_reason_and_a_refusal_with_who_was_refused(tmp_path: Path) -> None:
    """Also what nobody was allowed to do is shown; roles are those of the site's file that is on record last."""
    change = {"title": "Lid switch", "what": "from none to one", **WHY}
    with doorway(tmp_path) as way:
        act(way, "change/CC-1", "propose", change, by="perform")
        with pytest.raises(RefusedError, match="is not possible in state"):
            way.do("change/CC-1", "withdraw", {}, by="read")
        files = [f"roles:\n  operator: [{rights}]\n" for rights in ("perform", "perform, read")]
        bodies = [msgspec.json.encode({"digest": "d" * 64, "text": text}) for text in files]
        drafts = [Draft("site", "configuration", body, "system:runner") for body in bodies]
        recorded = way.ledger.append(drafts, at=way.clock.micros())[-1].seq
    with Reader(tmp_path) as reader:
        walk = Walk(Objects(reader), "", Blobs(tmp_path / "blobs", sync=False))
        changes = next(one for one in sections(Chapter.DEVIATIONS, walk) if one.title == "Changes")
        refused = next(one for one in sections(Chapter.SYSTEM, walk) if one.title == "What was refused")
        roles = next(one for one in sections(Chapter.SYSTEM, walk) if one.title == "Roles and their rights")
        [batches] = sections(Chapter.BATCH, walk)
    assert [line.cells for line in changes.lines] == [("CC-1", "Lid switch", WHY["reason"], "proposed")]
    assert [line.cells[1:3] for line in refused.lines] == [("change/CC-1", "read")]
    assert [(line.cells, line.events) for line in roles.lines] == [(("operator", "perform, read"), (recorded,))]
    assert batches.note == "No batch was ever issued here."
