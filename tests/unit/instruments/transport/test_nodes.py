"""The lines of the node port: whole or nothing, the right answer to the right question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import FailedError, LinkError, RefusedError, WireError
from automation.kernel.quantity import Instant
from instruments.transport import Link, MemoryStream, nodes

pytestmark = pytest.mark.requirement("C07")

ASKED = b'{"id":1,"read":["ProtocolState","KitID"]} b3e22a9b\n'


def answering(*replies: nodes.Reply) -> nodes.NodePort:
    """Give a port whose far end gives these answers, one after the other."""
    left = list(replies)
    stream = MemoryStream()
    stream.peer = lambda _: stream.deliver(nodes.line(left.pop(0)))
    return nodes.NodePort(Link(stream, name="device"))


def asked(port: nodes.NodePort, *names: str) -> nodes.Read:
    """Read names through a port."""

    async def main(_clock: SimulatedClock) -> nodes.Read:
        await port.link.open()
        return await port.read(*names)

    return run_simulated(main, start=Instant(0.0))


def test_a_line_is_an_object_and_its_check_sum() -> None:
    """As the module's page writes it; CRC-32 as zip has it."""
    assert nodes.request(ASKED).read == ("ProtocolState", "KitID")
    assert nodes.line(nodes.request(ASKED)) == ASKED


@given(at=st.integers(0, len(ASKED) - 2), bit=st.integers(0, 7))
def test_a_line_with_any_changed_bit_is_refused(at: int, bit: int) -> None:
    """CRC-32 finds every single bit."""
    changed = ASKED[:at] + bytes([ASKED[at] ^ 1 << bit]) + ASKED[at + 1 :]
    with pytest.raises(WireError):
        nodes.request(changed)


@pytest.mark.parametrize("body", [b"[]", b'{"id":"x"}', b"{}", b'{"id":1,"write":{"A":null}}'])
def test_a_whole_line_that_says_something_else_is_refused(body: bytes) -> None:
    """Another type, or a field that is missing."""
    import zlib  # noqa: PLC0415  only here

    with pytest.raises(WireError):
        nodes.request(body + f" {zlib.crc32(body):08x}\n".encode())


def test_a_value_without_good_status_is_no_value() -> None:
    """Its status is named."""
    read = asked(answering(nodes.Reply(1, {"A": 1}, {"A": "Good", "B": "BadNodeIdUnknown"})), "A", "B")
    assert read.whole("A") == 1
    with pytest.raises(FailedError, match="B gives no value: BadNodeIdUnknown"):
        read.value("B")
    with pytest.raises(WireError, match="a text is due"):
        read.text("A")


def test_an_answer_to_another_question_is_none() -> None:
    """Nor is one that leaves out what was asked for."""
    with pytest.raises(WireError, match="answer 7 came to request 1"):
        asked(answering(nodes.Reply(7, {"A": 1}, {"A": "Good"})), "A")
    with pytest.raises(WireError, match="nothing was said of B"):
        asked(answering(nodes.Reply(1, {"A": 1}, {"A": "Good"})), "A", "B")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (nodes.Reply(1, ok=True), None),
        (nodes.Reply(1, error="BadOutOfRange", name="A", text="too much"), RefusedError),
        (nodes.Reply(1), WireError),
    ],
)
def test_a_write_is_done_or_refused_or_unknown(reply: nodes.Reply, error: type[Exception] | None) -> None:
    """Nothing else is taken for done."""

    async def main(_clock: SimulatedClock) -> None:
        port = answering(reply)
        await port.link.open()
        await port.write("A", 7)

    if error is None:
        run_simulated(main, start=Instant(0.0))
        assert reply.ok
    else:
        with pytest.raises(error):
            run_simulated(main, start=Instant(0.0))


def test_silence_is_a_link_error() -> None:
    """Who does not answer in time is asked again later."""

    async def main(_clock: SimulatedClock) -> None:
        port = nodes.NodePort(Link(MemoryStream(lambda _: None), name="device"))
        await port.link.open()
        await port.read("A")

    with pytest.raises(LinkError, match="no complete reply"):
        run_simulated(main, start=Instant(0.0))
