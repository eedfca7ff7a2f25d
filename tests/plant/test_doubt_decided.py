"""What a person decides about an act in doubt: a false alarm, a lost command and a true fault end in other states."""

import asyncio
from pathlib import Path

import pytest

from automation.engine.setup import secret_of
from automation.engine.site import Site
from automation.gmp.door import Command, Proof
from automation.gmp.objects import Thing
from automation.gmp.plant.alarms import Alarm
from automation.gmp.words import Meaning
from automation.ledger.event import Event
from fakes.faults import FaultKind
from tests.plant.test_links import DEAF, GOOD, RUN_FRAME, answered, of_method
from tests.support.commands import cellwright
from tests.support.crash import at_appends, resumed
from tests.support.freezing import outcome
from tests.support.runs import BATCH, Hook, Run, make_site, run_batch
from tests.support.scenes import enter, ordered
from tests.support.supervisor import break_wire, on_call, resolve, restart
from tests.support.washes import LOADING, washed
from tests.support.washes import break_wire as break_wash

LOST = {"done": FaultKind.LOSE_REPLY, "not done": FaultKind.LOSE_COMMAND}
ALARM = f"alarm/{BATCH}.freeze.doubt"
DEFECTIVE = "device defective"


def in_doubt(kind: FaultKind) -> Hook:
    """Let nobody be able to ask what became of a start; once."""
    broken: list[bool] = []

    def break_once(site: Site) -> None:
        if not broken:
            broken.append(True)
            break_wire(site, kind, frames=DEAF, chunk=RUN_FRAME)

    return lambda site: on_call(site, "freeze", "start", lambda: break_once(site))


def finding(run: Run) -> tuple[str, str]:
    """Give the state of the alarm, and what it turned out to be."""
    alarm = run.things[ALARM]
    assert isinstance(alarm, Alarm)
    return str(alarm.state), alarm.finding


def repaired(site: Site) -> None:
    """Let the freezer be found defective, and an engineer bring it back, before the batch goes on."""
    loop = asyncio.get_running_loop()

    def follow(event: Event, _thing: Thing) -> None:
        if event.kind == "resolve":
            loop.call_later(60.0, bring_back)

    def bring_back() -> None:
        proof = Proof("dora", secret_of(site.file.people["dora"]), Meaning.RESPONSIBLE)
        back = {"reason": "plug of the line was loose; checked"}
        site.house.door.enter(Command("asset/crf-01", "return", back, "dora", "terminal-1", (proof,)))
        site.house.door.enter(Command(f"batch/{BATCH}", "restart", {"reason": "repaired"}, "carla", "terminal-1"))

    site.house.door.follow(follow)


@pytest.mark.requirement("C01.3")
@pytest.mark.parametrize(
    ("true", "told"), [("done", "false alarm: crf-01.start was done"), ("not done", "lost command: crf-01.start was")]
)
def test_a_false_alarm_is_recorded_as_one(tmp_path: Path, true: str, told: str) -> None:
    """The alarm ends with what it turned out to be; the device stays in service, and there is no deviation."""
    run = run_batch(make_site(tmp_path), in_doubt(LOST[true]), answered((resolve(true), restart())))
    state, found = finding(run)
    assert (state, found.startswith(told), "carla: seen at the panel" in found) == ("returned", True, True)
    assert (outcome(run), run.deviations(), run.things["asset/crf-01"].state) == (GOOD, [], "qualified")


@pytest.mark.requirement("C01.3")
@pytest.mark.parametrize("kind", list(LOST.values()))
def test_a_true_fault_takes_the_device_out_of_service(tmp_path: Path, kind: FaultKind) -> None:
    """A deviation is open, nothing more is sent, and whoever restarts is told why it does not go on."""
    run = run_batch(make_site(tmp_path), in_doubt(kind), answered((resolve(DEFECTIVE), restart())), until=20_000.0)
    assert finding(run)[1].startswith("true fault: crf-01 is defective (carla")
    assert (run.things["asset/crf-01"].state, run.state) == ("out of service", "held")
    assert any(title.startswith("true fault: crf-01 is defective") for title in run.deviations())
    assert [name for name, _ in of_method(run, "start")][:5] == ["call", "doubt", "asked", "resolved", "failed"]


