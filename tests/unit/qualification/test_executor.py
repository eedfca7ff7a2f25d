"""The program's part of a qualification: done once, whatever kills it, on the record with what the device was asked."""

import asyncio
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

import pytest

from automation.bootstrap import Way
from automation.engine.journal import Called
from automation.engine.recipe.yaml_source import read_text
from automation.engine.site import Site
from automation.gmp.plant.qualifications import Qualification
from automation.kernel.errors import RefusedError
from automation.ledger.event import Event
from automation.qualification.executor import PROGRAM
from automation.qualification.protocols import load, read
from fakes.eurotherm import EurothermFreezer
from fakes.plant import Plant
from tests.support.qualifying import at_bench, begun, bench, by_program, execution, move

Q = "crf-01-freezer-oq-1"
STEPS = ("IQ-1.1", "OQ-1.1", "OQ-1.2", "OQ-2.2", "OQ-3.1", "OQ-4.1")
READY = {"step": "OQ-2.1", "actual": "empty and dry, nine thermocouples in, lid closed", "met": True, "simulated": True}
KILLED = Way(careful=True, each=True, staffed=False)
MOMENTS: Final[Mapping[str, Callable[[Event], bool]]] = {  # what was appended last when the program was killed
    "before the freezer is started": lambda event: event.kind == "call" and event.read(Called).method == "start",
    "in the midst of its program": lambda event: event.kind == "wait" and event.fields["what"] == "watch.first",
    "when its curve was judged": lambda event: event.kind == "observe" and b"OQ-2.2" in event.body,
}


@dataclass(frozen=True, slots=True)
class Wished:
    """What the owner of a site is asked."""

    target: str
    by: str
    body: dict[str, object] = field(default_factory=dict)


async def _done(site: Site) -> Qualification:
    if execution(site, Q).state == "absent":
        protocol = load("freezer-oq").protocol
        await begun(site, Q, protocol, asset="crf-01", equipment={"logger": "logger-01"})
    if execution(site, Q).last("OQ-2.1") is None:
        await move(site, Q, READY, command="enter")
    await by_program(site, Q)
    return execution(site, Q)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Qualification, Path]:
    """One execution, with what a kill leaves at each moment; gives it and the folder of the copies."""
    here = tmp_path_factory.mktemp("killed")
    folder = bench(here / "whole")

    def hook(site: Site) -> None:
        def look(event: Event) -> None:
            for name, wanted in MOMENTS.items():
                if event.stream.startswith(f"qualification/{Q}") and wanted(event):
                    shutil.copytree(folder, here / name, ignore=shutil.ignore_patterns("*-shm", "*.lock"))

        site.house.ledger.subscribe(look, first=True)

    return at_bench(folder, _done, Way(careful=True, each=True, staffed=False, after=[hook])), here


@pytest.mark.requirement("F150.2", "C10.2")
def test_the_program_qualifies_a_freezer_as_far_as_nobody_has_to_look(killed: tuple[Qualification, Path]) -> None:
    """Identity, load and read back, ramps and holds, a provoked alarm, the ledger; each with its files and events."""
    results = {one.step: one for one in killed[0].results if one.started_by}
    assert tuple(sorted(results)) == STEPS
    assert all(one.met and one.by == PROGRAM and one.started_by == "erik" for one in results.values())
    assert "ramp to -90 degC at 10 K/min" in results["OQ-2.2"].actual
    assert {piece.name for piece in results["OQ-2.2"].evidence} == {"curve.csv", "exchange.json", "program.json"}
    assert results["OQ-3.1"].actual == "alarms before: none; during: sensor break; after: none"


