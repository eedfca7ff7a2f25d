"""Ways to cheat, row after row: the rows stand in the modules beside this one, the page is ``docs/cheats.md``.

Each test is one part of the work. Of each row it asks the same: is the wrong act refused in one clear sentence, with
who and why on record and nothing else changed, and does the same act succeed when it is done rightly?
"""

import re
from pathlib import Path
from typing import Final

import pytest

from automation.kernel.errors import CellwrightError
from automation.ledger.event import OWN_STREAM, Mode
from tests.cheats import (
    batches,
    bedside,
    exchange,
    identity,
    labels,
    materials,
    people,
    plant,
    qualifications,
    quality,
    records,
    release,
    reports,
    results,
    signatures,
    transfers,
)
from tests.cheats.catalogue import CHEATS, PAGE, SECTIONS, page
from tests.cheats.cheat import Cheat
from tests.support.doors import doorway

LONGEST: Final = 420  # characters of a refusal
SHORTEST: Final = 7  # characters of its decisive words
ODD: Final = re.compile(r"\n|Traceback|<[a-z_.]+ object|\bNone\b|secret of ")


def check_cheat(cheat: Cheat, folder: Path) -> None:
    """Try it, look at the record, then do it rightly."""
    with doorway(folder, mode=Mode.LIVE if cheat.plot.live else Mode.SIMULATED) as way:
        scene = cheat.plot.arrange(way)
        wrong, last = scene.wrong, way.ledger.last.seq
        with pytest.raises(CellwrightError) as refused:
            wrong(way)
        why = str(refused.value)
        assert cheat.says in why
        assert (ODD.search(why), len(why) <= LONGEST) == (None, True)
        [noted] = (event for event in way.ledger.events(after=last) if event.stream != OWN_STREAM)
        assert (noted.stream, noted.kind, noted.by) == (f"refusals/{wrong.stream}", "refused", wrong.by)
        assert noted.fields == {"stream": wrong.stream, "command": wrong.command, "why": why}
        before = way.ledger.version(scene.moved)
        scene.right(way)
        assert way.ledger.version(scene.moved) > before


@pytest.mark.requirement(
    "F047", "F047.4", "F085", "F086", "F087", "F088", "F089", "F106", "F106.1", "F158", "F165.3", "F179"
)  # fmt: skip
@pytest.mark.requirement(
    "F047", "F047.4", "F085", "F086", "F087", "F088", "F089", "F106", "F106.1", "F158", "F165.3", "F179",
    refuses=True
)  # fmt: skip
@pytest.mark.parametrize("cheat", people.CHEATS, ids=str)
def test_nobody_gets_an_account_a_right_or_a_training_by_the_own_hand(cheat: Cheat, tmp_path: Path) -> None:
    """Nor by another name, by the program, or by what was good before."""
    check_cheat(cheat, tmp_path)


@pytest.mark.requirement("F024", "F047.2", "F106.1", "F179")
@pytest.mark.requirement("F024", "F047.2", "F106.1", "F179", refuses=True)
@pytest.mark.parametrize("cheat", signatures.CHEATS, ids=str)
def test_nobody_signs_for_another_nor_over_something_else(cheat: Cheat, tmp_path: Path) -> None:
    """A signature is of one person, at that moment, over what was shown."""
    check_cheat(cheat, tmp_path)


@pytest.mark.requirement(
    "F001", "F002", "F004", "F005", "F006", "F009", "F019", "F020", "F020.2", "F031", "F041", "F042", "F043",
    "F047", "F047.1", "F053", "F082", "F092", "F095", "F096", "F106", "F117", "F151", "F155", "F166", "F173", "F179"
)  # fmt: skip
@pytest.mark.requirement(
    "F001", "F002", "F004", "F005", "F006", "F009", "F019", "F020", "F020.2", "F031", "F041", "F042", "F043",
    "F047", "F047.1", "F053", "F082", "F092", "F095", "F096", "F106", "F117", "F151", "F155", "F166", "F173", "F179",
    refuses=True,
)  # fmt: skip
@pytest.mark.parametrize("cheat", batches.CHEATS, ids=str)
def test_no_step_of_a_batch_is_skipped_or_done_by_the_wrong_hand(cheat: Cheat, tmp_path: Path) -> None:
    """From the issue of the approved recipe to the review by somebody who did not perform."""
    check_cheat(cheat, tmp_path)


