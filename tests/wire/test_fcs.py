"""FCS files of real cytometers against FlowKit, and every way in which one can't be trusted."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TypedDict, cast

import numpy as np
import pytest

from automation.formulas.cytometry import Spill, populations
from automation.formulas.gating import Compensation, Divider, Quadrants, Verdict
from automation.kernel.errors import InputError
from instruments.drivers.fcs.wire.channels import READER
from instruments.drivers.fcs.wire.events import Tube, tube
from instruments.drivers.fcs.wire.writing import write
from tests.support.gating import DATA, strategy

CALIBUR, ARIA, LSR = "data1.fcs", "100715-part.fcs", "test_comp_example.fcs"
ODD = "data_start_offset_discrepancy_example.fcs"

pytestmark = pytest.mark.requirement("F038", "F162")


class Counted(TypedDict):
    """What the referee counted in one gate."""

    count: int
    percent: float


class Gated(TypedDict):
    """What the referee counted in one file, by which strategy."""

    strategy: str
    gates: dict[str, Counted]


GOLDEN = cast("dict[str, Gated]", json.loads((DATA.parent / "golden" / "flowkit.json").read_text())["files"])


def raw(name: str) -> bytes:
    """Give the bytes of a real file."""
    return (DATA / name).read_bytes()


def read(name: str) -> Tube:
    """Read a real file."""
    return tube(raw(name), name=name)


def made(**keywords: str) -> bytes:
    """Give a small file of our own: 500 events in two channels, with these keywords changed."""
    values = np.column_stack([np.arange(500.0), np.arange(500.0)[::-1]])
    return write([("A", "CD3"), ("B", "CAR")], values, Spill(("A", "B"), np.array([[1.0, 0.1], [0.0, 1.0]])), keywords)


@pytest.mark.parametrize("name", GOLDEN)
def test_every_gate_holds_the_events_that_flowkit_counts(name: str) -> None:
    """Not within 0.1 points but to the event, through gain, logarithm, compensation, polygons and ranges."""
    counted = {one.name: one for one in populations(read(name).events, strategy(GOLDEN[name]["strategy"]))}
    assert {one.name: one.count for one in counted.values()} == {
        gate: one["count"] for gate, one in GOLDEN[name]["gates"].items()
    }
    shares = {gate: one.share for gate, one in counted.items() if one.share is not None}
    assert shares == pytest.approx({gate: GOLDEN[name]["gates"][gate]["percent"] for gate in shares}, abs=1e-9)
    assert len(shares) >= 2


def test_quadrants_are_four_gates_that_make_up_all() -> None:
    """The same figures as the four gates written out, and no event is lost between them."""
    plan = strategy("calibur.yaml")
    x, y = Divider(channel="FL1-H", at=20.5), Divider(channel="FL2-H", at=30.5)
    names = ("CD4-CD8-", "CD4+CD8-", "CD4-CD8+", "CD4+CD8+")
    divided = replace(plan, gates=plan.gates[:2], quadrants=(Quadrants(within="CD3+", x=x, y=y, names=names),))
    events = read(CALIBUR).events
    found, written_out = ({p.name: p.count for p in populations(events, one)} for one in (divided, plan))
    assert found == written_out
    assert sum(found[name] for name in names) == found["CD3+"]


def test_a_logarithmic_integer_and_a_gain_are_taken_out() -> None:
    """Channel 3 of the first file has four decades over 1024 steps, channel 1 a gain of 3.67: figures of FlowKit."""
    events = read(CALIBUR).events
    assert float(np.median(events.column("FL1-H"))) == pytest.approx(9.646616, abs=1e-6)
    assert float(events.column("FSC-H").max()) == pytest.approx(278.746594, abs=1e-6)


def test_what_is_odd_about_a_file_is_said() -> None:
    """The events are those that fit; the note stays with every result."""
    assert read(LSR).notes == (
        "the last byte of the data is given as the first one after it",
        "the spill matrix compensates nothing",
    )
    assert "data from 5555 to 6188 does not fit" in read(ODD).notes[0]


def test_events_that_a_program_took_for_text_can_not_be_trusted() -> None:
    """One of the real files was copied so: its place is found, and its figures are nobody's."""
    assert read(ODD).error == "a program has taken the events for text and changed them; copy the file again"
    assert [read(name).error for name in GOLDEN] == ["", "", ""]
    assert {row.error for row in READER.read(raw(ODD), name=ODD)} == {read(ODD).error}


def test_the_clock_of_the_cytometer_is_kept_and_no_century_is_guessed() -> None:
    """23-Aug-02 may be of any century; 17-JUL-2007 is not."""
    assert (read(ARIA).analysed, read(ARIA).analysed_local) == ("17-JUL-2007 15:38:06", "2007-07-17T15:38:06")
    assert (read(CALIBUR).analysed, read(CALIBUR).analysed_local) == ("23-Aug-02 16:31:52", "")


@pytest.mark.requirement("F038", "F162", refuses=True)
def test_too_few_events_have_no_share() -> None:
    """A gate with 970 parents has a share at a minimum of 970 and none at 971."""
    enough, scarce = (replace(strategy("calibur.yaml"), minimum=minimum) for minimum in (970, 971))
    events = read(CALIBUR).events
    found = {one.name: one for one in populations(events, scarce)}["CD4+CD8-"]
    assert (found.share, found.verdict) == (None, Verdict.NOT_EVALUABLE)
    assert found.why == "970 events in CD3+; at least 971 are needed"
    assert {one.name: one for one in populations(events, enough)}["CD4+CD8-"].share is not None


