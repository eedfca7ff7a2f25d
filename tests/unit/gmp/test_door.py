"""The door: what it records of a move, of a signature and of a refusal, and what it never records."""

import asyncio
from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from automation.gmp.bodies.assets import EndOf
from automation.gmp.codes import Moment
from automation.gmp.door import Command, Proof
from automation.gmp.objects import Recorded, Thing
from automation.gmp.registry import KINDS
from automation.gmp.secrets import SIMULATED, Credentials
from automation.kernel.errors import ConflictError, InputError, RefusedError
from automation.kernel.quantity import Seconds
from automation.ledger.event import Event
from automation.ledger.store import Ledger
from tests.support.doors import KEY, SECOND, START, ZONE, Doorway, doorway, proof
from tests.unit.gmp.moves import ISSUE, REASON

D = "deviation/D1"
OPENING = {"subject": "person/perform", "title": "lid open"}
CONCLUSION = {"cause": "the lid was open", "impact": "none"}


@pytest.mark.requirement("F047", "F047.2")
def test_a_signature_carries_name_time_zone_meaning_and_the_digest_of_what_was_shown(way: Doorway) -> None:
    """It stands inside the event that it signs."""
    way.do(D, "open", OPENING)
    signed = Proof("investigate", "secret of investigate", "authored", b"<page>")
    event = way.do(D, "conclude", CONCLUSION, by="investigate", signs=(signed,))
    (found,) = event.read(Recorded).signed
    assert (found.by, found.name, found.meaning) == ("investigate", "Investigate", "authored")
    assert (found.at, found.zone) == (way.clock.micros(), ZONE)
    assert found.shown == sha256(b"<page>").hexdigest()


@pytest.mark.requirement("F106")
def test_no_secret_reaches_the_ledger(way: Doorway, tmp_path: Path) -> None:
    """Neither a right one nor a wrong one."""
    way.do(D, "open", OPENING)
    for secret in ("secret of investigate", "guess-4711"):
        given = Proof("investigate", secret, "authored")
        command = Command(D, "conclude", CONCLUSION, "investigate", proofs=(given,))
        assert secret not in repr(command)
        if secret.startswith("guess"):
            with pytest.raises(RefusedError):
                way.door.enter(command)
    way.ledger.flush()
    raw = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.name != "credentials.json")
    assert b"guess-4711" not in raw
    assert b"secret of" not in raw


@pytest.mark.requirement("F047.2", refuses=True)
def test_the_second_signer_needs_the_right_to_sign(way: Doorway) -> None:
    """To verify is a right of its own."""
    way.do("container/C1", "expect", {"identity": "COI-1"})
    way.do("container/C1", "receive", {})
    two = (proof("perform", "performed"), proof("read", "verified"))
    with pytest.raises(RefusedError, match="read may not sign as verified: needs the right verify"):
        way.do("container/C1", "destroy", REASON, by="perform", signs=two)


@pytest.mark.requirement("F106")
def test_a_decision_names_the_versions_of_what_it_read(way: Doorway) -> None:
    """Also of the person whose rights it looked at."""
    way.do("container/C1", "expect", {"identity": "COI-1"})
    event = way.do("batch/B1", "issue", {**ISSUE, "containers": ["C1"]}, by="issue")
    assert event.read(Recorded).read == (("person/issue", 1), ("container/C1", 1))


def test_the_same_command_id_is_answered_with_the_same_event(way: Doorway) -> None:
    """Also after the door was opened anew."""
    once = Command(D, "open", OPENING, "system:test", id="policy 7")
    first = way.door.enter(once)
    assert (way.door.enter(once), way.rebuilt().enter(once)) == (first, first)
    assert way.ledger.version(D) == 1


def test_a_stranger_is_refused_without_a_trace(way: Doorway) -> None:
    """Only known principals have their refusals on record."""
    last = way.ledger.last
    with pytest.raises(RefusedError, match="eve may not open"):
        way.do(D, "open", OPENING, by="eve")
    assert way.ledger.last == last


@pytest.mark.parametrize(
    ("stream", "command", "body", "wrong"),
    [
        ("unicorn/1", "open", {}, "KIND one of"),
        ("deviation/", "open", {}, "write KIND/ID"),
        ("deviation/a/b", "open", {}, "write KIND/ID"),
        (D, "open", {"subject": "person/perform"}, r"field title is missing \(What happened\)$"),
        (D, "open", {}, r"field subject is missing \(Subject: KIND/ID of .*\); missing too: title$"),
        (D, "open", {**OPENING, "colour": "red"}, "field colour"),
        ("timer/T1", "start", {"what": "x", "due": float("inf")}, "field due"),
    ],
)
def test_what_can_not_be_read_is_answered_and_not_recorded(
    way: Doorway, stream: str, command: str, body: dict[str, object], wrong: str
) -> None:
    """One message that names the field and what is allowed."""
    last = way.ledger.last
    with pytest.raises(InputError, match=wrong):
        way.do(stream, command, body)
    assert way.ledger.last == last


