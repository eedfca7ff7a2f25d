"""The robot server's answers as its own integration tests show them, and what is none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.kernel.errors import CellwrightError, FailedError, WireError
from instruments.drivers.opentrons_ot2 import wire
from instruments.drivers.opentrons_ot2.wire import Command, Status
from instruments.transport import http

pytestmark = pytest.mark.requirement("C03", "C06")

TIME = "2026-11-22T08:00:00.000000+00:00"
DROP = {  # robot-server/tests/integration/http_api/runs/test_json_v6_run_failure.tavern.yaml
    "id": "c-3",
    "key": "k-3",
    "commandType": "dropTip",
    "createdAt": TIME,
    "startedAt": TIME,
    "completedAt": TIME,
    "status": "failed",
    "error": {
        "id": "e-1",
        "errorType": "PythonException",
        "createdAt": TIME,
        "detail": "opentrons.hardware_control.errors.NoTipAttachedError: Cannot perform DROPTIP without a tip attached",
        "errorCode": "4000",
        "errorInfo": {},
        "wrappedErrors": [],
    },
    "params": {
        "pipetteId": "pipetteId",
        "labwareId": "tipRackId",
        "wellName": "A1",
        "wellLocation": {"origin": "default", "offset": {"x": 0, "y": 0, "z": 0}},
        "randomizeDropLocation": False,
    },
}
COMMENT = {  # .../test_run_queued_protocol_commands.tavern.yaml
    "id": "c-1",
    "key": "k-1",
    "commandType": "comment",
    "status": "succeeded",
    "intent": "protocol",
    "params": {"message": "test 1"},
    "createdAt": TIME,
    "startedAt": TIME,
    "completedAt": TIME,
}
CREATED = {"data": {"id": "7ad8b0c6-1111-4222-8333-444455556666", "status": "idle", "current": True}}
MISSING = {"errors": [{"id": "RunNotFound", "title": "Run Not Found", "detail": "Run r was not found."}]}


def answer(found: object, status: int = 200) -> bytes:
    """Frame an answer."""
    body = json.dumps(found).encode()
    return b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        len(body),
        body,
    )


def test_a_command_goes_out_as_the_server_s_tests_send_theirs() -> None:
    """Type, intent and parameters under data; the server's version header is asked for by every request."""
    framed = wire.put("r1", Command("comment", {"message": "test 1"}, "k-1"), within=2.0)
    head, _, body = framed.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /runs/r1/commands?waitUntilComplete=true&timeout=2000 HTTP/1.1\r\n")
    assert b"opentrons-version: 3" in head.lower()
    wanted = {"commandType": "comment", "params": {"message": "test 1"}, "intent": "setup", "key": "k-1"}
    assert json.loads(body) == {"data": wanted}


def test_a_list_of_commands_is_read_with_its_failures() -> None:
    """The oldest first; an error has a type and a detail."""
    listed = {"data": [COMMENT, DROP], "meta": {"cursor": 0, "totalLength": 2}, "links": {}}
    first, second = wire.entries(wire.said(answer(listed)))
    assert (first.id, first.key, first.status) == ("c-1", "k-1", Status.SUCCEEDED)
    assert (second.status, second.error) == (Status.FAILED, "PythonException")
    assert "without a tip" in second.detail


def test_a_run_is_named_by_its_creation_and_as_the_current_one() -> None:
    """No current run is no name."""
    run = wire.run_id(wire.said(answer(CREATED, 201)))
    assert wire.current_run({"data": [], "links": {"current": {"href": f"/runs/{run}"}}}) == run
    assert wire.current_run({"data": [], "links": {}}) == ""


@pytest.mark.parametrize("status", [404, 409, 422])
def test_what_the_server_does_not_take_has_not_moved_anything(status: int) -> None:
    """A run that is not there, not the current one, a command that is none."""
    with pytest.raises(FailedError, match="RunNotFound"):
        wire.said(answer(MISSING, status))


@pytest.mark.parametrize("status", [200, 201, 500, 503])
def test_any_other_answer_is_no_answer(status: int) -> None:
    """Not an object, or the server broke: nobody knows what it did."""
    with pytest.raises(WireError):
        wire.said(answer(["no", "object"] if status < 300 else MISSING, status))


@pytest.mark.parametrize(
    "change",
    [
        {"key": "k-2"},
        {"commandType": "dispenseInPlace"},
        {"params": {"message": "test 2"}},
        {"status": "finished"},
        {"params": None},
    ],
    ids=str,
)
def test_the_answer_of_another_command_is_not_taken(change: dict[str, object]) -> None:
    """Key, type and every parameter have to be those that were sent."""
    asked = Command("comment", {"message": "test 1"}, "k-1")
    assert wire.answers(wire.entry(COMMENT), asked).status is Status.SUCCEEDED
    with pytest.raises(WireError):
        wire.answers(wire.entry({**COMMENT, **change}), asked)


def test_numbers_are_the_same_however_they_are_written() -> None:
    """The server tells 88.0 where 88 was sent, and adds what it assumed."""
    asked = Command("pickUpTip", {"offset": {"z": 88}}, "k")
    told = {**COMMENT, "key": "k", "commandType": "pickUpTip", "params": {"offset": {"z": 88.0, "x": 0}, "more": 1}}
    assert wire.answers(wire.entry(told), asked).id == "c-1"


@pytest.mark.parametrize("told", ["", "eight", "8.2", "v8.2.0"])
def test_a_version_that_is_none_is_refused(told: str) -> None:
    """Three numbers are needed; what follows them does not count."""
    assert wire.version("8.2.0-alpha.3") == (8, 2, 0)
    with pytest.raises(WireError, match="api_version"):
        wire.version(told)


@pytest.mark.parametrize("id_", ["", "a/b", "../x", "a b", "a?b", "x" * 65])
def test_an_id_that_could_lead_elsewhere_is_refused(id_: str) -> None:
    """It stands in the paths of later requests."""
    with pytest.raises(WireError, match="id of a run"):
        wire.run_id({"data": {"id": id_}})


@given(st.binary(max_size=200))
def test_noise_is_no_answer(noise: bytes) -> None:
    """Refused, or waited for; never read."""
    try:
        assert http.complete(noise) == 0
    except CellwrightError:
        return
