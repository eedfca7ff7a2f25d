"""Questions, frozen data sets, metrics, charts and contrasts over thirty batches and one whole therapy."""

import json
from pathlib import Path

import msgspec
import pytest

from automation.formulas.spc_rules import NELSON
from automation.kernel.errors import DamagedError, InputError
from automation.ledger.event import Draft
from automation.ledger.read import Reader
from automation.ledger.store import Ledger
from automation.views.improvement import board
from automation.views.objects import Objects
from automation.views.questions.asking import Question, ask, condition, measure
from automation.views.questions.charting import Asked, Limits, charted, limits_of
from automation.views.questions.contrast import contrast, groups_of
from automation.views.questions.frozen import freeze, place, read_again
from automation.views.questions.measures import METRICS, Number, numbers, summaries
from automation.views.questions.of_improvement import UNRECORDED, Waste
from automation.views.questions.rows import Row, Rows, like
from automation.views.questions.tables import SOURCES, Tables
from tests.support.doors import KEY, doorway
from tests.support.history import BATCHES, FAILED, history, viability
from tests.support.thread import Thread

LOW = Question("results", where=(condition("name = viability"), condition("value < 89 %")))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with thirty batches."""
    return history(tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="module")
def tables(site: Path) -> Tables:
    """What can be asked there."""
    with Reader(site) as reader:
        return Tables(Objects(reader))


@pytest.fixture(scope="module")
def therapy(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """One patient's story from order to infusion."""
    folder = tmp_path_factory.mktemp("therapy")
    with doorway(folder) as way:
        Thread(way, "T1").through("infusion", "complete")
    with Reader(folder) as reader:
        return Tables(Objects(reader))


@pytest.mark.requirement("F003", "F133", "F134")
def test_every_row_of_every_table_has_all_its_fields_and_cites_events_that_are_there(
    tables: Tables, therapy: Tables
) -> None:
    """No number without its event: the events exist, and lie in a stream that names the row's batch or object."""
    for here in (tables, therapy):
        seqs = {event.seq for events in here.objects.streams.values() for event in events}
        for name in SOURCES:
            for row in here[name].rows:
                assert set(row.values) == set(here[name].fields), name
                assert row.events, name
                assert set(row.events) <= seqs
    assert {name for name in SOURCES if tables[name].rows or therapy[name].rows} == set(SOURCES)


@pytest.mark.requirement("F134", "F035")
def test_a_result_cites_the_move_that_brought_it_and_the_judgement(tables: Tables) -> None:
    """The number in the row is the number in the event."""
    row = next(row for row in tables["results"].rows if row.text("name") == "viability")
    events = {event.seq: event for event in tables.objects.streams["batch/B-01/step/count"]}
    moved, judged = (events[seq] for seq in row.events)
    assert (moved.kind, judged.kind, row.number("value")) == ("move", "judged", viability("B-01"))
    assert json.loads(moved.body)["results"]["viability"] == viability("B-01")


@pytest.mark.requirement("F154.2")
def test_wastes_are_counted_from_what_happened_and_the_rest_is_said_not_to_be_known(
    tables: Tables, therapy: Tables
) -> None:
    """Six deviations and the waiting for people in one; hand-overs and shipments in the other; talent in none."""
    seen = {(row.text("waste"), row.text("what")): row.events for row in tables["wastes"].rows}
    assert {waste for waste, _ in seen} == {"defects", "waiting"}
    assert sum(row.text("what") == "deviation" for row in tables["wastes"].rows) == len(FAILED)
    kinds = {event.seq: event.kind for events in therapy.objects.streams.values() for event in events}
    carried = [row for row in therapy["wastes"].rows if row.text("waste") == "transport"]
    assert {kinds[seq] for row in carried for seq in row.events} == {"give", "dispatch"}
    assert not [row for here in (tables, therapy) for row in here["wastes"].rows if row.text("waste") == "talent"]
    assert Waste.TALENT in UNRECORDED


@pytest.mark.requirement("F154.2")
def test_a_card_compares_the_lots_before_its_trial_with_those_during_it(tables: Tables) -> None:
    """Six of sixteen failed before, none of fourteen since; a metric of several headings is not mixed."""
    [card] = board(tables.objects, tables.objects.now)
    assert [side.summary.number if side.summary else 0 for side in (card.before, card.during)] == [16, 14]
    assert {number.batch for number in card.before.numbers} >= set(FAILED)
    assert card.verdict.startswith("better; chance alone")
    assert card.during.events


