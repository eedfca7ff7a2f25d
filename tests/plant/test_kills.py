"""A program killed at any moment goes on where its record ends: same final states, no act twice, nothing forgotten."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from automation.bootstrap import Way
from automation.engine.site import Site
from automation.kernel.quantity import Seconds
from automation.ledger.event import Event
from automation.ledger.verify import verify
from tests.plant.kills import ACTS, Started, faults, tried
from tests.support.crash import Kept, added, at_appends, at_frames, ends, resumed, spread
from tests.support.freezing import cleared, meanwhile, outcome, power_cut, site_with
from tests.support.runs import BATCH, Run, make_site, resume_batch, run_batch, staff_of, when
from tests.support.supervisor import hand, restart, stop, when_held

APPENDS = {"a": 8, "b": 4}
FINAL_DAY = {"a": 173, "b": 173}  # every so many-th append: 4 moments each
FRAMES, BAD_ENDS = 3, 3
Killed = tuple[Run, Kept]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder for copies, and take it away afterwards: there are many."""
    path = tmp_path_factory.mktemp("kills")
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def killed(folder: Path) -> Callable[[str], Killed]:
    """Give an undisturbed run of a site, and what kills at its appends leave; made once for each site."""
    made: dict[str, Killed] = {}

    def give(site: str) -> Killed:
        if site not in made:
            made[site] = at_appends(make_site(folder / site, site), folder / f"kept {site}", Started())
        return made[site]

    return give


def after(state: str) -> Callable[[Event], bool]:
    """Want every event of the batch once its freezing step has entered a state."""
    seen: list[Event] = []

    def wanted(event: Event) -> bool:
        if event.stream == f"batch/{BATCH}/step/freeze" and event.fields.get("state") == state:
            seen.append(event)
        return bool(seen) and event.kind != "close"

    return wanted


@pytest.mark.sweep
@pytest.mark.requirement("C01.2")
@pytest.mark.parametrize(("site", "share"), [(site, n) for site, count in APPENDS.items() for n in range(count)])
def test_killed_at_an_append_the_batch_ends_as_undisturbed(
    killed: Callable[[str], Killed], site: str, share: int
) -> None:
    """Final states and devices' own counters are the same; the record says more only of an act that was open."""
    whole, kept = killed(site)
    moment = spread(kept.moments, APPENDS[site])[share]
    run = resumed(kept, moment)
    assert faults(run, whole) == []
    assert verify(run.folder).intact


@pytest.mark.sweep
@pytest.mark.requirement("C01.2")
@pytest.mark.parametrize("site", FINAL_DAY)
def test_a_final_day_killed_at_an_append_ends_as_undisturbed(folder: Path, site: str) -> None:
    """Whatever was being washed, filled, weighed or labelled; ``python -m tests.plant.kills`` tries all moments."""
    wanted = Started(every=FINAL_DAY[site])
    whole, kept = at_appends(
        make_site(folder / f"day {site}", site), folder / f"kept day {site}", wanted, recipe="final-day"
    )
    assert len(kept.moments) >= 4
    assert [one for one in (tried(kept, whole, moment) for moment in kept.moments) if one.differs] == []


@pytest.mark.sweep
@pytest.mark.requirement("C01.2")
@pytest.mark.parametrize("method", ACTS)
def test_killed_between_two_frames_of_an_act_it_takes_effect_once(folder: Path, method: str) -> None:
    """Whether the frame had reached the device or not, the device is asked before anything is sent again."""
    whole, kept = at_frames(folder / method, folder / f"kept {method}", step="freeze", method=method)
    for moment in spread(kept.moments, FRAMES):
        run = resumed(kept, moment)
        assert faults(run, whole) == [], moment
        assert run.acts["crf-01"]["start"] == 1


