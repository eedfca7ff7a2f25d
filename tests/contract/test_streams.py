"""What every stream must do, whatever it runs over: memory, pty, TCP and VISA over both."""

import asyncio
import math
from collections.abc import Awaitable, Callable

import pytest

from automation.kernel.errors import LinkError
from automation.kernel.quantity import Seconds
from instruments.transport import ByteStream, Link
from tests.contract.streams import KINDS, Cable, cable

SOON = Seconds(5.0)  # s; longest wait for bytes that are on their way
NEVER = Seconds(0.05)  # s; wait for bytes that nobody sends

pytestmark = [pytest.mark.requirement("C06", "C07"), pytest.mark.parametrize("kind", KINDS)]


def on(kind: str, script: Callable[[Cable], Awaitable[None]], *, opened: bool = True) -> None:
    """Run a script on a cable of one kind."""

    async def main() -> None:
        async with cable(kind) as laid:
            if opened:
                await laid.stream.open()
            await script(laid)

    asyncio.run(main())


async def take(stream: ByteStream, count: int) -> bytes:
    """Take ``count`` bytes as they come."""
    data = b""
    while len(data) < count and await stream.arrived(within=SOON):
        data += stream.take()
    return data


def test_bytes_of_every_value_come_back_unchanged(kind: str) -> None:
    """No transport adds, drops or translates a byte."""
    every = bytes(range(256))

    async def script(laid: Cable) -> None:
        laid.stream.write(every)
        assert await take(laid.stream, 256) == every

    on(kind, script)


def test_what_is_written_in_pieces_arrives_in_order(kind: str) -> None:
    """Two writes are one sequence of bytes."""

    async def script(laid: Cable) -> None:
        laid.stream.write(b"first ")
        laid.stream.write(b"second")
        assert await take(laid.stream, 12) == b"first second"

    on(kind, script)


def test_a_device_may_speak_unasked(kind: str) -> None:
    """Bytes that nobody asked for arrive like any other."""

    async def script(laid: Cable) -> None:
        laid.press()
        assert await take(laid.stream, 4) == b"ping"

    on(kind, script)


def test_silence_is_told_and_not_an_error(kind: str) -> None:
    """Waiting for nothing ends in time with the answer no."""

    async def script(laid: Cable) -> None:
        assert not await laid.stream.arrived(within=NEVER)
        assert laid.stream.take() == b""

    on(kind, script)


def test_a_stream_that_was_not_opened_refuses_to_write(kind: str) -> None:
    """A write before the opening is an error, not a silent loss."""

    async def script(laid: Cable) -> None:
        with pytest.raises(LinkError, match="not open"):
            laid.stream.write(b"?")

    on(kind, script, opened=False)


def test_opening_twice_and_closing_twice_change_nothing(kind: str) -> None:
    """The second call finds its work done."""

    async def script(laid: Cable) -> None:
        await laid.stream.open()
        laid.stream.write(b"?")
        assert await take(laid.stream, 1) == b"?"
        await laid.stream.close()
        await laid.stream.close()
        with pytest.raises(LinkError):
            laid.stream.write(b"?")

    on(kind, script)


def test_a_stream_can_be_opened_again_and_sends_nothing_by_itself(kind: str) -> None:
    """A reconnect carries no command of its own: nothing moves until somebody asks."""

    async def script(laid: Cable) -> None:
        laid.stream.write(b"before")
        assert await take(laid.stream, 6) == b"before"
        await laid.stream.close()
        await laid.stream.open()
        assert not await laid.stream.arrived(within=NEVER)
        assert laid.device.heard == b"before"
        laid.stream.write(b"after")
        assert await take(laid.stream, 5) == b"after"

    on(kind, script)


def test_a_pulled_cable_is_a_link_error(kind: str) -> None:
    """The program learns of the loss and does not wait for ever."""

    async def script(laid: Cable) -> None:
        link = Link(laid.stream, name="echo")
        assert await link.exchange(b"?", len, deadline=SOON) == b"?"
        laid.pull()
        with pytest.raises(LinkError):
            await link.exchange(b"lost?", len, deadline=Seconds(0.5))

    on(kind, script)


def test_who_waits_without_end_is_told_of_a_pulled_cable(kind: str) -> None:
    """A listener does not wait for ever on a cable that is gone."""

    async def script(laid: Cable) -> None:
        waiting = asyncio.ensure_future(laid.stream.arrived(within=Seconds(math.inf)))
        await asyncio.wait([waiting], timeout=float(NEVER))
        laid.pull()
        with pytest.raises(LinkError, match="lost"):
            await asyncio.wait_for(waiting, float(SOON))

    on(kind, script)


def test_who_begins_to_wait_on_a_cable_that_is_gone_is_told_at_once(kind: str) -> None:
    """A cable pulled while the command went out does not cost the whole deadline."""

    async def script(laid: Cable) -> None:
        laid.stream.write(b"?")
        assert await take(laid.stream, 1) == b"?"
        laid.pull()
        with pytest.raises(LinkError, match="lost"):
            await asyncio.wait_for(laid.stream.arrived(within=Seconds(math.inf)), float(SOON))

    on(kind, script)


def test_settings_say_how_the_stream_is_set(kind: str) -> None:
    """A pty ignores baud and parity, so the settings are looked at."""
    expected = {
        "memory": "memory",
        "pty": "19200 8N1",
        "tcp": "tcp 127.0.0.1:",
        "visa pty": "::INSTR 57600 8N1",
        "visa tcp": "visa TCPIP::127.0.0.1::",
    }

    async def script(laid: Cable) -> None:
        assert expected[kind] in laid.stream.settings

    on(kind, script, opened=False)
