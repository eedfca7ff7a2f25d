"""What is fuzzed: a target is a reader of bytes that knows good examples and what its promises are.

An attempt gives what it understood, or None when it understood nothing (or waits for more); it may raise the project's
own errors. Anything else that comes out of it is a bug, and so is a broken promise.
"""

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from automation.kernel.errors import CellwrightError

Attempt = Callable[[bytes], object]
"""Reads one input and gives what it means; None when it is not accepted."""

REFUSED: tuple[type[Exception], ...] = (CellwrightError,)


class BrokenError(AssertionError):
    """An accepted input breaks a promise of its grammar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing that reads bytes from outside.

    ``covers`` names what it stands for: modules of a wire, ``group:entry point``, or a place of the program.
    ``seal`` closes a damaged frame with its right checksum, so that what stands behind the check is reached as well.
    ``harmless`` says what an accepted frame with one changed byte means; empty where the checksum refuses it.
    ``life`` is after how many inputs an instance that remembers is made anew; 0 for one that remembers nothing.
    """

    name: str
    covers: tuple[str, ...]
    corpus: Callable[[], Sequence[bytes]]
    fresh: Callable[[], AbstractContextManager[Attempt]]
    seal: Callable[[bytes], bytes] | None = None
    harmless: str = ""
    life: int = 0
    share: float = 1.0  # of the inputs that are asked for; less for what works on files


def pure(attempt: Attempt) -> Callable[[], AbstractContextManager[Attempt]]:
    """Make a target's ``fresh`` of a function that remembers nothing."""
    return lambda: contextlib.nullcontext(attempt)


def understood(attempt: Attempt, data: bytes) -> object:
    """Give what an input means; None when it is refused. Raises whatever is no refusal."""
    try:
        return finite(attempt(data))
    except REFUSED:
        return None


def finite(value: object) -> object:
    """Give a value back; raises BrokenError when NaN or an infinity is in it."""
    for one in _leaves(value):
        if isinstance(one, float) and not math.isfinite(one):
            raise BrokenError(f"{one} was accepted as a number in {str(value)[:200]}")
    return value


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _leaves(one)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _leaves(getattr(value, field.name))
    else:
        yield value