@pytest.mark.requirement("F010", "F043", "F046", "F047.3", "F106.1", "F106.3", "F179")
@pytest.mark.requirement("F010", "F043", "F046", "F047.3", "F106.1", "F106.3", "F179", refuses=True)
@pytest.mark.parametrize("cheat", records.CHEATS, ids=str)
def test_no_entry_is_edited_backdated_or_lost(cheat: Cheat, tmp_path: Path) -> None:
    """Neither on the screen nor on paper."""
    check_cheat(cheat, tmp_path)


@pytest.mark.requirement(
    "F007", "F010", "F020", "F021", "F024", "F050", "F054.1", "F056", "F057", "F060", "F063", "F064", "F106",
    "F167", "F179"
)  # fmt: skip
@pytest.mark.requirement(
    "F007", "F010", "F020", "F021", "F024", "F050", "F054.1", "F056", "F057", "F060", "F063", "F064", "F106",
    "F167", "F179", refuses=True
)  # fmt: skip
@pytest.mark.parametrize("cheat", identity.CHEATS, ids=str)
def test_nothing_of_one_patient_comes_to_another(cheat: Cheat, tmp_path: Path) -> None:
    """By no scan, no hand-over, and no place in the store."""
    check_cheat(cheat, tmp_path)


@pytest.mark.requirement("F058", "F061")
@pytest.mark.requirement("F058", "F061", refuses=True)
@pytest.mark.parametrize("cheat", labels.CHEATS, ids=str)
def test_no_bag_bears_a_label_that_is_not_its_own(cheat: Cheat, tmp_path: Path) -> None:
    """Nor one that was not verified, counted and approved."""
    check_cheat(cheat, tmp_path)


@pytest.mark.requirement("F028", "F095", "F096", "F097", "F098", "F099", "F100", "F157")
@pytest.mark.requirement("F028", "F095", "F096", "F097", "F098", "F099", "F100", "F157", refuses=True)
@pytest.mark.parametrize("cheat", materials.CHEATS, ids=str)
def test_no_material_is_used_that_is_not_examined_released_and_in_date(cheat: Cheat, tmp_path: Path) -> None:
    """Nor made into something that would hide it."""
    check_cheat(cheat, tmp_path)


@pytest.mark.requirement(
    "F006", "F031", "F032", "F045", "F080", "F081", "F082", "F083", "F106", "F124", "F125", "F151", "F158", "F166"
)  # fmt: skip
@pytest.mark.requirement(
    "F006", "F031", "F032", "F045", "F080", "F081", "F082", "F083", "F106", "F124", "F125", "F151", "F158", "F166",
    refuses=True
)  # fmt: skip
@pytest.mark.parametrize("cheat", plant.CHEATS, ids=str)
def test_nothing_unfit_is_used_and_nothing_is_silenced(cheat: Cheat, tmp_path: Path) -> None:
    """Equipment, rooms, plates, alarms."""
    check_cheat(cheat, tmp_path)


@pytest.mark.requirement("F040", "F065", "F073", "F121", "F145", "F164", "F179")
@pytest.mark.requirement("F040", "F065", "F073", "F121", "F145", "F164", "F179", refuses=True)
@pytest.mark.parametrize("cheat", results.CHEATS, ids=str)
def test_no_lot_is_tested_until_it_fits(cheat: Cheat, tmp_path: Path) -> None:
    """Every result stands, at its own time, of the right sample."""
    check_cheat(cheat, tmp_path)


@pytest.mark.requirement("F054.2", "F101.2")
@pytest.mark.requirement("F054.2", "F101.2", refuses=True)
@pytest.mark.parametrize("cheat", exchange.CHEATS, ids=str)
def test_nothing_from_outside_is_taken_for_what_it_is_not(cheat: Cheat, tmp_path: Path) -> None:
    """A message is signed, in time, sent once and by who may; a result is of the sample and the patient."""
    check_cheat(cheat, tmp_path)


@pytest.mark.requirement(
    "F056", "F073", "F074", "F107", "F110", "F113", "F114", "F115", "F116", "F128", "F139", "F140", "F141", "F154.2",
    "F155", "F180.2",
)  # fmt: skip
@pytest.mark.requirement(
    "F056", "F073", "F074", "F107", "F110", "F113", "F114", "F115", "F116", "F128", "F139", "F140", "F141", "F154.2",
    "F155", "F180.2", refuses=True
)  # fmt: skip
@pytest.mark.parametrize("cheat", quality.CHEATS, ids=str)
def test_nobody_judges_the_own_work(cheat: Cheat, tmp_path: Path) -> None:
    """Documents, changes, findings, answers, complaints, risks."""
    check_cheat(cheat, tmp_path)


