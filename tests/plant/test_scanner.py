"""The bar code scanner at its terminal: a read answers the question claimed there, and a bad read is a hint."""

import asyncio
from pathlib import Path

import pytest

from automation.engine.site import Site
from automation.gmp.people.prompts import Prompt
from tests.support.runs import Run, make_site, plant_of, run_batch, staff_of
from tests.support.scenes import enter, insist, scan

DIN, RIGHT = r"^Scan the donation number", "=A99992600001700"
FIRST = "prompt/B-001.receive.1.1"


def moves(run: Run) -> list[str]:
    """Give what happened to the first question, in order."""
    return [event.kind for event in run.events if event.stream == FIRST]


@pytest.mark.requirement("F020.2")
@pytest.mark.requirement("F020.2", refuses=True)
@pytest.mark.parametrize(
    ("details", "hint"),
    [
        ({"cut": 9}, "only a part of the read arrived (9 characters); scan again"),
        ({"layout": "German"}, "the scanner types like a keyboard of another layout (German)"),
        ({"layout": "French"}, "the scanner types like a keyboard of another layout (French)"),
    ],
)
def test_a_bad_read_is_a_hint_and_the_next_read_counts(tmp_path: Path, details: dict[str, str], hint: str) -> None:
    """Nothing is guessed: the person is told at the terminal, scans again, and no mismatch is counted."""
    run = run_batch(make_site(tmp_path), scan(DIN, RIGHT, **details))
    [told] = run.told
    assert told.startswith(hint)
    assert moves(run) == ["open", "claim", "answer"]
    assert (run.state, run.deviations()) == ("closed", [])


@pytest.mark.requirement("F020.2")
@pytest.mark.parametrize("details", [{"times": 2}, {"pieces": 3}, {"pieces": 5, "times": 3}])
def test_a_read_that_comes_twice_or_in_pieces_is_one_read(tmp_path: Path, details: dict[str, int]) -> None:
    """One answer, at the terminal of the scanner, by the person who claimed the question."""
    run = run_batch(make_site(tmp_path), scan(DIN, RIGHT, **details))
    assert moves(run) == ["open", "claim", "answer"]
    answered = next(event for event in run.events if event.stream == FIRST and event.kind == "answer")
    assert (answered.by, answered.terminal) == ("anna", "terminal-1")
    assert (run.told, run.state) == ([], "closed")


@pytest.mark.requirement("F020.2", refuses=True)
def test_a_read_that_nobody_waits_for_answers_nothing(tmp_path: Path) -> None:
    """Told at the terminal; the question that comes later is not answered by it."""

    def hook(site: Site) -> None:
        asyncio.get_running_loop().call_later(0.5, lambda: plant_of(site).hand("scanner-01", "scan", text=RIGHT))

    run = run_batch(make_site(tmp_path), hook)
    assert run.told == ["nothing waits for a scan at this terminal"]
    assert moves(run) == ["open", "claim", "answer"]


@pytest.mark.requirement("F006", "F020.2", refuses=True)
def test_a_read_that_two_questions_wait_for_answers_neither(tmp_path: Path) -> None:
    """Whose bag it is can't be told by the terminal; the person keeps one question and scans again."""

    def hook(site: Site) -> None:
        staff_of(site).leave()
        question: dict[str, object] = {"kind": "scan", "text": "Scan the other bag", "batch": "B-002"}
        insist(enter(site, "prompt/B-002.receive.1.1", "open", question, by="system:runner"))
        for n, name in enumerate(("B-001", "B-002")):
            claim = enter, site, f"prompt/{name}.receive.1.1", "claim", {"terminal": "terminal-1"}
            by = ("anna", "ben")[n]
            asyncio.get_running_loop().call_later(5.0, lambda c=claim, by=by: insist(c[0](*c[1:], by=by)))  # type: ignore[misc]  # bound now
        asyncio.get_running_loop().call_later(6.0, lambda: plant_of(site).hand("scanner-01", "scan", text=RIGHT))

    run = run_batch(make_site(tmp_path), hook, until=60.0)
    assert run.told == ["2 questions wait for a scan at this terminal; keep one of them and scan again"]
    assert {thing.state for thing in run.things.values() if isinstance(thing, Prompt)} == {"claimed"}