@pytest.mark.requirement("F150.2")
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_execution_goes_on_and_does_nothing_twice(killed: tuple[Qualification, Path], moment: str) -> None:
    """Each step has one result, that of the whole run, and the freezer was started once."""

    async def again(site: Site) -> tuple[Qualification, int, int]:
        after = await _done(site)
        events = site.house.ledger.stream(f"qualification/{Q}")
        freezer = cast("Plant", site.plant).fake("crf-01")
        assert isinstance(freezer, EurothermFreezer)
        starts = freezer.acts["start"]
        return after, sum(event.kind == "observe" for event in events), starts

    after, observed, starts = at_bench(killed[1] / moment, again, KILLED)
    assert {one.step: one.met for one in after.results if one.started_by} == dict.fromkeys(STEPS, True)
    assert (observed, starts) == (len(STEPS), 1)


@pytest.mark.requirement("F150.2")
def test_the_evidence_of_a_check_holds_the_bytes_that_went_over_the_wire(killed: tuple[Qualification, Path]) -> None:
    """Kept under its SHA-256, which is checked when it is read."""

    async def job(site: Site) -> object:
        first = next(one for one in execution(site, Q).results if one.step == "IQ-1.1")
        return json.loads(site.house.blobs.get(next(one.sha256 for one in first.evidence)))

    exchanges = at_bench(killed[1] / "whole", job)
    assert isinstance(exchanges, list)
    assert exchanges[0]["body"]["wire"]
    assert exchanges[0]["body"]["method"] == "identify"


@pytest.mark.requirement("F150.2", "C01.2", refuses=True)
def test_two_who_let_the_program_work_at_once_let_it_act_once(tmp_path: Path) -> None:
    """The second is told that the program is at work; the freezer is asked nothing twice."""

    async def job(site: Site) -> tuple[list[dict[str, str]], list[str]]:
        await begun(site, Q, load("freezer-oq").protocol, asset="crf-01", equipment={"logger": "logger-01"})
        await move(site, Q, READY, command="enter")
        wished = Wished(f"qualification/{Q}", "erik")
        told = await asyncio.gather(*(site.jobs["qualify"](site, wished) for _ in range(2)))
        events = site.house.ledger.stream(f"qualification/{Q}/check/OQ-2.2.1")
        return list(told), [event.read(Called).method for event in events if event.kind == "call"]

    (first, second), calls = at_bench(bench(tmp_path / "site"), job)
    assert calls == ["load", "start", "reset"]
    assert set(first) == set(STEPS)
    assert set(second.values()) == {"waits: the program is at work here already; erik has let it"}


@pytest.mark.requirement("F150.2", refuses=True)
def test_another_device_at_the_end_of_the_cable_fails_its_iq(tmp_path: Path) -> None:
    """The register says another maker; the step fails and opens a deviation, and nothing is shown by that device."""
    folder = bench(tmp_path / "site")
    text = (folder / "site.yaml").read_text("utf-8").replace("maker: Eurotherm", "maker: Planer")
    (folder / "site.yaml").write_text(text, encoding="utf-8")

    async def job(site: Site) -> tuple[Qualification, str, str]:
        one = await _done(site)
        told = (await by_program(site, Q))["OQ-1.1"]
        return one, site.house.door.find("deviation", f"{Q}-D01").state, told

    one, deviation, told = at_bench(folder, job)
    assert told == "waits: crf-01 says maker 'Eurotherm'; registered is 'Planer'"
    assert {result.step for result in one.results if result.started_by} == {"IQ-1.1", "OQ-4.1"}
    assert (one.failures[0].step, deviation) == ("IQ-1.1", "open")
    assert "maker Eurotherm, registered Planer" in one.failures[0].actual
    assert "the site's file alone says its model and serial: compare its plate" in one.failures[0].actual


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> tuple[Qualification, dict[str, str], list[str]]:
    """The program looks at itself; then two try who may not. Gives the execution, what was told, the refusals."""
    name = "system-01-system-iq-oq-1"

    async def job(site: Site) -> tuple[Qualification, dict[str, str], list[str]]:
        await begun(site, name, load("system-iq-oq").protocol, asset="system-01", equipment={})
        told, refusals = await by_program(site, name), []
        for person in ("dora", "anna"):
            with pytest.raises(RefusedError) as refused:
                await site.jobs["qualify"](site, Wished(f"qualification/{name}", person))
            refusals.append(str(refused.value))
        return execution(site, name), told, refusals

    return at_bench(bench(tmp_path_factory.mktemp("system") / "site"), job)


