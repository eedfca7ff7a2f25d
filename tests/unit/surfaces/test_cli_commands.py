"""The commands one by one: help with an example, data as JSON that says SIMULATED, exit status by the answer."""

import hashlib
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import click
import pytest

from automation.gmp.registry import KINDS
from automation.surfaces.cli.main import COMMANDS, HERE
from tests.support.commands import cellwright

CURVES = Path(__file__).parents[2] / "data"
AGREED = """init demo drill run resume simulate rehearse compare query metrics report contrast check status hold
restart pause unpause stop abort amend answer resolve do show list worklist due roles subject notices qualifications
access policies verify qualify record certificate papers backup restore ledger-sql alarms trace logbook bundle stock
pick diagram read judge calc diff new instruments fakes documents causes risks improvements wastes narrative
downtime-pack inspect walkthrough sections dossier exchange course label labels lims bill board
throughput gap transfer"""


def loaded(name: str) -> click.Command:
    """Import one command."""
    found: click.Command = importlib.import_module(f"{HERE}.{COMMANDS[name][0]}").COMMANDS[name]
    return found


def leaves() -> Iterator[tuple[str, click.Command]]:
    """Give every command that does something, with its words."""
    for name in COMMANDS:
        command = loaded(name)
        if isinstance(command, click.Group):
            yield from ((f"{name} {below}", one) for below, one in command.commands.items())
        else:
            yield name, command


LEAVES = tuple(leaves())
each_command = pytest.mark.parametrize(("words", "command"), LEAVES, ids=[words for words, _ in LEAVES])


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that has run one batch to its end."""
    folder = tmp_path_factory.mktemp("day") / "a"
    assert cellwright("init", folder, "--simulated").status == 0
    assert cellwright("run", "freeze-day", "--site", folder, "--batch", "B-1").status == 0
    return folder


@pytest.mark.requirement("C01.1")
def test_the_names_of_the_commands_are_those_agreed() -> None:
    """Scripts of users rest on them."""
    assert set(COMMANDS) == set(AGREED.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_command_says_of_itself(name: str) -> None:
    """The help page is written without importing the commands, so it could go stale."""
    assert COMMANDS[name][1].rstrip(".") == (loaded(name).help or "").partition("\n")[0].rstrip(".")


@each_command
def test_every_command_has_help_with_an_example(words: str, command: click.Command) -> None:
    """The example begins with the command's own words."""
    said = cellwright(*words.split(), "--help")
    assert (said.status, said.err) == (0, "")
    assert f"Example: cellwright {words} " in f"{command.epilog} "
    assert "Example: cellwright" in said.out


@each_command
def test_every_command_that_prints_data_takes_json(words: str, command: click.Command) -> None:
    """Only a served fake prints nothing but its port, and SQL is no data."""
    options = {word for one in command.params for word in one.opts}
    assert ("--json" in options) == (words not in {"fakes serve", "ledger-sql"})


@pytest.mark.requirement("C07")
@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("worklist",),
        ("due",),
        ("due", "--inspection"),
        ("documents",),
        ("causes",),
        ("risks",),
        ("improvements",),
        ("wastes",),
        ("roles",),
        ("access", "--past"),
        ("qualifications", "--all"),
        ("qualifications", "--hours"),
        ("policies",),
        ("check", "freeze-day"),
        ("show", "batch", "B-1"),
        ("trace", "BAG-0001"),
        ("instruments", "check"),
        *(("list", kind) for kind in KINDS),
    ],
    ids=" ".join,
)
def test_whatever_a_simulated_site_says_is_marked(day: Path, words: tuple[str, ...]) -> None:
    """Text begins with SIMULATED, data has it as a value."""
    text, data = cellwright(*words, "--site", day), cellwright(*words, "--site", day, "--json")
    assert text.out.startswith("SIMULATED")
    assert data.data["simulated"] is True
    assert text.status == data.status