def test_killed_after_a_bad_end_the_batch_still_waits_for_a_person(folder: Path) -> None:
    """A run that was not accepted holds the batch, and its deviations are opened, whenever the program was killed."""

    def decide(site: Site) -> None:
        when_held(site, (restart(),))

    empty = meanwhile("ln2", after=1200, level=0)
    whole, kept = at_appends(folder / "bad", folder / "kept bad", after("ended"), empty, decide)
    for moment in spread(kept.moments, BAD_ENDS):
        run = resumed(kept, moment, decide)
        assert (run.state, outcome(run)) == ("closed", ("not accepted", "not evaluable", True)), moment
        assert (run.deviations(), added(run, whole)) == (whole.deviations(), []), moment
        assert [e.kind for e in run.events if e.stream == f"batch/{BATCH}" and e.kind in {"hold", "restart"}] == [
            "hold",
            "restart",
        ], moment


def test_killed_while_people_decide_about_an_interrupted_run(folder: Path) -> None:
    """The question stands as it stood, the held program is let go on once, and the run ends under QA hold."""
    site = site_with(folder / "held", power_fail="hold")
    whole, kept = at_appends(site, folder / "kept held", after("interrupted"), *power_cut(minutes=1))
    for moment in spread(kept.moments, BAD_ENDS):
        run = resumed(kept, moment)
        assert (ends(run), run.acts) == (ends(whole), whole.acts), moment


def test_a_site_opens_while_its_freezer_has_no_power(folder: Path) -> None:
    """Program and freezer lost power together: the program comes back first, says so, and can still be told to stop."""
    cut = power_cut(minutes=60, after=10, state="loaded")
    _, kept = at_appends(folder / "dark", folder / "kept dark", lambda event: event.kind == "failed", *cut)
    run = resumed(kept, kept.moments[0], lambda site: when_held(site, (stop(),)))
    assert (run.state, run.acts["crf-01"]["start"]) == ("closed", 0)
    assert any(message.startswith("crf-01 does not answer") for message in run.alarms())


def test_killed_while_a_reading_was_lost_its_alarm_clears_when_the_reading_is_back(folder: Path) -> None:
    """The gap that one process saw begin is ended by the next one."""
    _, kept = at_appends(folder / "gap", folder / "kept gap", lambda event: event.kind == "gap", *power_cut(minutes=2))
    run = resumed(kept, kept.moments[0], lambda site: _later(60.0, lambda: hand(site, "power", on=True)))
    assert cleared(run, "link crf-01.run")
    gaps = [event for event in run.events if event.kind == "gap" and event.fields["what"] == "crf-01.run"]
    assert [event.fields.get("over", False) for event in gaps] == [False, True]


def test_a_question_is_overdue_at_its_own_time_however_often_the_program_was_killed(folder: Path) -> None:
    """The time to answer has kept counting while nothing ran."""

    def nobody(site: Site) -> None:
        staff_of(site).away = True

    asked = at_appends(folder / "late", folder / "kept late", lambda event: event.stream.startswith("prompt/"))
    moment = asked[1].moments[0]
    run = resume_batch(asked[1].into / moment, nobody, way=Way(careful=True, each=True), down=Seconds(550), until=100)
    assert any(message.startswith("nobody has answered") for message in run.alarms())


def _later(seconds: float, do: Callable[[], None]) -> None:
    """Let something happen so long (s) after the program was opened."""
    asyncio.get_running_loop().call_later(seconds, do)


@pytest.mark.requirement("C01.2")
def test_killed_when_the_work_is_done_and_not_yet_said_it_is_said_soon(folder: Path) -> None:
    """Counting takes a person 7 min; who has counted does not take them again, so that no question is overdue."""
    kept = Kept(make_site(folder / "worked"), folder / "kept worked")
    whole = run_batch(
        kept.folder,
        lambda site: when(site, "count", "drawn", lambda: kept.keep("worked"), after=425.0),
        way=Way(careful=True, each=True),
    )
    assert [faults(resumed(kept, moment), whole) for moment in kept.moments] == [[]]
