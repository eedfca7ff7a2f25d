"""The journal of a step: what each visit asked of the world and what came of it.

Event kinds in a step's stream, in the order in which they can come:
``enter`` a state; ``call`` before an act; ``read`` (a query: call and reply in one); ``reply``, ``refused``,
``failed``, ``doubt``, ``resolved``; ``wait`` and ``seen``; ``again`` (a person lets a failed effect be tried anew);
``move`` out of the state; ``recalculated`` results after a correction; ``procedural`` for the ISA-88 state around it;
``data`` for sealed process data.
"""

from dataclasses import dataclass, field

import msgspec

from automation.kernel.errors import (
    CellwrightError,
    FailedError,
    GateError,
    IdentityError,
    JournalError,
    LinkError,
    RefusedError,
    UnknownError,
    WireError,
)
from automation.ledger.event import Event

ERRORS: dict[str, type[CellwrightError]] = {
    kind.__name__: kind
    for kind in (RefusedError, GateError, IdentityError, FailedError, UnknownError, LinkError, WireError)
}


DEFECTIVE = "device defective"
"""What a person can find beside done and not done: whether the act took effect is asked again once it is repaired."""


class Enter(msgspec.Struct, frozen=True, omit_defaults=True):
    """A state is entered."""

    visit: int
    state: str
    within: str = ""  # empty, or holding, restarting, stopping, aborting


class Called(msgspec.Struct, frozen=True, omit_defaults=True):
    """An act is about to be sent."""

    visit: int
    n: int
    asset: str
    method: str
    args: msgspec.Raw
    kind: str
    attempt: int = 1


class Replied(msgspec.Struct, frozen=True, omit_defaults=True):
    """An effect came back, with the bytes that were exchanged (hex, sent and received)."""

    visit: int
    n: int
    value: msgspec.Raw = msgspec.Raw(b"null")
    wire: tuple[tuple[str, str], ...] = ()
    asset: str = ""  # of a read, which has no call event
    method: str = ""
    args: msgspec.Raw = msgspec.Raw(b"{}")
    reconciled: bool = False


class Fell(msgspec.Struct, frozen=True, omit_defaults=True):
    """An effect was refused, failed, or is in doubt."""

    visit: int
    n: int
    error: str
    message: str
    wire: tuple[tuple[str, str], ...] = ()
    asset: str = ""
    method: str = ""
    args: msgspec.Raw = msgspec.Raw(b"{}")


class Waiting(msgspec.Struct, frozen=True, omit_defaults=True):
    """A wait begins."""

    visit: int
    n: int
    what: str
    detail: msgspec.Raw = msgspec.Raw(b"{}")


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """A wait is over; ``name`` says which of its ends came."""

    visit: int
    n: int
    name: str
    value: msgspec.Raw = msgspec.Raw(b"null")


