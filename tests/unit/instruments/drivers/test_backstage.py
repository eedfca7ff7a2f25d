"""PyLabRobot's thread and loop: what one call leaves behind meets no other."""

import asyncio

import pytest

from automation.kernel.errors import LinkError
from instruments.drivers.hamilton_star.backstage import Backstage, Usb


async def broken(_frame: bytes) -> bytes:
    """Be a cable that is pulled."""
    raise LinkError("the cable was pulled")


async def some_at_once(usb: Usb) -> None:
    """Send a frame while something else of the same call waits."""
    await asyncio.gather(usb.write(b"C0RF"), asyncio.Event().wait())


async def going() -> int:
    """Count what goes on on PyLabRobot's loop."""
    return len(asyncio.all_tasks())


@pytest.mark.requirement("C03")
def test_a_call_that_failed_leaves_nothing_waiting_for_its_turn() -> None:
    """Else a frame of the call before would hold the line for ever."""

    async def script() -> None:
        usb = Usb()
        stage = Backstage(usb)
        with pytest.raises(LinkError):
            await stage.run(some_at_once(usb), broken)
        assert await stage.run(going(), broken) == 1
        stage.close()

    asyncio.run(script())