@pytest.mark.requirement("C10.2", "F150.2")
def test_the_program_looks_at_itself(system: tuple[Qualification, dict[str, str], list[str]]) -> None:
    """Files, environment, configuration, clock and ledger, each with what it keeps."""
    results = {result.step: result for result in system[0].results}
    assert {name: one.met for name, one in results.items()} == dict.fromkeys(
        ("IQ-1.1", "IQ-2.1", "IQ-2.2", "IQ-2.3", "OQ-2.1"), True
    )
    assert "files, all together" in results["IQ-1.1"].actual
    assert {piece.name for piece in results["IQ-2.1"].evidence} == {"packages.txt"}
    assert results["IQ-2.2"].cites


@pytest.mark.requirement("F150.2")
def test_what_people_have_to_try_first_is_waited_for(system: tuple[Qualification, dict[str, str], list[str]]) -> None:
    """What must be refused, and a backup; neither has a result until then."""
    assert system[1]["OQ-1.1"].startswith("waits: let somebody try what must be refused: grant")
    assert system[1]["OQ-3.1"].startswith("waits: make a backup and try it")
    assert not {"OQ-1.1", "OQ-3.1"} & {one.step for one in system[0].results}


@pytest.mark.requirement("F150.2", refuses=True)
def test_the_program_works_for_nobody_without_the_right_or_the_training(
    system: tuple[Qualification, dict[str, str], list[str]],
) -> None:
    """Quality may look, not execute; an operator who is not trained may not either."""
    quality, operator = system[2]
    assert "needs the right" in quality
    assert "on which anna is not trained" in operator


READINGS = """\
id: read-iq
version: "1"
title: Readings
stages: [IQ]
asset_class: controlled rate freezer
scope: one freezer
acceptance: every step as expected
requalify_d: 30
requirements: [{id: URS-1, text: It reads., risk: low}]
cases:
  - id: R
    title: Readings
    requirements: [URS-1]
    risk: low
    steps:
      - {n: 1, action: Chamber., expected: Warm., check: read, given: {method: chamber}, limits: between 15 and 25 degC}
      - {n: 2, action: Chamber., expected: Cold., check: read, given: {method: chamber}, limits: at most -80 degC}
      - {n: 3, action: The run., expected: None., check: read, given: {method: run.state, is: reset}}
      - n: 4
        action: A run at which nobody looks.
        expected: No verdict.
        check: ramp and hold
        given:
          program: "{name: S, segments: [{type: ramp, target: 19 degC, rate: 1 K/min},
            {type: hold, target: 19 degC, dwell: 1 min}]}"
          every: 1 h
          rate_within: "1"
          rate_share: "0.1"
          hold_within: "2"
          settle_s: "1"
"""


@pytest.mark.requirement("F150.2")
@pytest.mark.requirement("F150.2", refuses=True)
def test_a_reading_of_the_program_is_judged_by_the_limits_of_its_step(tmp_path: Path) -> None:
    """22 degC is warm and not cold; a word is compared with another; two looks judge no ramp."""

    async def job(site: Site) -> Qualification:
        await begun(site, "Q", read(read_text(READINGS, name="r.yaml")), asset="crf-01", equipment={})
        await by_program(site, "Q")
        return execution(site, "Q")

    one = at_bench(bench(tmp_path / "site"), job)
    judged = [(result.step, result.met) for result in one.results]
    assert judged == [("R.1", True), ("R.2", False), ("R.3", True), ("R.4", False)]
    assert one.results[3].actual.startswith("what was watched can't be judged: ")
    assert "curve.csv" in {piece.name for piece in one.results[3].evidence}
    assert one.results[1].judged == "step R.2: 22 degC is beyond the reject limit <= -80 degC"
    assert one.failures[0].deviation == "Q-D01"
