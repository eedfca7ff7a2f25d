"""A shipped qualification protocol from its plan to its release, by the command line alone; one of the six.

All of them: ``python -m tests.qualification.protocols``.
"""

from collections.abc import Iterator

import pytest

from tests.qualification.protocols import QUALITY, Bench, Executed, bench, execute
from tests.qualification.scripts import SCRIPTS

WASHER = SCRIPTS["cell-washer-oq"]
FIRST, SECOND = "washer-01-cell-washer-oq-1", "washer-01-cell-washer-oq-2"
WORDS = ("qualify", WASHER.protocol, "--asset", WASHER.asset, "--as", "erik")


@pytest.fixture(scope="module")
def at() -> Iterator[Bench]:
    """Give a simulated site whose cell washer can be qualified."""
    with bench() as made:
        yield made


@pytest.fixture(scope="module")
def released(at: Bench) -> Executed:
    """Qualify the washer."""
    return execute(at, WASHER, ends=())


@pytest.fixture(scope="module")
def again(at: Bench, released: Executed) -> Bench:
    """Begin once more with the washer that is qualified."""
    assert released.report["state"] == "released"
    digest = at.say(*WORDS, "--again", "--json").data["digest"]
    at.move(SECOND, "approve", "--digest", digest, by=QUALITY)
    at.say(*WORDS, "--equipment", "balance=balance-01")
    return at


def refused(at: Bench, *words: str) -> str:
    """Give why the command refuses; raises AssertionError when it does not, or in more than one paragraph."""
    said = at.ask(*WORDS, *words)
    told = [line for line in said.err.splitlines() if line.startswith("cellwright: ")]
    assert (said.status > 0, len(told)) == (True, 1), said
    return f"{said.status} {told[0]}"


@pytest.mark.requirement("F150.2", "C10.2")
def test_a_cell_washer_is_qualified_by_its_shipped_protocol(at: Bench, released: Executed) -> None:
    """Every result has who, when and its event; counts, coverage and marked limits agree; the asset says so."""
    assert list(released.wrong()) == []
    assert f"qualification record  {FIRST}" in at.say("show", "asset", "washer-01").out


@pytest.mark.requirement("F150.2")
def test_who_looks_at_an_execution_that_is_over_plans_no_other(at: Bench, released: Executed) -> None:
    """The same command says where it stands; another one is asked for in words."""
    said = at.say(*WORDS).out
    assert released.report["id"] == FIRST
    assert f"qualification {FIRST} of washer-01 is released" in said
    assert "--again" in said
    assert at.ask("show", "qualification", SECOND).status == 2


@pytest.mark.requirement("F150.2", refuses=True)
def test_nothing_that_a_person_states_is_dropped_unsaid(at: Bench, released: Executed) -> None:
    """Answers to an execution that takes none are refused; nothing is planned beside that."""
    assert released.report["state"] == "released"
    assert "nothing of OQ-1.1 was entered: qualification" in refused(at, "--answer", "OQ-1.1=98.6")
    assert "nothing of OQ-1.1 was entered: qualification" in refused(at, "--again", "--answer", "OQ-1.1=98.6")
    other = at.ask("qualify", "balance-oq", "--asset", "balance-01", "--answer", "OQ-1.1=100.02", "--as", "erik")
    assert (other.status, "a qualification is not planned, not approved or executing" in other.err) == (1, True)


@pytest.mark.requirement("F150.2", refuses=True)
def test_equipment_is_that_of_the_beginning(again: Bench) -> None:
    """Another one named later changes nothing, and that is said."""
    assert "was begun with balance=balance-01" in refused(again, "--equipment", "balance=crf-01")
    twice = ("--equipment", "balance=balance-01", "--equipment", "balance=crf-01")
    assert refused(again, *twice).startswith("2 cellwright: --equipment balance is given twice")
    assert "--again: qualification" in refused(again, "--again")


@pytest.mark.requirement("F150.2")
def test_the_report_of_an_earlier_execution_can_still_be_had(again: Bench) -> None:
    """Also when another is on its way; which there are is said."""
    asked = ("--report", str(again.folder / "first.json"), "--execution")
    assert "(released)" in again.say(*WORDS[:4], *asked, FIRST).out
    assert f"known: {FIRST}, {SECOND}" in refused(again, *asked, "washer-01-cell-washer-oq-9")
    inside = refused(again, "--report", str(again.folder / "site" / "x.html"))
    assert inside.startswith("2 cellwright: --report is ")


@pytest.mark.requirement("F150.2")
@pytest.mark.requirement("F150.2", refuses=True)
def test_a_number_is_entered_with_its_unit_or_without_and_in_no_other(again: Bench) -> None:
    """What was typed stays as it was typed."""
    for text in ("98,6", "98.6 g", "1_0"):
        assert refused(again, "--answer", f"OQ-1.1={text}").startswith(
            f"2 cellwright: step OQ-1.1 is '{text}'; a number in mL is needed, with '.' as decimal point"
        )
    results = again.say(*WORDS, "--answer", "OQ-1.1=98.6 mL", "--json").data["results"]
    assert isinstance(results, list)
    assert [(one["actual"], one["met"]) for one in results if one["step"] == "OQ-1.1"] == [("98.6 mL", True)]
