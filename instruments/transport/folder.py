r"""A watched folder as a stream of bytes, so that result files pass the same link and record as any reply.

Words (ours): ``LIST LF`` is answered by one line ``size<TAB>changed<TAB>name`` per file and ``. LF``;
``READ name LF`` by ``size LF`` and that many bytes, or by ``- why LF``. Nothing is ever written or removed.
Sizes in bytes, times of the last change in us since 1970. File systems may hang: one worker thread does the looking.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from automation.kernel.errors import LinkError, WireError
from automation.kernel.quantity import Seconds
from instruments.transport.inbox import Inbox

LARGEST = 64 << 20  # bytes of one result file; larger ones are not result files
LIST = b"LIST\n"
_WHOLE = re.compile(rb"\d{1,18}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file as a listing shows it: size in bytes, last change in us."""

    size: int
    changed: int


def read_request(name: str) -> bytes:
    """Ask for the bytes of one file."""
    return b"READ " + name.encode("utf-8", "surrogateescape") + b"\n"


def answer(request: bytes, files: Mapping[str, Entry], read: Callable[[str], bytes]) -> bytes:
    """Answer one request; ``read`` raises OSError for a file that is locked or gone."""
    if request == LIST:
        named = [(name, entry) for name, entry in sorted(files.items()) if "\n" not in name]
        lines = [f"{entry.size}\t{entry.changed}\t{name}\n" for name, entry in named]
        return "".join(lines).encode("utf-8", "surrogateescape") + b".\n"
    name = request.removeprefix(b"READ ").rstrip(b"\n").decode("utf-8", "surrogateescape")
    if name not in files:
        return b"- there is no such file\n"
    if files[name].size > LARGEST:
        return f"- it has {files[name].size} bytes, more than {LARGEST}\n".encode()
    try:
        data = read(name)
    except OSError as error:
        return f"- {error.strerror or 'it is in use'}\n".encode()
    return f"{len(data)}\n".encode() + data


def listing_complete(data: bytes) -> int:
    """Tell the length of a complete listing; 0 while it is not complete."""
    if data.startswith(b".\n"):
        return len(b".\n")
    end = data.find(b"\n.\n")
    return end + len(b"\n.\n") if end >= 0 else 0


def content_complete(data: bytes) -> int:
    """Tell the length of a complete answer to a read; 0 while it is not complete."""
    head, newline, body = data.partition(b"\n")
    if not newline:
        return 0
    if head.startswith(b"-"):
        return len(head) + 1
    if not _WHOLE.fullmatch(head):
        msg = f"a folder answered {head[:80]!r} where a size was due"
        raise WireError(msg)
    size = int(head)
    return len(head) + 1 + size if len(body) >= size else 0


def entries(listing: bytes) -> dict[str, Entry]:
    """Read a complete listing as entry by name; raises WireError for a line that is none."""
    found = {}
    for line in listing.removesuffix(b".\n").splitlines():
        size, _, rest = line.partition(b"\t")
        changed, tab, name = rest.partition(b"\t")
        if not (tab and _WHOLE.fullmatch(size) and _WHOLE.fullmatch(changed)):
            msg = f"a folder listed {line[:80]!r}; size, time and name are needed"
            raise WireError(msg)
        found[name.decode("utf-8", "surrogateescape")] = Entry(int(size), int(changed))
    return found


def content(answered: bytes) -> bytes | str:
    """Read the answer to a read: the bytes of the file, or why it can't be read."""
    head, _, body = answered.partition(b"\n")
    return head[1:].strip().decode("utf-8", "replace") if head.startswith(b"-") else body


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
            await asyncio.get_running_loop().run_in_executor(self._worker, _entries, self.path)
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
        return answer(request, _entries(self.path), lambda name: (self.path / name).read_bytes())

    def _looked(self, looked: asyncio.Future[bytes]) -> None:
        if looked.cancelled():
            return
        error = looked.exception()
        if error is None:
            self._inbox.put(looked.result())
        else:
            self._inbox.lose(f"lost: {error}")


def _entries(path: Path) -> dict[str, Entry]:
    """Give each visible regular file; raises OSError when the folder is gone."""
    found = {}
    for file in path.iterdir():
        if not file.name.startswith(".") and not file.is_symlink() and file.is_file():
            known = file.stat()
            found[file.name] = Entry(known.st_size, known.st_mtime_ns // 1000)
    return found
