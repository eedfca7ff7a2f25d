"""Blinds: what a trial hides, sealed by a commitment, opened by two people with a reason that is on the record.

The ledger holds the SHA-256 of ``<what is hidden>:<key>`` and never what is hidden, until it is opened; what is shown
then has to be what was sealed. Whoever opens one before the end of the study opens a deviation by it.
Source: ICH E6(R2) 5.13.4 and 4.7 (blinding, premature unblinding is documented); PIC/S Annex 13, 6.4.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, cast

from automation.gmp.marks import of_order
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.words import Body, Meaning, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table

_KEY = 16  # characters that can't be guessed


class State(StrEnum):
    """Where a blind stands."""

    ABSENT = "absent"
    SEALED = "sealed"
    OPENED = "opened"


class Hidden(StrEnum):
    """What it hides."""

    ARM = "arm"  # which treatment it is
    IDENTITY = "identity"  # which patient a study number stands for


class Why(StrEnum):
    """Why it is opened."""

    EMERGENCY = "emergency"
    SAFETY = "safety report"
    END = "end of study"


class Sealing(Body):
    """For which order, what is hidden, and the commitment to it."""

    order: str = field(label="Order", length=1)
    study: str = field(label="Study", length=2)
    number: str = field(label="Study number", help="As it stands on the label; never a name", length=2)
    hides: Hidden = field(label="What it hides", help="arm or identity")
    sha256: str = field(label="SHA-256 of the hidden word, ':' and the key", length=64)


class Opening(Body):
    """What was hidden, the key that proves it, and why it is opened."""

    word: str = field(label="What was hidden", length=1)
    key: str = field(label="Key", help=f"At least {_KEY} characters, from the sealed envelope", length=_KEY)
    why: Why = field(label="Why", help="emergency, safety report or end of study")
    reason: str = field(label="Reason", length=3)


TABLE = Table(
    State.ABSENT,
    (
        Row("seal", State.ABSENT, State.SEALED, by={Right.ORDER}, signs=(Meaning.AUTHORED,), body=Sealing),
        Row(
            "open",
            State.SEALED,
            State.OPENED,
            by={Right.TREAT, Right.RELEASE},
            signs=(Meaning.RESPONSIBLE, Meaning.VERIFIED),
            body=Opening,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Blind:
    """One blind, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    sealing: Sealing | None = None
    opening: Opening | None = None
    opened_by: tuple[str, ...] = ()

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its mark: its order."""
        return (of_order(self.sealing.order),) if self.sealing else ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse an order that nobody placed, a second one of it, and a word that is not what was sealed."""
        match fact.body:
            case Sealing() as said:
                self._refuse(site.find("order", said.order).state == State.ABSENT, f"is of no order {said.order}")
                others = (cast("Blind", one).sealing for one in site.marked("blind", of_order(said.order)))
                again = any(one is not None and one.hides is said.hides for one in others)
                self._refuse(again, f"hides the {said.hides} of order {said.order}, which is sealed already")
            case Opening() as said:
                shown = committed(said.word, said.key)
                sealed = self.sealing.sha256 if self.sealing else ""
                self._refuse(shown != sealed, "is not opened: word and key are not what was sealed")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"blind {self.id} {why}")

    def apply(self, fact: Fact) -> Self:
        """Give the blind as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        if isinstance(fact.body, Sealing):
            return replace(after, sealing=fact.body)
        return replace(after, opening=fact.stated(Opening), opened_by=tuple(one.by for one in fact.signed))


def committed(word: str, key: str) -> str:
    """Give the commitment to a hidden word."""
    return hashlib.sha256(f"{word}:{key}".encode()).hexdigest()


def _early(thing: Thing, fact: Fact, _site: Site) -> Iterable[Next]:
    said = fact.stated(Opening)
    if said.why is not Why.END:
        title = f"opened before the end of the study ({said.why}): {said.reason}"
        yield Next(
            f"deviation/{thing.id}-D01", "open", {"subject": f"blind/{thing.id}", "title": title, "rule": "blind"}
        )


FOLLOWS = (Follow("blind-early", "open", "before the end it is a deviation", "ICH E6(R2) 4.7", _early),)

KIND = Kind("blind", "product", TABLE, Blind, FOLLOWS)