def test_conditions_all_have_to_hold_and_compare_numbers_as_numbers(tables: Tables) -> None:
    """9 is below 10, though its text is not; words are compared whole, or by a pattern."""
    found = ask(LOW, tables["results"])
    assert {row.text("batch") for row in found.rows} == {name for name in BATCHES if viability(name) < 89.0}
    nine = Question("steps", where=(condition("batch ~ B-0*"), condition("hours < 10"), condition("step != wash")))
    assert [row.text("batch") for row in ask(nine, tables["steps"]).rows] == list(BATCHES[:9])
    assert ask(Question("steps", where=(condition("batch = B-0*"),)), tables["steps"]).rows == ()


def test_groups_are_measured_and_cite_all_events_of_their_rows(tables: Tables) -> None:
    """Thirty viabilities in one row, with the events of all."""
    asked = Question("results", group=("name",), of=(measure("mean(value)"), measure("max(value)")), sort="-count")
    found = ask(asked, tables["results"])
    row = next(row for row in found.rows if row.text("name") == "viability")
    values = [viability(name) for name in BATCHES]
    assert (row.number("count"), row.number("max(value)")) == (30.0, max(values))
    assert row.number("mean(value)") == pytest.approx(sum(values) / 30)
    assert len(row.events) == 60


@pytest.mark.requirement("F003", refuses=True)
@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: condition("value"), "write FIELD SIGN VALUE"),
        (lambda: condition("value; drop table event"), "write FIELD SIGN VALUE"),
        (lambda: measure("exec(value)"), "no measure"),
        (lambda: Question("results", where=(condition("vlaue = 1"),)), "no field 'vlaue'.*'value'"),
        (lambda: Question("times", group=("cuase",)), "no field 'cuase'"),
        (lambda: Question("results", sort="-size"), "--sort is '-size'"),
        (lambda: Question("materials", where=(condition("__class__ = 1"),)), "no field '__class__'"),
        (lambda: Question("event"), "no table 'event'"),
    ],
)
def test_what_is_no_question_is_refused(tables: Tables, make: object, why: str) -> None:
    """By the name of the field or table that there is not; nothing of it is ever run."""
    assert callable(make)
    with pytest.raises(InputError, match=why):
        ask(question := make(), tables[question.table])


@pytest.mark.requirement("F035", "F134", refuses=True)
def test_units_are_never_mixed(tables: Tables) -> None:
    """A bare number among several units, and a mean over them, are refused; a stated unit takes its own alone."""
    rows = tables["results"].rows
    volumes = (Row({**row.values, "unit": "mL"}, row.events) for row in rows[:2])
    mixed = Rows(tables["results"].fields, (*rows, *volumes))
    with pytest.raises(InputError, match=r"several units \(%, mL\); state one"):
        ask(Question("results", where=(condition("value > 80"),)), mixed)
    with pytest.raises(InputError, match=r"mean\(value\) would mix units"):
        ask(Question("results", of=(measure("mean(value)"),)), mixed)
    assert len(ask(Question("results", where=(condition("value > 80 mL"),)), mixed).rows) == 2


@pytest.mark.requirement("F143", "F146")
def test_a_frozen_data_set_is_read_again_the_same_whatever_happened_since(tmp_path: Path) -> None:
    """One more result below the limit changes the answer of today, and not the frozen one; the name is taken."""
    site = history(tmp_path / "site")
    with Reader(site) as reader:
        made = freeze(site, "low", reader=reader, question=LOW)
        with pytest.raises(InputError, match="frozen already"):
            freeze(site, "low", reader=reader, question=LOW)
    _append(site)
    with Reader(site) as reader:
        now = ask(LOW, Tables(Objects(reader))["results"])
    again = read_again(site, "low")
    assert (len(now.rows), again) == (len(made.rows) + 1, made)
    assert again.answer.lines() == [tuple(line) for line in made.rows]


def _append(site: Path) -> None:
    """Let one more viability come to a batch's record."""
    body = b'{"visit":9,"command":"agree","source":"drawn","dest":"counted","results":{"viability":88.0}}'
    with Ledger.open(site, key=KEY) as ledger:
        ledger.append([Draft("batch/B-01/step/count", "move", body, "system:runner")], at=ledger.last.at + 1)


@pytest.mark.requirement("F143", "F146", refuses=True)
@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("row", ("88.97", "88.96"), "not those that it was frozen with"),
        ("question", ("89 %", "88 %"), "not those that it was frozen with"),
        ("event", ('"seq":', '"seq":1'), "not those that it was frozen with"),
        ("field", ('"seq":', '"seqs":'), "can't be read"),
        ("form", ("{", "["), "can't be read"),
    ],
)
def test_a_frozen_data_set_that_was_changed_is_found(site: Path, name: str, change: tuple[str, str], why: str) -> None:
    """One digit of one row is enough."""
    with Reader(site) as reader:
        freeze(site, name, reader=reader, question=LOW)
    path = place(site, name)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(DamagedError, match=why):
        read_again(site, name)