@pytest.mark.requirement("C01.3")
@pytest.mark.parametrize(("said", "turned_out"), [("done", "false alarm"), (DEFECTIVE, "true fault")])
def test_record_and_alarm_log_tell_a_false_alarm_from_a_true_fault(tmp_path: Path, said: str, turned_out: str) -> None:
    """The doubt with who decided what, the alarm with what it turned out to be."""
    folder = make_site(tmp_path)
    run_batch(folder, in_doubt(LOST["done"]), answered((resolve(said),)), until=2_000.0)
    log = cellwright("alarms", "report", "--site", folder).out
    assert f"took effect; {turned_out}: " in log
    record = cellwright("record", BATCH, "--format", "html", "-o", tmp_path / "r.html", "--site", folder)
    told = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert (record.status, f"{said}, decided by carla: seen at the panel" in told) == (0, True)
    assert f"{turned_out}: crf-01" in told


@pytest.mark.requirement("C01.3")
@pytest.mark.parametrize("kind", list(LOST.values()))
def test_a_device_that_came_back_is_asked_before_anything_is_sent_again(tmp_path: Path, kind: FaultKind) -> None:
    """Whether the act took effect was never decided: the repaired device says it, and has started once."""
    run = run_batch(make_site(tmp_path), in_doubt(kind), answered((resolve(DEFECTIVE),)), repaired)
    assert (run.state, outcome(run)[0], run.acts["crf-01"]["start"]) == ("closed", "frozen", 1)
    assert run.things["asset/crf-01"].state == "qualified"


def decides(outcome: str) -> Hook:
    """Let a supervisor decide two minutes after a doubt arose, whatever the batch does meanwhile."""

    def hook(site: Site) -> None:
        said = {"outcome": outcome, "reason": "seen at the panel"}

        def look(event: Event) -> None:
            if event.kind == "doubt":
                asyncio.get_running_loop().call_later(
                    120.0, lambda: enter(site, f"batch/{BATCH}", "resolve", said, by="carla", responsible="carla")
                )

        site.house.ledger.subscribe(look)

    return hook


@pytest.mark.requirement("C01.3")
@pytest.mark.parametrize(("true", "kind"), LOST.items())
def test_a_doubt_of_what_makes_the_product_safe_is_decided_too(tmp_path: Path, true: str, kind: FaultKind) -> None:
    """A hold pauses the washer and nobody can be asked: a person decides, and the hold comes to its end."""
    run = washed(
        tmp_path,
        lambda site: on_call(site, "wash", "pause", lambda: break_wash(site, kind, frames=6, chunk=2)),
        ordered("wash", "washing", "hold", "restart", after=LOADING, later=1200.0),
        decides(true),
    )
    assert "doubt" in run.kinds("wash")
    assert (run.step("wash").state, run.acts["washer-01"]["pause"]) == ("washed", 1)


@pytest.mark.requirement("C01.2", "C01.3")
@pytest.mark.parametrize("said", ["done", DEFECTIVE])
def test_a_decision_survives_a_kill_at_each_of_its_events(tmp_path: Path, said: str) -> None:
    """From the doubt to what the step does with the answer: decided once, one deviation, one start."""
    decision = {"doubt", "asked", "resolve", "clear", "take_out", "resolved", "failed"}
    begun: list[int] = []

    def wanted(event: Event) -> bool:
        begun.extend([event.seq] if event.kind == "doubt" else [])
        return bool(begun) and event.kind in decision

    hooks = (in_doubt(LOST["done"]), answered((resolve(said),)))
    _, kept = at_appends(tmp_path / "site", tmp_path / "kept", wanted, *hooks)
    for moment in kept.moments:
        run = resumed(kept, moment, answered((resolve(said),)))
        ours = [name for name, _ in of_method(run, "start")]
        assert (ours.count("resolved"), run.acts["crf-01"]["start"], run.state) == (1, 1, "held"), moment
        assert sum(title.startswith("true fault") for title in run.deviations()) == (said == DEFECTIVE), moment
        assert finding(run)[1], moment
    assert len(kept.moments) >= 4
