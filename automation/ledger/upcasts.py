"""Event kinds never change: what an older release has written is brought into today's words when it is read.

The stored bytes stay as they are, and the chain over them. A kind whose body gets another shape gets one more function
here, from the body before to the body after, and every later reader goes through all of them; none is ever removed.
The number of a kind's functions plus one is the ``schema`` with which this release writes it.
Each function is pure, takes and gives the body as plain names and values, and is shown by a golden ledger of the last
release that wrote the older shape (``tests/golden``).
"""

from collections.abc import Callable

import msgspec

from automation.kernel.errors import NewerVersionError

Body = dict[str, object]
Upcast = Callable[[Body], Body]
Key = tuple[str, str]  # family and kind

STEP = "step"  # the family of the events that a step's runner and its binding write

UPCASTS: dict[Key, tuple[Upcast, ...]] = {}

_read = msgspec.json.Decoder(Body).decode


def family(stream: str) -> str:
    """Give the first word of a stream's name; ``step`` for the stream of a step."""
    return STEP if "/step/" in stream else stream.partition("/")[0]


def schema_of(stream: str, kind: str) -> int:
    """Give the schema number with which this release writes a kind of event."""
    return len(UPCASTS.get((family(stream), kind), ())) + 1 if UPCASTS else 1


def current(stream: str, kind: str, *, schema: int, body: bytes) -> bytes:
    """Give a body (JSON) as this release would write it; raises NewerVersionError for what a later one has written."""
    steps = UPCASTS.get((family(stream), kind), ()) if UPCASTS else ()
    if schema > len(steps) + 1:
        raise NewerVersionError(
            f"{kind!r} of {stream} has schema {schema}; this release reads up to {len(steps) + 1}: use a newer release"
        )
    if schema == len(steps) + 1:
        return body
    found = _read(body)
    for step in steps[schema - 1 :]:
        found = step(found)
    return msgspec.json.encode(found)