def test_a_data_set_with_a_right_digest_of_other_rows_is_found_by_the_ledger(site: Path) -> None:
    """Who changes the rows and the digest still can't change what the ledger answers."""
    with Reader(site) as reader:
        made = freeze(site, "forged", reader=reader, question=LOW)
    other = msgspec.structs.replace(made, rows=made.rows[:-1], events=made.events[:-1])
    place(site, "forged").write_bytes(msgspec.json.encode(msgspec.structs.replace(other, sha256=other.digest)))
    with pytest.raises(DamagedError, match="gives other rows"):
        read_again(site, "forged")


@pytest.mark.requirement("F133", "F134", "F136")
def test_metrics_gather_numbers_of_batches_with_their_events(tables: Tables) -> None:
    """Yields, viabilities, times and waiting of all thirty; narrowed by recipe and heading."""
    found = numbers("viability", tables)
    assert [(one.batch, one.value) for one in found] == [(name, viability(name)) for name in BATCHES]
    (summed,) = summaries("viability", found)
    assert (summed.number, summed.most, summed.unit) == (30, max(map(viability, BATCHES)), "%")
    assert {one.what for one in numbers("yield", tables)} == {"count.cells recovered"}
    assert {one.value for one in numbers("waiting", tables, what="waiting for a person")} == {300.0 / 3600.0}
    assert {one.what for one in numbers("turnaround", tables)} == {"batch, start to end", "step count"}
    assert numbers("viability", tables, recipe="count-day@1") == found
    assert numbers("viability", tables, recipe="count-day@2") == ()
    with pytest.raises(InputError, match="no metric 'speed'"):
        numbers("speed", tables)


@pytest.mark.requirement("F035", "F036.1")
def test_any_number_of_a_step_or_a_reviewed_test_can_be_followed(tables: Tables, therapy: Tables) -> None:
    """A metabolite or a potency as well as a viability: by its name, from the step or the laboratory."""
    assert {one.what for one in numbers("results", tables)} == {"count.viability"}
    (found,) = numbers("results", therapy, what="test *")
    assert (found.what, found.value, found.unit) == ("test viability", 84.6, "%")


@pytest.mark.requirement("F136")
def test_vein_to_vein_is_from_the_end_of_the_collection_to_the_begin_of_the_infusion(therapy: Tables) -> None:
    """Both events are cited, and the hours are those between their moments."""
    (found,) = numbers("turnaround", therapy, what="vein to vein")
    at = {event.seq: event for events in therapy.objects.streams.values() for event in events}
    report, begun = (at[seq] for seq in found.events)
    assert (report.stream.split("/")[0], begun.kind) == ("collection", "begin")
    assert found.value >= (begun.at - report.at) / 3.6e9
    assert {one.what for one in numbers("turnaround", therapy)} >= {"collection to receipt", "review, end to reviewed"}


@pytest.mark.requirement("F135", refuses=True)
def test_a_clean_lot_is_no_contamination_rate_of_zero(therapy: Tables) -> None:
    """The sterility of one lot: 0 of 1, and the interval goes to 97.5 %."""
    found = numbers("contamination", therapy)
    (summed,) = summaries("contamination", found)
    assert ([one.value for one in found], summed.share is not None) == ([0.0], True)
    assert summed.share is not None
    assert (summed.share.low, summed.share.high) == pytest.approx((0.0, 0.975))


@pytest.mark.requirement("F135")
def test_contaminated_lots_are_charted_by_the_lots_between_them() -> None:
    """Ten events in two hundred lots: a g chart; seven carry none, and say so."""
    lots = [Number("sterility", f"B-{at}", float(at % 20 == 0), "of 1", f"{at:04d}", (at,)) for at in range(1, 201)]
    (found,) = charted(lots, Asked(), rare=1.0)
    assert (found.charts[0].kind, found.charts[0].centre, found.numbers[0].batch) == ("g", 19.0, "B-20")
    (few,) = charted(lots[:150], Asked(), rare=1.0)
    assert "7 events in 150 lots" in few.refused