@pytest.mark.parametrize("sort", [Moment, EndOf])
@pytest.mark.parametrize("text", ["20.02.2026", "2026-13-01", "tomorrow"])
def test_a_moment_that_is_none_is_answered_with_how_one_is_written(sort: type[str], text: str) -> None:
    """Year first, with an example; not in the words of a library."""
    with pytest.raises(ValidationError, match="moment is needed, year first, for example 2027-03-31"):
        TypeAdapter(sort).validate_python(text)


@pytest.mark.requirement("F106", refuses=True)
def test_nobody_decides_on_a_state_that_has_moved_on(way: Doorway) -> None:
    """A follower that commands the object it is being told of has not seen the end of it yet."""
    caught: list[Exception] = []

    def follower(event: Event, _thing: Thing) -> None:
        if (event.stream, event.kind) == ("alarm/A1", "raise"):
            way.do("alarm/A1", "clear")
            with pytest.raises(ConflictError) as error:
                way.do("alarm/A1", "clear")
            caught.append(error.value)

    way.door.follow(follower)
    way.do("alarm/A1", "raise", {"source": "lid", "message": "open", "priority": "low"})
    assert (len(caught), way.state("alarm/A1")) == (1, "returned")


def test_submit_returns_when_the_record_is_on_disk(tmp_path: Path) -> None:
    """What was acknowledged is there for whoever opens the site next."""
    with doorway(tmp_path) as way:
        event = asyncio.run(way.door.submit(Command(D, "open", OPENING, SECOND)))
    with Ledger.open(tmp_path, key=KEY) as ledger:
        assert [one.seq for one in ledger.stream(D)] == [event.seq]


def test_objects_stand_as_they_stood_when_a_site_is_opened_again(tmp_path: Path) -> None:
    """From the file alone."""
    with doorway(tmp_path) as way:
        way.do(D, "open", OPENING)
        before = {kind: list(way.door.every(kind)) for kind in KINDS}
    with Ledger.open(tmp_path, key=KEY) as ledger:
        door = Doorway(ledger, way.door, way.clock, way.secrets).rebuilt()
        assert {kind: list(door.every(kind)) for kind in KINDS} == before
        assert door.now == START


class _Stepped(Credentials):
    """Secrets beside a wall clock that somebody moved by six seconds."""

    def clock_step(self) -> Seconds:
        """Give the step."""
        return Seconds(6.0)


@pytest.mark.requirement("F047", "F047.2", refuses=True)
def test_nobody_signs_while_the_wall_clock_stands_wrong(way: Doorway, tmp_path: Path) -> None:
    """A signature is worth its time; what needs none goes on."""
    stepped = _Stepped(tmp_path, way.clock, cost=SIMULATED)
    late = Doorway(way.ledger, way.door, way.clock, stepped).rebuilt()
    late.enter(Command(D, "open", OPENING, "investigate"))
    with pytest.raises(RefusedError, match="signing is blocked"):
        late.enter(Command(D, "conclude", CONCLUSION, "investigate", proofs=(proof("investigate", "authored"),)))


@pytest.mark.requirement("F047.4", refuses=True)
def test_a_locked_account_signs_nothing_beside_another(way: Doorway) -> None:
    """The right secret does not help."""
    way.do("container/C1", "expect", {"identity": "COI-1"})
    way.do("container/C1", "receive", {})
    way.do("person/verify", "lock", {"reason": "has left the site"})
    two = (proof("perform", "performed"), proof("verify", "verified"))
    with pytest.raises(RefusedError, match="verify may not sign: the account is locked"):
        way.do("container/C1", "destroy", REASON, by="perform", signs=two)


def test_who_commands_is_one_of_those_who_sign(way: Doorway) -> None:
    """Nobody acts on the signatures of others."""
    way.do(D, "open", OPENING)
    with pytest.raises(RefusedError, match="gave the command but signed nothing"):
        way.do(D, "conclude", CONCLUSION, by=SECOND, signs=(proof("investigate", "authored"),))


def test_a_move_without_fields_takes_none(way: Doorway) -> None:
    """What would be ignored is refused."""
    way.do("alarm/A1", "raise", {"source": "lid", "message": "open", "priority": "low"})
    way.do("alarm/A1", "remove", {"reason": "sensor is being changed"}, by=SECOND)
    with pytest.raises(InputError, match="resume takes no fields; got colour"):
        way.do("alarm/A1", "resume", {"colour": "red"}, by=SECOND)


@pytest.mark.parametrize("seen", [-1, 1, 7])
def test_who_saw_another_version_is_told_who_moved_it(way: Doorway, seen: int) -> None:
    """Whatever version is claimed, also of an object that nobody has moved yet."""
    body = {"subject": "person/perform", "title": "a drop"}
    for name, who in (("D-1", "nobody has moved it"), ("D-2", r"open by perform, event \d+")):
        if name == "D-2":
            way.do(f"deviation/{name}", "open", body, by="perform")
        with pytest.raises(ConflictError, match=rf"moved on since you looked: it is \w+ \({who}\); look again"):
            way.door.enter(Command(f"deviation/{name}", "open", body, "perform", seen=seen + (name == "D-2")))