@pytest.mark.parametrize(("low", "bound"), [(1e6, "<"), (-1e6, ">")])
def test_none_and_all_of_the_events_are_a_bound_and_never_0_or_100_percent(low: float, bound: str) -> None:
    """What lies within an empty gate is not evaluable either."""
    plan = strategy("calibur.yaml")
    [cells, t_cells, *rest] = plan.gates
    moved = replace(t_cells, ranges=(replace(t_cells.ranges[0], low=low),))
    found = populations(read(CALIBUR).events, replace(plan, gates=(cells, moved, *rest)))
    assert (found[1].share, found[1].bound, found[1].verdict) == (None, bound, Verdict.NOT_EVALUABLE)
    if bound == "<":
        assert 0.0 < float(found[1].high or 0) < 0.1
        assert {(one.share, one.verdict) for one in found[2:]} == {(None, Verdict.NOT_EVALUABLE)}


def test_a_strategy_that_compensates_needs_a_matrix() -> None:
    """Uncompensated shares are never given for compensated ones."""
    plan = replace(strategy("calibur.yaml"), compensation=Compensation.FROM_FILE)
    with pytest.raises(InputError, match="no spill matrix, and the strategy compensates by it"):
        populations(read(CALIBUR).events, plan)


@pytest.mark.requirement("F038", "F162", refuses=True)
def test_another_stain_in_a_channel_is_refused() -> None:
    """As when two channels were swapped in the file."""
    text = raw(CALIBUR).replace(b"CD4 FITC", b"CD9 FITC")
    with pytest.raises(InputError, match="'FL1-H' shows 'CD9 FITC'; the strategy says 'CD4'"):
        populations(tube(text).events, strategy("calibur.yaml"))


def test_a_channel_that_the_file_has_not_is_named_with_those_it_has() -> None:
    """A strategy for another cytometer is refused."""
    with pytest.raises(InputError, match="channel is 'FL3-H'; the file has FSC-A, FSC-H"):
        populations(read(ARIA).events, strategy("calibur.yaml"))


@pytest.mark.requirement("F038", "F162", refuses=True)
@pytest.mark.parametrize("name", [CALIBUR, ARIA])
@pytest.mark.parametrize("keep", [0.0, 20 / 216432, 0.005, 0.3, 0.9999])
def test_a_file_that_was_cut_is_refused(name: str, keep: float) -> None:
    """Wherever the cut lies, no share is made of the rest."""
    data = raw(name)
    with pytest.raises(InputError, match=r"cut|does not begin with"):
        tube(data[: int(len(data) * keep)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda data: b"RIFF" + data[4:], "does not begin with FCS2.0", id="another format"),
        pytest.param(lambda data: data.replace(b"$TOT|500", b"$TOT|499"), "does not fit", id="one event less"),
        pytest.param(lambda data: data.replace(b"$TOT|500", b"$TOT|5oo"), "TOT is not a whole number", id="no number"),
        pytest.param(lambda data: data.replace(b"$MODE|L", b"$MODE|H"), "MODE is not L", id="histogram"),
        pytest.param(lambda data: data.replace(b"$P2N|B", b"$P2N|A"), "two channels have the same name", id="double"),
        pytest.param(lambda data: data.replace(b"2,A,B,1,", b"3,A,B,1,"), "as many figures", id="matrix too small"),
        pytest.param(lambda data: data.replace(b"0,1|", b"0,0|"), "can't be inverted", id="singular matrix"),
        pytest.param(lambda data: data.replace(b",0.1,", b",x.1,"), "not a number", id="matrix of words"),
        pytest.param(lambda data: data.replace(b"$NEXTDATA|0", b"$NEXTDATA|9"), "several data sets", id="two tubes"),
        pytest.param(lambda data: data.replace(b"1,2,3,4", b"3,4,1,2"), "BYTEORD", id="byte order"),
        pytest.param(lambda data: data[:-4] + b"\x00\x00\xc0\x7f", "no numbers", id="not a number"),
        pytest.param(lambda data: data.decode("latin-1").encode("utf-16"), "does not begin with", id="UTF-16"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(change: Callable[[bytes], bytes], message: str) -> None:
    """One clear error each, and no event is counted."""
    data = change(made())
    assert data != made()
    with pytest.raises(InputError, match=message):
        tube(data)


def test_what_we_write_is_what_we_read() -> None:
    """Values, markers, matrix and sample of a file of our own, marks within values included."""
    found = tube(made(**{"$SMNO": "B-1|QC-7"}))
    assert (found.sample(), dict(found.events.markers)) == ("B-1|QC-7", {"A": "CD3", "B": "CAR"})
    assert found.events.column("A").tolist() == [float(n) for n in range(500)]
    assert found.events.spill is not None
    assert found.events.spill.matrix.tolist() == [[1.0, 0.1], [0.0, 1.0]]


def test_the_sample_is_the_keyword_that_the_site_names() -> None:
    """Cytometers put it in different places."""
    found = tube(made(**{"$SMNO": "S-1", "TUBE NAME": "T-9"}))
    assert (found.sample(), found.sample("Tube name"), found.sample("$SRC")) == ("S-1", "T-9", "")