@pytest.mark.requirement("C10.2", "F150.2")
@pytest.mark.requirement("C10.2", "F150.2", refuses=True)
@pytest.mark.parametrize("cheat", qualifications.CHEATS, ids=str)
def test_nothing_is_qualified_by_ones_own_word(cheat: Cheat, tmp_path: Path) -> None:
    """Approved protocols, trained people, calibrated means, another's judgement."""
    check_cheat(cheat, tmp_path)


@pytest.mark.requirement("C09.2", "F090", "F094")
@pytest.mark.requirement("C09.2", "F090", "F094", refuses=True)
@pytest.mark.parametrize("cheat", transfers.CHEATS, ids=str)
def test_no_gap_is_talked_away_and_no_bad_batch_left_out(cheat: Cheat, tmp_path: Path) -> None:
    """What was planned is what is judged, by somebody else."""
    check_cheat(cheat, tmp_path)


@pytest.mark.requirement("F137.2")
@pytest.mark.requirement("F137.2", refuses=True)
@pytest.mark.parametrize("cheat", reports.CHEATS, ids=str)
def test_nobody_concludes_a_report_too_early_alone_or_of_nothing(cheat: Cheat, tmp_path: Path) -> None:
    """The next period, when it is over, for the very file, approved by another."""
    check_cheat(cheat, tmp_path)


@pytest.mark.requirement("F010", "F060", "F073", "F075", "F076", "F169")
@pytest.mark.requirement("F010", "F060", "F073", "F075", "F076", "F169", refuses=True)
@pytest.mark.parametrize("cheat", release.CHEATS, ids=str)
def test_no_lot_is_released_over_what_stands_in_its_way(cheat: Cheat, tmp_path: Path) -> None:
    """Nor by an easier specification, an older certificate, or a hand that was in it."""
    check_cheat(cheat, tmp_path)


@pytest.mark.requirement("F009", "F049", "F056", "F059", "F060", "F072", "F129", "F130", "F131", "F132", "F170")
@pytest.mark.requirement(
    "F009", "F049", "F056", "F059", "F060", "F072", "F129", "F130", "F131", "F132", "F170", refuses=True
)
@pytest.mark.parametrize("cheat", bedside.CHEATS, ids=str)
def test_nothing_reaches_a_patient_that_should_not(cheat: Cheat, tmp_path: Path) -> None:
    """And what did is not put away before it is accounted for."""
    check_cheat(cheat, tmp_path)


TESTS: Final = {
    people.TITLE: test_nobody_gets_an_account_a_right_or_a_training_by_the_own_hand,
    signatures.TITLE: test_nobody_signs_for_another_nor_over_something_else,
    batches.TITLE: test_no_step_of_a_batch_is_skipped_or_done_by_the_wrong_hand,
    records.TITLE: test_no_entry_is_edited_backdated_or_lost,
    identity.TITLE: test_nothing_of_one_patient_comes_to_another,
    labels.TITLE: test_no_bag_bears_a_label_that_is_not_its_own,
    materials.TITLE: test_no_material_is_used_that_is_not_examined_released_and_in_date,
    plant.TITLE: test_nothing_unfit_is_used_and_nothing_is_silenced,
    qualifications.TITLE: test_nothing_is_qualified_by_ones_own_word,
    results.TITLE: test_no_lot_is_tested_until_it_fits,
    exchange.TITLE: test_nothing_from_outside_is_taken_for_what_it_is_not,
    quality.TITLE: test_nobody_judges_the_own_work,
    transfers.TITLE: test_no_gap_is_talked_away_and_no_bad_batch_left_out,
    reports.TITLE: test_nobody_concludes_a_report_too_early_alone_or_of_nothing,
    release.TITLE: test_no_lot_is_released_over_what_stands_in_its_way,
    bedside.TITLE: test_nothing_reaches_a_patient_that_should_not,
}


def test_the_marks_of_each_test_are_those_of_its_rows() -> None:
    """The matrix of requirements reads them off the tests."""
    for title, test in TESTS.items():
        shown = tuple(sorted({name for one in SECTIONS[title] for name in one.shows}))
        said = [(m.args, m.kwargs) for m in getattr(test, "pytestmark", ()) if m.name == "requirement"]
        assert said == [(shown, {"refuses": True}), (shown, {})], title
    assert list(TESTS) == list(SECTIONS)


def test_the_page_of_cheats_is_the_list() -> None:
    """What people read is what is tried; ``python -m tests.cheats`` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_way_to_cheat_is_named_once_and_has_its_clause() -> None:
    """A sentence, a clause, requirements, and the words of the refusal."""
    assert len({one.name for one in CHEATS}) == len(CHEATS)
    assert [one.name for one in CHEATS if not (one.clause and one.shows and len(one.says) >= SHORTEST)] == []
