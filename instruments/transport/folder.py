r"""A watched folder as a stream of bytes, so that result files pass the same link and record as any reply.

Words (ours): ``LIST LF`` is answered by one line ``size<TAB>name`` per file and ``. LF``;
``READ name LF`` by ``size LF`` and that many bytes, or by ``- why LF``. Nothing is ever written or removed.
Sizes in bytes. File systems may hang: one worker thread does the looking.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from automation.kernel.errors import LinkError, WireError
from automation.kernel.quantity import Seconds
from instruments.transport.inbox import Inbox

LARGEST = 60_000  # bytes of one result file; larger ones are not result files
LIST = b"LIST\n"


def read_request(name: str) -> bytes:
    """Ask for the bytes of one file."""
    return b"READ " + name.encode("utf-8", "surrogateescape") + b"\n"


def answer(request: bytes, sizes: Mapping[str, int], read: Callable[[str], bytes]) -> bytes:
    """Answer one request; ``read`` raises OSError for a file that is locked or gone."""
    if request == LIST:
        lines = [f"{size}\t{name}\n" for name, size in sorted(sizes.items()) if "\n" not in name]
        return "".join(lines).encode("utf-8", "surrogateescape") + b".\n"
    name = request.removeprefix(b"READ ").rstrip(b"\n").decode("utf-8", "surrogateescape")
    if name not in sizes:
        return b"- no such file\n"
    if sizes[name] > LARGEST:
        return f"- {sizes[name]} bytes, more than {LARGEST}\n".encode()
    try:
        data = read(name)
    except OSError as error:
        return f"- {error.strerror or 'it is in use'}\n".encode()
    return f"{len(data)}\n".encode() + data


def listing_complete(data: bytes) -> int:
    """Tell the length of a complete listing; 0 while it is not complete."""
    return len(data) if data == b".\n" or data.endswith(b"\n.\n") else 0


def content_complete(data: bytes) -> int:
    """Tell the length of a complete answer to a read; 0 while it is not complete."""
    head, newline, body = data.partition(b"\n")
    if not newline:
        return 0
    if head.startswith(b"-"):
        return len(head) + 1
    if not head.isdigit():
        msg = f"a folder answered {head!r} where a size was due"
        raise WireError(msg)
    size = int(head)
    return len(head) + 1 + size if len(body) >= size else 0


def sizes(listing: bytes) -> dict[str, int]:
    """Read a complete listing as size (bytes) by name."""
    found = {}
    for line in listing.removesuffix(b".\n").split(b"\n"):
        size, tab, name = line.partition(b"\t")
        if tab and size.isdigit():
            found[name.decode("utf-8", "surrogateescape")] = int(size)
    return found


def content(answered: bytes) -> bytes | str:
    """Read the answer to a read: the bytes of the file, or why it can't be read."""
    head, _, body = answered.partition(b"\n")
    return head[1:].strip().decode() if head.startswith(b"-") else body


class FolderStream:
    """A folder into which an instrument writes result files."""

    def __init__(self, path: Path) -> None:
        """Name the folder; nothing is looked at yet."""
        self.path = path
        self._inbox = Inbox(str(path))
        self._worker: ThreadPoolExecutor | None = None

    @property
    def settings(self) -> str:
        """Say which folder is watched."""
        return f"folder {self.path}"

    async def open(self) -> None:
        """Check that the folder can be listed; raises LinkError when it can't."""
        if self._inbox.whole:
            return
        self._worker = self._worker or ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"folder {self.path}")
        try:
            await asyncio.get_running_loop().run_in_executor(self._worker, _sizes, self.path)
        except OSError as error:
            await self.close()
            msg = f"folder {self.path} can't be watched: {error.strerror}"
            raise LinkError(msg) from error
        self._inbox.begin()

    async def close(self) -> None:
        """Stop watching."""
        self._inbox.lose("not open")
        if self._worker is not None:
            self._worker.shutdown(wait=False)
        self._worker = None

    def write(self, data: bytes) -> None:
        """Take one request; raises LinkError when the folder is not open or gone."""
        self._inbox.check()
        looked = asyncio.get_running_loop().run_in_executor(self._worker, self._look, data)
        looked.add_done_callback(self._looked)

    def take(self) -> bytes:
        """Give what has been answered so far."""
        return self._inbox.take()

    async def arrived(self, *, within: Seconds) -> bool:
        """Wait until an answer can be taken; False when the time is over (s)."""
        return await self._inbox.arrived(within=within)

    def _look(self, request: bytes) -> bytes:
        return answer(request, _sizes(self.path), lambda name: (self.path / name).read_bytes())

    def _looked(self, looked: asyncio.Future[bytes]) -> None:
        if looked.cancelled():
            return
        error = looked.exception()
        if error is None:
            self._inbox.put(looked.result())
        else:
            self._inbox.lose(f"lost: {error}")


def _sizes(path: Path) -> dict[str, int]:
    """Give the size (bytes) of each visible regular file; raises OSError when the folder is gone."""
    found = {}
    for entry in path.iterdir():
        if not entry.name.startswith(".") and not entry.is_symlink() and entry.is_file():
            found[entry.name] = entry.stat().st_size
    return found