@pytest.mark.requirement("F135")
def test_growth_on_plates_is_a_recovery_rate_with_its_interval(tables: Tables) -> None:
    """Four of forty settle plates grew something (10 %, exactly 2.8 % to 23.7 %), one of them beyond its limit."""
    summed = {one.what: one for one in summaries("environment", numbers("environment", tables))}
    growth = summed["growth: grade B, settle plate"].share
    action = summed["action: grade B, settle plate"].share
    assert growth is not None
    assert action is not None
    assert (growth.value, growth.low, growth.high) == pytest.approx((0.10, 0.028, 0.237), abs=5e-4)
    assert action.value == pytest.approx(1 / 40)


@pytest.mark.requirement("F093", "F137.1")
@pytest.mark.requirement("F137.1", refuses=True)
def test_charts_signal_and_capability_is_given_or_refused_with_the_reason(tables: Tables) -> None:
    """Thirty in control have a Ppk; ten have none; a step up signals and takes the capability away."""
    found = numbers("viability", tables)
    asked = Asked(NELSON, limits=limits_of([">= 85 %"]))
    (good,) = charted(found, asked, rare=None)
    assert good.capability is not None
    assert (good.signals, good.capability.cp) == (((), ()), None)
    (few,) = charted(found[:10], asked, rare=None)
    assert "10 values carry no capability" in few.incapable
    moved = [Number(one.what, one.batch, one.value + 6.0 * (at > 20), one.unit, one.at, one.events)
             for at, one in enumerate(found)]  # fmt: skip
    (shifted,) = charted(moved, Asked(NELSON, 20, Limits(85.0, None, "%")), rare=None)
    assert {signal.rule for signal in shifted.signals[0]} >= {"N1", "N2"}
    assert "not in control" in shifted.incapable
    with pytest.raises(InputError, match="limits are in mL; the numbers are in %"):
        charted(found, Asked(limits=limits_of([">= 85 mL"])), rare=None)


@pytest.mark.requirement("F003", "F138.1", "F147")
def test_what_failed_batches_share_is_ranked_and_what_can_not_be_told_apart_stands_together(tables: Tables) -> None:
    """One lot and one counter went into the same six batches; a person in two more; a volume says nothing."""
    failed, good = groups_of(tables, ())
    assert failed == FAILED
    found = contrast(tables, failed=failed, good=good)
    first, second, last = found.factors
    assert set(first.names) == {"medium MED-B", "counter-02", "without medium MED-A", "without counter-01"}
    assert (first.failed, first.good, first.chance) == pytest.approx((6, 0, 1 / 593_775))
    assert (second.names, second.failed, second.good, second.stands_out) == (("second",), 6, 2, True)
    assert (last.names, last.stands_out) == (("count.volume",), False)
    assert second.among_all == pytest.approx(2 * second.chance)


@pytest.mark.requirement("F138.1", "F147", refuses=True)
def test_too_few_batches_are_said_to_tell_nothing(tables: Tables) -> None:
    """One failed batch of three: nothing could come below one third, whatever it is."""
    found = contrast(tables, failed=("B-11",), good=("B-01", "B-02"))
    assert "too few batches" in found.sentence
    assert not any(one.stands_out for one in found.factors)
    with pytest.raises(InputError, match="0 failed and 1 good"):
        contrast(tables, failed=(), good=("B-01",))
    with pytest.raises(InputError, match="B-01 in both"):
        contrast(tables, failed=("B-01",), good=("B-01",))
    with pytest.raises(InputError, match="'B-99' has not ended"):
        groups_of(tables, ("B-99",))


def test_every_metric_says_what_it_tells() -> None:
    """The list of metrics is read by people."""
    assert all(one.words for one in METRICS.values())


@pytest.mark.parametrize(
    ("text", "pattern", "fits"),
    [
        ("car-t", "car-*", True),
        ("car-t", "*-t", True),
        ("car-t", "c*r*t", True),
        ("car-t", "*", True),
        ("car-t", "car-t", True),
        ("aba", "ab*ba", False),
        ("car-t", "car", False),
        ("car-t", "*x*", False),
        ("[a]", "[a]", True),
    ],
)
def test_a_star_stands_for_any_text_and_every_other_sign_for_itself(text: str, pattern: str, fits: bool) -> None:  # noqa: FBT001
    """Ends are fixed, parts come in their order and do not overlap."""
    assert like(text, pattern) is fits


def test_a_pattern_of_many_stars_takes_no_longer_than_its_length() -> None:
    """What a pattern of regular expressions would try for hours."""
    assert not like("a" * 2_000, "a*" * 1_000 + "b")


def test_a_condition_of_many_blanks_is_read_at_once() -> None:
    """Found by fuzzing: the blanks around a value were tried in every way to part them."""
    assert condition(f"value < {' ' * 20_000}3 %").number == 3.0
    assert condition(f"value < 3{' ' * 20_000}x y").number is None