@pytest.mark.requirement("F106.2")
def test_verify_answers_with_the_agreed_names(day: Path) -> None:
    """What scripts read: intact, events, head, signed_to, anchored_to, first_bad."""
    data = cellwright("verify", day, "--json").data
    assert data["intact"] is True
    assert {"events", "head", "signed_to", "anchored_to", "first_bad"} <= set(data)
    assert cellwright("verify", day, "--head", data["head"]).status == 0
    assert cellwright("verify", day, "--head", "ab" * 32).status == 1


@pytest.mark.requirement("F102.1", "F105.1")
def test_the_record_is_written_in_three_formats(day: Path, tmp_path: Path) -> None:
    """Each file begins as its format does, which goes by the ending; pages are not what verifies."""
    begins = {"html": b"<!doctype html>", "pdf": b"%PDF-", "json": b'{"record":'}
    for form, first in begins.items():
        path = tmp_path / f"record.{form}"
        assert cellwright("record", "B-1", "--site", day, "-o", path).status == 0
        assert path.read_bytes()[:40].lower().startswith(first.lower())
    assert "same record as .json" in cellwright("verify", tmp_path / "record.pdf").err


def test_what_an_object_holds_within_it_is_shown_field_by_field_and_never_as_code(day: Path) -> None:
    """Lines of an account's access are data in JSON, and words with a time for people."""
    access = cellwright("show", "person", "anna", "--site", day, "--json").data["access"]
    assert isinstance(access, list)
    assert (access[0]["roles"], access[0]["since"][:2]) == (["operator"], "20")
    assert "Access(" not in cellwright("show", "person", "anna", "--site", day).out


def test_of_many_ids_the_one_that_was_meant_and_the_last_are_named(day: Path) -> None:
    """A list of everything that was ever there is read by nobody."""
    said = cellwright("show", "lot", "CRYO-2302", "--site", day)
    assert (said.status, "did you mean 'CRYO-2203'? known: " in said.err) == (2, True)
    assert " more, and the last: " in said.err
    assert len(said.err) < 800


def test_the_help_of_a_command_of_an_object_says_its_fields_and_whose_it_is() -> None:
    """No site is asked; a command that is none is answered with the nearest."""
    said = cellwright("do", "deviation", "D-1", "conclude", "--help")
    assert (said.status, "needs the right investigate\nsigned as authored\n" in said.out) == (0, True)
    assert "--capa    CAPA; What is done about the cause; a list; may be left out" in said.out
    assert "did you mean 'close'" in cellwright("do", "deviation", "D-1", "clos", "--help").err


@pytest.mark.requirement("F166", refuses=True)
def test_preflight_says_no_when_a_calibration_lapses_before_the_planned_end(day: Path) -> None:
    """All is well for today; in a year nothing is in calibration any more."""
    soon = cellwright("check", "freeze-day", "--site", day, "--json")
    late = cellwright("check", "freeze-day", "--site", day, "--lasting", "9000 h", "--json")
    assert (soon.status, late.status) == (0, 1)
    gates = cast("list[dict[str, object]]", late.data["gates"])
    assert "out of calibration" in "; ".join(str(gate["problem"]) for gate in gates)


@pytest.mark.requirement("C02")
@pytest.mark.parametrize("name", ["receive", "count", "freeze", "store", *KINDS])
def test_everything_with_a_table_can_be_drawn(name: str) -> None:
    """The diagram is the table, not a drawing beside it."""
    said = cellwright("diagram", name)
    moves = cast("list[dict[str, str]]", cellwright("diagram", name, "--json").data["moves"])
    assert "stateDiagram-v2" in said.out
    assert said.out.count(" --> ") >= len(moves)


@pytest.mark.requirement("F045")
@pytest.mark.requirement("F045", refuses=True)
def test_an_asset_tells_what_it_was_used_for_in_the_order_of_time(day: Path) -> None:
    """Each line with batch, product and who; a name that nobody knows is answered with those that are known."""
    lines = cast("list[dict[str, object]]", cellwright("logbook", "crf-01", "--site", day, "--json").data["items"])
    told = [(one["what"], one["batch"]) for one in lines]
    assert told[-4:] == [("asset claim", "B-1"), ("asset use", "B-1"), ("asset clean", ""), ("asset free", "")]
    assert (lines[-3]["product"], lines[-2]["by"]) == ("Autologous T cells, formulated", "anna")
    unknown = cellwright("logbook", "crf-99", "--site", day)
    assert (unknown.status, "crf-01" in unknown.err) == (2, True)


