"""What the person sees who has to decide about an act in doubt, and what is signed with the decision."""

import shutil
from pathlib import Path
from typing import cast

import pytest

from automation.engine.doubts import in_words
from automation.engine.site import Site
from automation.gmp.objects import Recorded
from automation.kernel.quantity import Celsius, Microlitres
from automation.ledger.blobs import Blobs
from automation.ledger.read import Reader
from fakes.faults import FaultKind
from instruments.interfaces.label_printer import PrinterStatus
from instruments.interfaces.liquid_handler import Aspirate, HandlerStatus
from instruments.interfaces.probes import Reading
from tests.plant.test_links import DEAF, RUN_FRAME
from tests.support.commands import Said, cellwright
from tests.support.runs import BATCH, make_site, run_batch
from tests.support.supervisor import break_wire, hand, on_call

LEFT = 1300.0  # s; the doubt arises after 12 min, and nobody comes


def lost(site: Site) -> None:
    """Lose the answer to a start, and let nobody be able to ask."""
    on_call(site, "freeze", "start", lambda: break_wire(site, FaultKind.LOSE_REPLY, frames=DEAF, chunk=RUN_FRAME))


@pytest.fixture(scope="module")
def doubted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a site whose freezer started, and nobody knows it."""
    folder = make_site(tmp_path_factory.mktemp("doubt") / "site")
    run_batch(folder, lost, until=LEFT)
    return folder


@pytest.fixture
def folder(doubted: Path, tmp_path: Path) -> Path:
    """Give a copy of it."""
    return Path(shutil.copytree(doubted, tmp_path / "site"))


def resolve(folder: Path, *words: str) -> Said:
    """Look, or decide."""
    return cellwright("resolve", BATCH, *words, "--site", folder)


@pytest.mark.requirement("C01.3")
def test_the_person_sees_bytes_devices_product_time_and_what_each_answer_means(folder: Path) -> None:
    """Looking decides nothing; the devices are asked anew."""
    said = resolve(folder)
    for part in (
        "IN DOUBT: was crf-01.start done? Batch B-001, step freeze (freeze, loaded)",
        "Start the loaded program on the containers that are in the chamber.",
        "asked for      containers BAG-0001",
        "> write programmer status = run [01 06 00 17 00 02 b8 0f]  < nothing",
        "crf-01 now     state run, segment",
        "degC (logger-01.sample, 0.0 s ago)",
        "exposure before freezing (until 2026-01-05 08:55:19)",
        "Time for the sample to reach it (freeze: loaded)",
        "If it was not: the product waits unfrozen",
        "If it was: a running program refuses a second start",
        "crf-01 goes out of service with a deviation",
        "Leave a program that runs to its end in the device, and the product on QA hold.",
    ):
        assert part in said.out, part
    assert (said.status, resolve(folder).status) == (0, 0)


@pytest.mark.requirement("C01.3")
def test_data_of_a_doubt_has_every_part_by_name(folder: Path) -> None:
    """What a screen of another kind would show."""
    data = resolve(folder, "--json").data
    [one] = cast("list[dict[str, object]]", data["doubts"])
    assert (one["what"], one["step"], data["asked_anew"], one["decided"]) == ("crf-01.start", "freeze", True, "")
    stands = cast("list[dict[str, object]]", one["stands"])
    assert [(each["asset"], each["why"]) for each in stands] == [("crf-01", ""), ("logger-01", "")]
    options = cast("list[dict[str, object]]", one["options"])
    assert [each["name"] for each in options] == ["done", "not done", "device defective", "stop", "abort"]


@pytest.mark.requirement("C01.3")
def test_a_device_that_is_silent_now_is_said_to_be(tmp_path: Path) -> None:
    """Without power it does not answer; the sample is still known from the logger."""
    folder = make_site(tmp_path)

    def dark(site: Site) -> None:
        lost(site)
        on_call(site, "freeze", "start", lambda: hand(site, "power", on=False))

    run_batch(folder, dark, until=LEFT)
    said = resolve(folder)
    assert "crf-01 now     does not answer: crf-01: no complete reply within 2 s" in said.out
    assert "degC (logger-01.sample, " in said.out


@pytest.mark.requirement("C01.3")
@pytest.mark.parametrize("words", [("status",), ("show", "batch", BATCH)])
def test_whoever_looks_at_the_site_is_told_of_a_doubt(folder: Path, words: tuple[str, ...]) -> None:
    """In one line: what, where, since when, and what to do."""
    said = cellwright(*words, "--site", folder)
    assert "IN DOUBT: was crf-01.start done? (batch B-001, step freeze, since 08:12:39" in said.out
    assert "look and decide: cellwright resolve B-001 freeze" in said.out


@pytest.mark.requirement("C01.3")
def test_what_was_shown_is_signed_with_the_decision(folder: Path) -> None:
    """The signature binds the whole screen; what was decided is shown from then on, and is not decided twice."""
    decide = ("--outcome", "done", "--reason", "the panel shows RUN", "--as", "carla")
    assert "the batch is held" in resolve(folder, *decide).out
    with Reader(folder) as reader:
        [event] = [event for event in reader.stream(f"batch/{BATCH}") if event.kind == "resolve"]
    shown = Blobs(folder / "blobs", sync=False).get(event.read(Recorded).signed[0].shown).decode()
    assert "write programmer status = run" in shown
    assert shown.endswith("decided: B-001: done (the panel shows RUN)")
    again = resolve(folder, *decide)
    assert (again.status, "is decided (done, by carla: the panel shows RUN)" in again.err) == (1, True)
    assert "decided: done, by carla: the panel shows RUN" in cellwright("status", "--site", folder).out


@pytest.mark.requirement("C01.3", refuses=True)
def test_a_decision_needs_a_reason(folder: Path) -> None:
    """Looking needs none."""
    said = resolve(folder, "--outcome", "done")
    assert (said.status, "at least 3 characters are needed" in said.err) == (2, True)


def test_a_batch_without_a_doubt_says_so(tmp_path: Path) -> None:
    """Nothing is asked of any device."""
    folder = make_site(tmp_path)
    run_batch(folder, until=100.0)
    assert "nothing is in doubt" in resolve(folder).out


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Reading("sample", Celsius(4.0)), "sample, 4 degC"),
        (Aspirate(2, "trough.A1", Microlitres(200.0), Microlitres(5000.0)), "channel 2, well trough.A1, volume 200 uL"),
        (HandlerStatus(3, (True, False, True), ready=False), "channels 3, tips 1, 3, ready no"),
        (PrinterStatus(), "nothing out of the ordinary"),
        (Celsius(-34.55), "-34.55 degC"),
    ],
)
def test_what_a_device_answers_is_said_with_units_and_without_what_is_as_usual(value: object, told: str) -> None:
    """One line that a person compares with the panel."""
    assert in_words(value, Celsius).startswith(told)
