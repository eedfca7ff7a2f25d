"""What follows by itself: once, at the door, with its cause, also when nobody was there at the time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from automation.engine.afterwards import Afterwards
from automation.engine.following import POLICIES, STREAM, Following
from automation.engine.recorder import Recorder
from automation.gmp.registry import KINDS
from tests.support.doors import Doorway, doorway, proof
from tests.support.thread import Thread
from tests.unit.gmp.moves_of_plant import ASSET, BODIES, POINT, RECORD, before
from tests.unit.gmp.moves_of_quality import act


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Doorway]:
    """Open a simulated site."""
    with doorway(tmp_path) as made:
        yield made


def test_what_follows_is_done_once_whoever_looks_again(way: Doorway) -> None:
    """Also when the cursor was never written, as after a kill between the two."""
    Thread(way, "X1").through("collection", "report")
    [expected] = way.ledger.stream("container/X1-A")
    [report] = [event for event in way.ledger.stream("collection/X1") if event.kind == "report"]
    assert (expected.by, expected.cause) == (POLICIES, report.seq)
    fresh = Following(way.door, Recorder(way.ledger, way.clock, f"{STREAM}-of-another"), Afterwards())
    fresh.catch_up()
    assert len(way.ledger.stream("container/X1-A")) == 1


def test_what_nobody_was_there_to_do_is_done_at_the_next_start(way: Doorway) -> None:
    """The move stands, its consequence does not; then somebody starts."""
    thread = Thread(way, "X1")
    thread.until("collection", "report")
    signs = (proof("collect", "performed"), proof("verify", "verified"))
    way.do("collection/X1", "report", thread.body("collection", "report"), by="collect", signs=signs)
    assert way.state("container/X1-A") == "absent"
    Following(way.door, Recorder(way.ledger, way.clock, STREAM), Afterwards()).start()
    assert way.state("container/X1-A") == "expected"


def test_what_follows_from_what_was_made_up_for_is_made_up_for_too(way: Doorway) -> None:
    """A calibration out of tolerance reaches its asset, and the asset its batches, before the first command."""
    before(way, "calibration")
    way.do(f"asset/{ASSET}", "install", {"due": "2027-06-30"})
    way.do(f"asset/{ASSET}", "claim", {"batch": "held-1", "step": "weigh"})
    bad = {**RECORD, "points": [{**POINT, "found": "101"}]}
    way.do("calibration/C-1", "record", bad, by="maintain", signs=(proof("maintain", "performed"),))
    Following(way.door, Recorder(way.ledger, way.clock, STREAM), Afterwards()).start()
    assert [one.state for one in way.door.every("qa-hold")] == ["placed"]


def test_a_refused_consequence_is_on_the_record_and_the_site_goes_on(way: Doorway) -> None:
    """The order was put on hold while the infusion ran: it is given, and the order is not fulfilled by itself."""
    thread = Thread(way, "X1")
    thread.until("infusion", "complete")
    way.do("order/X1", "hold", {"reason": "fever"}, by="treat")
    thread.do("infusion", "complete", by="treat")
    assert (way.state("infusion/X1"), way.state("order/X1")) == ("given", "on hold")
    assert "'fulfil' is not possible in state 'on hold'" in way.refusals("order/X1")[-1]
    thread.do("order", "resume", by="order")
    thread.do("order", "fulfil", by="order")
    assert way.state("order/X1") == "fulfilled"


def test_a_consequence_that_nobody_can_read_is_on_the_record_and_keeps_nothing_else_waiting(way: Doorway) -> None:
    """A deviation whose id would be too long for any record: refused at the test, and the next start goes on, too."""
    thread = Thread(way, "X1")
    fault = "F" * 100
    before(way, "calibration")
    way.do(f"asset/{ASSET}", "install", {"due": "2027-06-30"})
    following = Following(way.door, Recorder(way.ledger, way.clock, STREAM), Afterwards())
    said = {"asset": ASSET, "severity": "critical", "what": "it stands still"}
    way.do(f"fault/{fault}", "report", said, by="perform")
    following.catch_up()
    assert way.state(f"asset/{ASSET}") == "out of service"
    assert "an id has at most 100 characters, this one 106" in way.refusals(f"fault/{fault}")[-1]
    thread.until("collection", "accept")
    assert way.state("container/X1-A") == "expected"


def test_what_is_made_up_for_is_told_as_it_stood_then_and_not_as_it_stands(way: Doorway) -> None:
    """Both takings and the freeing between them happened while nobody was there: the room has two stays."""
    before(way, "em-sample")
    way.do("asset/moved", "register", {"asset_class": "washer", "location": "EM 1", "needs_cleaning": False})
    way.do("asset/moved", "install", {"due": "2027-06-30"})
    for command in ("begin_cleaning", "finish_cleaning", "clear_line"):
        act(way, "room/EM 1", command, dict(BODIES["room"].get(command, {})), by="perform")
    for _ in range(2):
        way.do("asset/moved", "claim", {"batch": "held-1", "step": "wash"})
        way.do("asset/moved", "free", {"reason": "it is done"})
    Following(way.door, Recorder(way.ledger, way.clock, STREAM), Afterwards()).start()
    stays = getattr(way.door.find("room", "EM 1"), "stays", ())
    assert [(one.batch, one.until is None) for one in stays] == [("held-1", False)] * 2


def test_a_command_states_the_same_wherever_it_leads_to_the_same_state() -> None:
    """So that a move is read right from where it has led, without folding a long stream anew."""
    for kind in (kind for kind in KINDS.values() if kind.follows):
        bodies: dict[tuple[str, str], set[object]] = {}
        for row in kind.table.rows:
            bodies.setdefault((row.command, str(row.dest)), set()).add(row.body)
        assert [key for key, found in bodies.items() if len(found) > 1] == []


def test_every_line_of_the_table_has_a_name_of_its_own_and_a_move_that_exists() -> None:
    """The ids of commands are made from the names, for ever."""
    lines = [(kind, line) for kind in KINDS.values() for line in kind.follows]
    assert len({line.id for _, line in lines}) == len(lines) > 0
    assert [line.id for kind, line in lines if line.on not in {row.command for row in kind.table.rows}] == []
