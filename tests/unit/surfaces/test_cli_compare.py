"""``compare``: batches of two sites side by side; ``simulate``: a recipe over a grid."""

import csv
import io
from pathlib import Path
from typing import NamedTuple, cast

import pytest
from pyarrow.parquet import read_table

from automation.kernel.ids import digest
from tests.support.commands import Said, cellwright, simulated_site

pytestmark = pytest.mark.requirement("C08")


class Places(NamedTuple):
    """Two batches at the sending site, one with another interval at the receiving site."""

    a: Path
    b: Path

    @property
    def words(self) -> tuple[str, ...]:
        """Name the three batches."""
        return (f"sending=B-1@{self.a}", f"sending=B-2@{self.a}", f"receiving=B-1@{self.b}")


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Run three batches."""
    folder = tmp_path_factory.mktemp("compared")
    made = Places(*(simulated_site(folder / name, name) for name in ("a", "b")))
    change = ("--lot-type", "engineering", "--set", "freeze.every=20 s", "--reason", "another interval")
    for site, batch, more in ((made.a, "B-1", ()), (made.a, "B-2", ()), (made.b, "B-1", change)):
        assert cellwright("run", "freeze-day", "--site", site, "--batch", batch, *more).status == 0
    return made


def rows(said: Said) -> dict[str, dict[str, object]]:
    """Give the rows by kind and place."""
    found = cast("list[dict[str, object]]", said.data["rows"])
    return {f"{row['kind']} {row['where']}": row for row in found}


@pytest.mark.requirement("F003", "C09.1")
def test_only_the_parameters_that_differ_are_told_with_results_yields_and_times(places: Places) -> None:
    """One interval was changed; viability, yield and durations stand beside one another."""
    said = cellwright("compare", *places.words, "--json")
    found = rows(said)
    assert [name for name in found if name.startswith("parameter")] == ["parameter freeze.every"]
    assert (found["parameter freeze.every"]["values"], found["parameter freeze.every"]["unit"]) == ([10, 10, 20], "s")
    assert {"result count.viability", "yield receive.volume received", "time freeze", "time batch"} <= set(found)
    labels = [batch["batch"] for batch in cast("list[dict[str, str]]", said.data["batches"])]
    assert (labels, said.data["simulated"]) == (["B-1@a", "B-2", "B-1@b"], True)


def test_the_band_is_of_the_sending_batches_and_marks_the_others_alone(places: Places) -> None:
    """Site B counts by another instrument and takes longer: beyond the range of the two that sent."""
    row = rows(cellwright("compare", *places.words, "--json"))["time count"]
    low, high, other = cast("list[float]", row["values"])
    band = cast("dict[str, object]", row["band"])
    assert (band["low"], band["high"], band["how"]) == (min(low, high), max(low, high), "range of 2")
    assert other > max(low, high)
    assert row["outside"] == [False, False, True]


@pytest.mark.requirement("F093", "C09.1", refuses=True)
def test_of_too_few_batches_no_equivalence_is_claimed(places: Places) -> None:
    """A margin was declared; two sending batches and one receiving are not tested, and it is said why."""
    said = cellwright("compare", *places.words, "--margin", "count.viability=5 %")
    assert said.status == 0
    assert "at least 3" in said.out


def test_the_class_of_a_row_is_what_the_user_says(places: Places) -> None:
    """By patterns; everything else is other, and a pattern that names nothing is refused."""
    found = rows(cellwright("compare", *places.words, "--cqa", "*.viability", "--cpp", "freeze.every", "--json"))
    assert found["result count.viability"]["class"] == "CQA"
    assert found["parameter freeze.every"]["class"] == "CPP"
    assert found["result freeze.rate"]["class"] == "other"


def test_the_page_and_the_files_hold_rows_and_curves_of_all_batches(places: Places, tmp_path: Path) -> None:
    """Each curve of a role is drawn over those of other assets in it; the curves begin where they are aligned."""
    files = {form: tmp_path / form for form in ("html", "csv", "curves")}
    options = [word for form, path in files.items() for word in (f"--{form}", path)]
    said = cellwright("compare", *places.words, "--align", "freeze.freezing", *options)
    assert (said.status, said.out.startswith("SIMULATED")) == (0, True)
    page = files["html"].read_text(encoding="utf-8")
    assert "<b class=mark>SIMULATED</b>" in page
    assert "freeze.probes.sample; pointwise range of 2" in page
    table = list(csv.DictReader(io.StringIO(files["csv"].read_text(encoding="utf-8"))))
    assert {(row["batch"], row["value"]) for row in table if row["where"] == "freeze.every"} >= {("B-1@b", "20.0")}
    curves = list(csv.DictReader(io.StringIO(files["curves"].read_text(encoding="utf-8"))))
    sample = [row for row in curves if row["where"] == "freeze.probes.sample"]
    assert {row["batch"] for row in sample} == {"B-1@a", "B-2", "B-1@b"}
    assert min(float(row["seconds"]) for row in sample) < 0.0


def test_rows_and_curves_as_parquet_are_those_of_the_text(places: Places, tmp_path: Path) -> None:
    """The same columns and numbers, and the file says of itself that it is simulated."""
    rows_file, curves_file, text = (tmp_path / name for name in ("rows.parquet", "curves.parquet", "rows.csv"))
    options = ("--parquet", rows_file, "--curves", curves_file, "--csv", text)
    assert cellwright("compare", *places.words, *options).status == 0
    found = read_table(rows_file)
    assert found.schema.metadata[b"SIMULATED"] == b"yes"
    told = csv.DictReader(io.StringIO(text.read_text(encoding="utf-8")))
    as_text = [{name: "" if value is None else str(value) for name, value in row.items()} for row in found.to_pylist()]
    assert as_text == list(told)
    curves = read_table(curves_file)
    assert curves.column_names == ["where", "unit", "batch", "role", "seconds", "value"]
    assert curves.num_rows > 1000


@pytest.mark.requirement("C08", refuses=True)
@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--cqa", "count.viabilty"), "did you mean 'count.viability'"),
        (("--align", "freeze.frezing"), "never entered 'frezing'"),
        (("--align", "fill.filling"), "has no step 'fill'"),
        (("--align", "freeze"), "STEP.STATE"),
        (("B-7",), "has no ledger"),
        (("old=B-1",), "the role is 'old'"),
    ],
)
def test_bad_input_is_one_clear_error(places: Places, more: tuple[str, ...], why: str) -> None:
    """Exit status 2."""
    said = cellwright("compare", *places.words, *more)
    assert (said.status, said.out, why in said.err) == (2, "", True), said.err


@pytest.mark.requirement("C08", refuses=True)
def test_one_batch_named_twice_or_alone_is_no_comparison(places: Places) -> None:
    """Two different ones are needed."""
    assert cellwright("compare", "B-1", "--site", places.a).status == 2
    assert "named twice" in cellwright("compare", "B-1", "B-1", "--site", places.a).err


def test_a_grid_has_one_row_for_each_combination_and_what_differs_as_columns(tmp_path: Path) -> None:
    """Two intervals: readings differ, what was received does not; the file has all."""
    path = tmp_path / "grid.csv"
    axes = ("--set", "freeze.every=10 s", "--set", "freeze.every=20 s")
    said = cellwright("simulate", "freeze-day", *axes, "--csv", path)
    head = said.out.splitlines()[1]
    assert (said.status, "freeze.nucleation" in head, "receive.volume" in head) == (0, True, False)
    table = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert [(row["freeze.every"], row["seed"], row["state"]) for row in table] == [
        ("10 s", "1", "complete"),
        ("20 s", "1", "complete"),
    ]
    assert {row["receive.volume [mL]"] for row in table} == {"20.0"}


def test_a_campaign_gives_the_same_however_it_is_shared_out() -> None:
    """Two processes at once, or one run after the other: the same ledgers in the same order, so the same digest."""
    shared = cellwright("simulate", "freeze-day", "--seeds", "2", "--jobs", "2", "--json").data
    apart = [cellwright("simulate", "freeze-day", "--seed", seed, "--json").data for seed in ("1", "2")]
    found = [run for one in apart for run in cast("list[dict[str, str]]", one["runs"])]
    assert shared["runs"] == found
    assert shared["digest"] == digest("campaign", *(run["head"] for run in found)).hex()


def test_a_wrong_trial_of_a_campaign_is_one_clear_error() -> None:
    """From another process too; seeds are counted or named, not both."""
    said = cellwright("simulate", "freeze-day", "--seeds", "2", "--jobs", "2", "--set", "freeze.evry=1 s")
    assert (said.status, said.out, "evry" in said.err) == (2, "", True), said.err
    assert cellwright("simulate", "freeze-day", "--seeds", "2", "--seed", "1").status == 2