class Resolved(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person decided a doubt."""

    visit: int
    n: int
    outcome: str  # done, not done, device defective
    by: str
    reason: str
    value: msgspec.Raw = msgspec.Raw(b"null")


class Again(msgspec.Struct, frozen=True):
    """A failed effect may be tried anew."""

    visit: int
    n: int


class Moved(msgspec.Struct, frozen=True, omit_defaults=True):
    """A state is left."""

    visit: int
    command: str
    source: str
    dest: str
    results: msgspec.Raw = msgspec.Raw(b"{}")


class Recalculated(msgspec.Struct, frozen=True, omit_defaults=True):
    """What results come to since a correction; those of the moves stay beside them."""

    correction: str
    results: msgspec.Raw = msgspec.Raw(b"{}")  # those that changed
    was: msgspec.Raw = msgspec.Raw(b"{}")  # what they were
    left: tuple[str, ...] = ()  # what could not be recalculated, or was done by the earlier values


class Stage(msgspec.Struct, frozen=True, omit_defaults=True):
    """The ISA-88 state around the operation changes."""

    state: str
    reason: str = ""
    by: str = ""


@dataclass(slots=True)
class Entry:
    """All that is recorded of one effect of a visit."""

    what: str = ""  # asset.method, or what was waited for
    args: bytes = b"{}"
    kind: str = ""
    attempt: int = 0
    called: Event | None = None
    outcome: Event | None = None  # read, reply, refused, failed, doubt, resolved or seen
    again: int = 0  # how often a person let it be tried anew
    seen_done: bool = False  # a person has seen that it took effect
    unsettled: bool = False  # a person has found the device defective; nobody knows yet whether it took effect


@dataclass(slots=True)
class Journal:
    """The effects of one visit by number; a new visit's is empty."""

    visit: int
    entries: dict[int, Entry] = field(default_factory=dict)
    last: int = 0  # the last event of the visit

    def add(self, event: Event) -> None:
        """Take in an event of this visit."""
        self.last = event.seq
        match event.kind:
            case "call":
                call = event.read(Called)
                entry = self._entry(call.n)
                entry.what, entry.args = f"{call.asset}.{call.method}", bytes(call.args)
                entry.kind, entry.attempt = call.kind, call.attempt
                entry.called, entry.outcome = event, None
            case "wait":
                wait = event.read(Waiting)
                entry = self._entry(wait.n)
                entry.what, entry.args, entry.called = wait.what, bytes(wait.detail), event
            case "read":
                read = event.read(Replied)
                entry = self._entry(read.n)
                entry.what, entry.args = f"{read.asset}.{read.method}", bytes(read.args)
                entry.outcome = event
            case "refused" | "failed" | "doubt":  # "overridden" is followed by its call
                fell = event.read(Fell)
                entry = self._entry(fell.n)
                if fell.asset:
                    entry.what, entry.args = f"{fell.asset}.{fell.method}", bytes(fell.args)
                entry.outcome = event
            case "reply" | "seen":
                self._entry(event.read(_Numbered).n).outcome = event
            case "resolved":
                decision = event.read(Resolved)
                entry = self._entry(decision.n)
                entry.outcome, entry.seen_done = event, decision.outcome == "done"
                entry.unsettled = decision.outcome == DEFECTIVE
            case "again":
                self._again(self._entry(event.read(Again).n))
            case _:
                pass

    def check(self, n: int, what: str, args: bytes) -> Entry | None:
        """Give what is recorded of effect ``n``; raises JournalError when it was another effect."""
        entry = self.entries.get(n)
        if entry is None or not entry.what:
            return None
        if entry.what != what or entry.args != args:
            msg = (
                f"visit {self.visit}, effect {n}: the record says {entry.what} {entry.args.decode()}, "
                f"the code now asks {what} {args.decode()}"
            )
            raise JournalError(msg)
        return entry

    @staticmethod
    def _again(entry: Entry) -> None:
        """Let an effect be tried anew; it is settled first, unless its only attempt is known to have failed."""
        fell = entry.outcome is not None and entry.outcome.kind in {"refused", "failed"}
        if fell and entry.attempt <= 1 and not entry.seen_done and not entry.unsettled:
            entry.called = None
        entry.outcome, entry.attempt, entry.again = None, 0, entry.again + 1

    def _entry(self, n: int) -> Entry:
        return self.entries.setdefault(n, Entry())


class _Brought(msgspec.Struct):
    results: dict[str, object] = msgspec.field(default_factory=dict)


def brought(event: Event) -> dict[str, object]:
    """Give the results that a move or a recalculation brings; of every other event none."""
    return event.read(_Brought).results if event.kind in {"move", "recalculated"} else {}


def is_after(event: Event) -> bool:
    """Tell whether an event of a step came of a correction, after the step itself."""
    return event.kind == "recalculated" or (event.kind == "judged" and event.cause is not None)


class _Numbered(msgspec.Struct):
    n: int


def raised(event: Event) -> CellwrightError:
    """Give the error that a recorded effect ended with."""
    fell = event.read(Fell)
    return ERRORS.get(fell.error, FailedError)(fell.message)
