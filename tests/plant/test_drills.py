"""Drills: people practise a trouble on a throwaway site; a fixed part of ``python -m tests.plant.drills``."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from automation.bootstrap import operations
from fakes.drills.play import Drill, listed, play
from tests.plant.drills import wrong
from tests.support.commands import cellwright

SCRIPTED = [  # a wire, a device, people; with a doubt and without
    ("lost-reply", "freeze", "a"),
    ("lid-open", "freeze", "b"),
    ("wrong-label", "store", "b"),
    ("handler-power-loss", "fill", "a"),
]


class Typed:
    """A terminal at which these lines are typed."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Keep what is to be typed."""
        self._lines = list(lines)
        self.said: list[str] = []

    def say(self, text: str) -> None:
        """Keep what was shown."""
        self.said.append(text)

    def ask(self) -> str | None:
        """Give the next line."""
        return self._lines.pop(0) if self._lines else None


@pytest.mark.requirement("F031", "C01.3")
@pytest.mark.parametrize(("trouble", "during", "site"), SCRIPTED)
def test_a_supervisor_brings_a_batch_through_its_trouble(trouble: str, during: str, site: str) -> None:
    """The batch is closed, each device counts what the ledger holds, and what went wrong is told."""
    recipe = "final-day" if during == "fill" else "freeze-day"
    told = play(Drill(trouble=trouble, during=during, site=site, recipe=recipe))
    assert wrong(told) == []
    assert told.simulated


@pytest.mark.requirement("C01.3")
def test_a_wrong_decision_about_a_doubt_is_shown_in_the_debrief() -> None:
    """The start never reached the freezer, and the person says without looking that it did."""
    lines = ("wait 1 min", "answer", "wait 1 min", "resolve done 'the screen says so'", "restart", "wait 1 min")
    terminal = Typed(lines)
    told = play(Drill(trouble="dead-link", during="freeze", recipe="freeze-day"), terminal=terminal)
    assert [doubt.partition(" s ")[2] for doubt in told.doubts][1:] == ["carla says done: the screen says so"]
    assert "crf-01.start counts 0, the ledger holds 1 as done" in told.wrong
    assert not any("not possible" in text for text in terminal.said)


@pytest.mark.requirement("F005")
def test_a_line_that_is_locked_waits_for_the_person_who_practises() -> None:
    """No colleague clears it; the person does, with a colleague's signature, and acknowledges the alarm late."""
    terminal = Typed(["wait", "wait 10 min", "clear 'one label too many, taken away'", "ack", "leave"])
    told = play(Drill(trouble="wrong-label", during="receive", recipe="freeze-day"), terminal=terminal)
    assert sum("LOCKED" in text for text in terminal.said) == 2
    assert terminal.said[-3:-1] == ["cleared", "acknowledge: taken"]
    assert told.deviations == ("a chain of identity of another patient was scanned",)
    assert (told.alarms[0].by, told.alarms[0].over_s) == ("carla", 600.0)


@pytest.mark.requirement("F005")
def test_time_passes_only_when_the_person_lets_it() -> None:
    """Whatever is typed, the clock of the status stands; ``wait`` moves it by what it says."""
    terminal = Typed(["status", "look", "ack", "status", "wait 5 min"])
    play(Drill(trouble="lid-open", during="freeze", recipe="freeze-day"), terminal=terminal)
    clocks = [text[11:19] for text in terminal.said if "batch DRILL-1 is" in text]
    assert clocks[0] == clocks[1] == clocks[2]
    assert (int(clocks[3][3:5]) - int(clocks[2][3:5])) % 60 == 5


@pytest.mark.requirement("C07")
def test_a_drill_leaves_nothing_behind_and_says_that_it_is_simulated(tmp_path: Path) -> None:
    """The site is thrown away unless it is kept; text and JSON are marked."""
    kept = tmp_path / "kept"
    words = ("drill", "wrong-label", "--during", "receive", "--site", "b", "--recipe", "freeze-day", "--by", "script")
    said = cellwright(*words, "--keep", kept)
    assert (said.status, said.out.startswith("SIMULATED drill: practice, no training record")) == (0, True)
    assert (kept / "ledger.sqlite").exists()
    assert cellwright(*words, "--json").data["simulated"] is True


@pytest.mark.requirement("C07", refuses=True)
@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("lid-opn", "--during", "freeze"), "lid-open"),
        (("lid-open", "--during", "wash"), "lid-open comes during freeze"),
        (("door-open", "--during", "wash", "--site", "b"), "needs rotea"),
        (("lid-open", "--during", "freeze", "--site", "nowhere"), "nowhere"),
    ],
)
def test_what_can_t_be_practised_is_named(words: tuple[str, ...], named: str) -> None:
    """One paragraph on standard error, exit status 2."""
    said = cellwright("drill", *words, "--by", "script")
    assert (said.status, named in said.err) == (2, True)


@pytest.mark.requirement("F005")
def test_the_list_names_what_happens_and_when_it_can_come() -> None:
    """Every operation of the list is installed, and every name stands once."""
    lines = listed()
    assert {during for line in lines for during in line.during} <= set(operations())
    assert len({line.name for line in lines}) == len(lines)
    said = cellwright("drill", "--list")
    assert all(line.name in said.out for line in lines)
