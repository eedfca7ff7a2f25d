"""What only one kind of stream has to do: exclusive ports, absent devices, folders; and none in simulated time."""

import asyncio
from pathlib import Path

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import LinkError, RefusedError, WireError
from automation.kernel.quantity import Instant, Seconds
from fakes.serial_scanner import FakeSerialScanner
from fakes.serve import serve_pty
from instruments.transport import Link, folder
from instruments.transport.folder import FolderStream
from instruments.transport.ports import open_stream
from instruments.transport.serial import SerialStream

pytestmark = pytest.mark.requirement("C06")


def test_a_serial_port_is_opened_by_one_program_alone() -> None:
    """Two programs on one line would take each other's replies."""

    async def main(path: str) -> None:
        first, second = SerialStream(path), SerialStream(path)
        await first.open()
        with pytest.raises(LinkError, match="can't be opened at 9600 8N1"):
            await second.open()
        await first.close()

    with serve_pty(FakeSerialScanner()) as path:
        asyncio.run(main(path))


@pytest.mark.parametrize(
    "port",
    ["serial:/dev/not-there", "tcp:127.0.0.1:1", "visa:ASRL/dev/not-there::INSTR", "folder:/not/there"],
)
def test_a_port_where_nothing_is_says_so_when_it_is_opened(port: str) -> None:
    """The error names the port."""

    async def main() -> None:
        with pytest.raises(LinkError, match=r"not-there|127\.0\.0\.1:1|/not/there"):
            await open_stream(port).open()

    asyncio.run(main())


@pytest.mark.parametrize(
    "port", ["serial:/dev/ttyS9", "tcp:127.0.0.1:1", "visa:TCPIP::127.0.0.1::1::SOCKET", "folder:/tmp"]
)
def test_the_real_world_is_refused_in_simulated_time(port: str) -> None:
    """It would not wait for the clock, and no run would be repeatable."""

    async def main(_clock: SimulatedClock) -> None:
        with pytest.raises(RefusedError, match="simulated time"):
            await open_stream(port).open()

    run_simulated(main, start=Instant(0.0))


def test_a_folder_lists_and_reads_its_files_and_nothing_else(tmp_path: Path) -> None:
    """Hidden files, links and folders are no results."""
    (tmp_path / "S-1.csv").write_bytes(b"count\r\n")
    (tmp_path / ".part").write_bytes(b"x")
    (tmp_path / "old").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "S-1.csv")

    async def main() -> None:
        link = Link(FolderStream(tmp_path))
        await link.open()
        listed = folder.entries(await link.exchange(folder.LIST, folder.listing_complete))
        assert [(name, entry.size) for name, entry in listed.items()] == [("S-1.csv", 7)]
        read = await link.exchange(folder.read_request("S-1.csv"), folder.content_complete)
        assert folder.content(read) == b"count\r\n"
        outside = await link.exchange(folder.read_request("../secret"), folder.content_complete)
        assert folder.content(outside) == "there is no such file"
        await link.close()

    asyncio.run(main())


def test_a_folder_that_disappears_is_a_lost_link(tmp_path: Path) -> None:
    """A share that is no longer mounted is not an empty folder."""
    gone = tmp_path / "share"
    gone.mkdir()

    async def main() -> None:
        link = Link(FolderStream(gone))
        await link.open()
        gone.rmdir()
        with pytest.raises(LinkError, match="lost"):
            await link.exchange(folder.LIST, folder.listing_complete, deadline=Seconds(5.0))
        await link.close()

    asyncio.run(main())


def test_a_listing_that_is_none_is_a_wire_error() -> None:
    """Nothing is guessed from a strange line."""
    with pytest.raises(WireError, match="size, time and name"):
        folder.entries(b"rubbish\n.\n")
    with pytest.raises(WireError, match="where a size was due"):
        folder.content_complete(b"rubbish\n")
