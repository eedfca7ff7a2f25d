"""The requirements are whole, every mark names one of them, and what is built has its tests."""

import csv
import io
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from automation.kernel.errors import InputError
from tests.house.source import modules
from tests.qualification.marks import Shown, known, written, wrong
from tests.qualification.matrix import HEAD, as_csv, as_markdown, as_text, matrix, missing
from tests.qualification.requirements import MISSION, Requirement, Risk, requirements, with_parts

HERE = "tests/plant/test_washing.py::test_it_washes"
ENTRY = "F001:\n  shall: The system shall wash.\n  risk: high\n  acceptance: It is clean.\n"


@cache
def shown() -> tuple[Shown, ...]:
    """Give what all tests say that they show, as it stands in the source."""
    return tuple(sorted({one for module in modules("tests") for one in written(module)}))


def wash(*parts: Requirement, reason: str = "") -> Requirement:
    """Give a requirement of high risk."""
    said = "The system shall wash."
    return Requirement(id="F001", shall=said, risk=Risk.HIGH, acceptance="It is clean.", reason=reason, parts=parts)


def test_every_row_of_the_mission_has_its_requirement() -> None:
    """In their order, and nothing else beside them."""
    assert tuple(row.id for row in requirements()) == MISSION


def test_every_requirement_is_one_sentence_that_begins_alike() -> None:
    """A sentence of its own: no two are the same."""
    every = list(with_parts(requirements()))
    assert [one.id for one in every if not one.shall.startswith("The system shall ")] == []
    assert len({one.shall for one in every}) == len(every)


@pytest.mark.requirement("F150.1", "C10.1")
def test_what_is_built_is_shown_and_what_is_of_high_risk_is_refused() -> None:
    """No mark names a requirement that is not there, and nothing is said of what is not built."""
    assert missing(requirements(), shown()) == []


@pytest.mark.requirement("F150.1", "C10.1", refuses=True)
@pytest.mark.parametrize(
    ("row", "marks", "said"),
    [
        (wash(), [], "no test shows it"),
        (wash(), [("F001", False)], "no test shows that it refuses"),
        (wash(), [("F001", True)], "no test shows it"),
        (wash(), [("F001", False), ("F001", True), ("F001.1", False)], "which is no requirement"),
        (wash(reason="no water"), [("F001", False)], "says that it shows it"),
        (wash(replace(wash(), id="F001.1")), [("F001", False), ("F001", True)], "F001.1 is built, and no test shows"),
    ],
)
def test_a_gap_of_the_matrix_is_named(row: Requirement, marks: list[tuple[str, bool]], said: str) -> None:
    """A tested part counts for its row; a tested row does not count for its parts."""
    assert any(said in problem for problem in missing((row,), [Shown(name, HERE, no) for name, no in marks]))


def test_a_formula_alone_shows_no_function() -> None:
    """That it leads somewhere is shown from outside: by a command, at the door, in a batch, through a driver."""
    inner = "tests/unit/formulas/test_process.py::test_percent"
    [said] = missing((wash(),), [Shown("F001", inner, refuses=False), Shown("F001", HERE, refuses=True)])
    assert said == f"F001 is built, and no test shows it from outside: {inner}"


def test_a_row_with_a_part_that_is_not_built_is_partly_built() -> None:
    """What is missing stays in sight, and asks for no test."""
    row = wash(replace(wash(), id="F001.1"), replace(wash(reason="no water"), id="F001.2"))
    assert row.status == "partly built"
    assert missing((row,), [Shown("F001.1", HERE, no) for no in (False, True)]) == []


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (ENTRY.replace("high", "huge"), r"yaml:3:.*risk is 'huge'"),
        (ENTRY.replace("clean.", "clean"), "a full stop"),
        (ENTRY + "  status: not built\n", "with its reason"),
        (ENTRY + "  reason: no water\n", "with its reason"),
        (ENTRY + "  parts:\n    F002.1: {shall: It., acceptance: It.}\n", "a part is called F001.1"),
        (ENTRY.replace("  risk: high\n", ""), "lacks risk"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, entry: str, said: str) -> None:
    """With line and column."""
    file = tmp_path / "requirements.yaml"
    file.write_text(entry, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        requirements(file)


def test_the_matrix_is_written_for_programs_and_for_people() -> None:
    """Every requirement and part is in each form, with a test that shows it."""
    lines = matrix(requirements(), shown())
    rows = list(csv.reader(io.StringIO(as_csv(lines))))
    assert (tuple(rows[0]), len(rows)) == (HEAD, len(lines) + 1)
    assert {len(row) for row in rows} == {len(HEAD)}
    assert as_markdown(lines).count("\n") == len(lines) + 2
    text = as_text(lines)
    assert all(line.requirement.reason in text for line in lines)
    assert all(f"+ {line.positive[0]}" in text for line in lines if line.positive)


@pytest.mark.parametrize(
    ("ids", "options"),
    [((), {}), (("F48",), {}), (("F048", "C11"), {}), (("F048",), {"refuse": True}), (("F048",), {"refuses": "yes"})],
)
def test_a_mark_that_says_nothing_is_refused(ids: tuple[str, ...], options: dict[str, object]) -> None:
    """The message shows a good one."""
    assert 'requirement("F048")' in wrong(ids, options)
    assert wrong(("F048", "F020.1"), {"refuses": True}) == ""


def test_marks_know_the_very_ids_of_the_file() -> None:
    """They are read off its lines, which is quick; here they are compared with what it says."""
    assert sorted(known()) == sorted(one.id for one in with_parts(requirements()))