@pytest.mark.requirement("F032")
def test_the_bundle_of_a_fault_has_timeline_parameters_state_and_bytes(day: Path, tmp_path: Path) -> None:
    """The same look gives the same file; its SHA-256 is what the report names."""
    paths = tmp_path / "one.json", tmp_path / "two.json"
    said = [cellwright("bundle", "crf-01", "-o", path, "--site", day, "--json").data["sha256"] for path in paths]
    assert said[0] == said[1] == hashlib.sha256(paths[0].read_bytes()).hexdigest()
    found = json.loads(paths[0].read_bytes())
    assert (found["state"]["serial"], list(found["parameters"])) == ("SIM-2408-01", ["batch/B-1/step/freeze"])
    started = [one for one in found["exchanges"] if one["kind"] == "reply"]
    assert started
    assert all(bytes.fromhex(sent) for one in started for sent, _ in one["wire"])
    assert {"claim", "call", "reply", "use"} <= {line["kind"] for line in found["timeline"]}


@pytest.mark.requirement("F022", "F167")
@pytest.mark.requirement("F022", "F167", refuses=True)
def test_a_bag_is_traced_to_its_batch_and_the_people_to_their_acts(day: Path) -> None:
    """Both directions: what it cites, and what cites it; what nobody knows leads nowhere."""
    bag = cast("list[dict[str, object]]", cellwright("trace", "BAG-0001", "--site", day, "--json").data["items"])
    assert {"batch/B-1", "CHA999926X7K2QD"} <= {one["what"] for one in bag}
    anna = cast("list[dict[str, object]]", cellwright("trace", "anna", "--site", day, "--json").data["items"])
    assert {one["way"] for one in anna} == {"is cited by"}


@pytest.mark.requirement("F106")
def test_a_trace_says_up_to_which_event_it_is_true_and_every_step_names_its_event(day: Path) -> None:
    """The event and its hash are those that a verification of the same ledger names."""
    traced, proven = (
        cellwright(*words, "--json").data for words in (("trace", "BAG-0001", "--site", day), ("verify", day))
    )
    assert (traced["as_of"], traced["head"]) == (proven["events"], proven["head"])
    steps = cast("list[dict[str, object]]", traced["forward"])
    assert "batch/B-1" in [one["what"] for one in steps]
    assert all(one["event"] and one["move"] and one["by"] for one in steps)
    said = cellwright("trace", "BAG-0001", "--site", day).out
    assert f"as of event {traced['as_of']} ({str(traced['head'])[:16]})" in said
    assert cellwright("trace", "BAG-99", "--site", day).status == 2


@pytest.mark.requirement("F103.2")
def test_result_files_are_read_with_their_units() -> None:
    """Concentrations are per millilitre; what the instrument marked as an error is nothing."""
    said = cellwright("read", CURVES / "cell_counts" / "vicell_blu_example01.csv", "--json")
    assert (said.status, cast("dict[str, str]", said.data["units"])["total"]) == (0, "cells/mL")
    assert said.out == json.dumps(said.data, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.requirement("F018", refuses=True)
def test_a_curve_without_a_probe_in_the_product_is_not_accepted(tmp_path: Path) -> None:
    """A flat curve is not evaluable, and that is no."""
    rows = "".join(f"{10 * n},{-80 + n / 100}\n" for n in range(100))
    (tmp_path / "curve.csv").write_text(f"time [s],sample [degC]\n{rows}")
    said = cellwright("judge", "freeze", tmp_path / "curve.csv", "--json")
    assert (said.status, said.data["verdict"] == "pass") == (1, False)
