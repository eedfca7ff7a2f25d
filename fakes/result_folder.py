"""The folder into which a fake instrument writes its results, and what a hand can do to the files in it.

Physics: none; a file stands there half while it is written, whole after that.
Units:   s of simulated time, bytes.
Source:  words of ``instruments.transport.folder``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from automation.kernel.clock import MICRO
from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant, Seconds
from instruments.transport import folder

WRITES = Seconds(1.0)  # s during which a file is there and not complete; assumed
LONGEST = 86_400.0  # s that a result may take
_KNOWN = "drop, and cut, lock, unlock, copy, remove of a file that is there"


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    done: Instant
    locked: bool = False

    @property
    def begun(self) -> Instant:
        """Give the moment at which its first bytes stand there."""
        return self.done - WRITES

    def at(self, now: Instant) -> bytes:
        """Give the bytes that stand there so far."""
        return self.data if now >= self.done else self.data[: len(self.data) // 2]


class FakeFolder:
    """A folder that answers ``LIST`` and ``READ``."""

    def __init__(self, *, encoding: str = "utf-8") -> None:
        """Start with an empty folder; texts that are dropped into it have this encoding."""
        self.encoding = encoding
        self._files: dict[str, _File] = {}
        self._received = b""

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer every complete request; an unfinished one is kept."""
        *lines, self._received = (self._received + data).split(b"\n")
        return b"".join(self._answer(line + b"\n", now) for line in lines)

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a hand act on a file; raises FailedError for another action or an unknown file.

        ``cut`` a file ``name`` to ``keep`` bytes; ``lock`` and ``unlock`` it; ``copy`` it ``to`` another name;
        ``remove`` it; ``drop`` any ``text`` under a ``name``.
        """
        name = str(details.get("name", ""))
        match action:
            case "drop":
                self._files[name] = _File(str(details.get("text", "")).encode(self.encoding), now)
            case "cut" if name in self._files:
                keep = int(within(details, "keep", most=float(len(self._files[name].data))))
                self._files[name] = replace(self._files[name], data=self._files[name].data[:keep])
            case "copy" if name in self._files:
                self._files[str(details.get("to", f"copy of {name}"))] = self._files[name]
            case "remove" if name in self._files:
                del self._files[name]
            case "lock" | "unlock" if name in self._files:
                self._files[name] = replace(self._files[name], locked=action == "lock")
            case _:
                msg = f"{action!r} of {name!r} is not possible; known: {_KNOWN} ({', '.join(sorted(self._files))})"
                raise FailedError(msg)

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  a folder never speaks by itself
        """Give nothing."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Tell that it never speaks by itself."""
        return None

    def put(self, name: str, data: bytes, *, done: Instant) -> None:
        """Write a file that is whole at ``done``; an earlier one of the name is written over."""
        self._files[name] = _File(data, done)

    def files(self, now: Instant) -> dict[str, bytes]:
        """Give what stands in the folder, locked or not; for writing it to a real one."""
        return {name: file.at(now) for name, file in self._files.items() if file.begun <= now}

    def _answer(self, request: bytes, now: Instant) -> bytes:
        standing = self.files(now)
        listed = {
            name: folder.Entry(len(data), round(float(self._files[name].begun) * MICRO))
            for name, data in standing.items()
        }
        return folder.answer(request, listed, lambda name: self._read(name, now))

    def _read(self, name: str, now: Instant) -> bytes:
        if self._files[name].locked:
            raise PermissionError(13, "it is in use by another program")
        return self._files[name].at(now)


def within(details: Mapping[str, object], key: str, *, usual: float | None = None, most: float) -> float:
    """Give a number of a hand's details, from 0 to ``most``; raises FailedError for another, or for none."""
    try:
        value = float(str(details[key])) if key in details or usual is None else usual
    except (KeyError, ValueError):
        value = -1.0
    if not 0.0 <= value <= most:
        msg = f"{key} is {details.get(key)!r}; a number from 0 to {most:g} is possible"
        raise FailedError(msg)
    return value
