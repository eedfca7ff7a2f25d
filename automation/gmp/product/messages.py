"""Messages of partners: each is taken once, when its signature, its time and the sender's right are good.

The signature is over the digest of the file, so that the record proves it for ever with the registered key alone. What
a message asks for follows by itself, under the rules that a person's command meets; what they refuse is on record, and
the message is spent: a corrected one is another message.
Units:  s.
Source: 21 CFR 11.30, 11.70 (signature linked to its record), 11.10(h) (validity of the source); RFC 8032.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, cast

from automation.gmp.codes import Moment, moment
from automation.gmp.marks import with_file
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.product.collections import BY_PROGRAM, Collection, Report
from automation.gmp.product.partners import May, Partner
from automation.gmp.product.partners import State as Standing
from automation.gmp.words import Body, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds

LONGEST = Seconds(24 * 3600.0)  # s from sending to taking
AHEAD = Seconds(300.0)  # s that the clock of a partner may be ahead


class State(StrEnum):
    """Where a message stands."""

    ABSENT = "absent"
    TAKEN = "taken"


class Envelope(Body):
    """Who sent what when, under which signature."""

    partner: str = field(label="Partner", length=1)
    number: str = field(label="Number of the message", help="The sender uses it once", length=1)
    sent: Moment = field(label="When it was sent, as the sender says")
    sha256: str = field(label="SHA-256 of the file", length=64)
    signature: str = field(label="Signature over the digest", help="Ed25519, 128 hex digits", length=128)
    about: May = field(label="What it brings")
    collection: str = field(label="Collection", help="Of a report", default="")
    report: Report | None = field(label="Report of the collection", default=None)
    performed_by: str = field(
        label="Who collected, as the sender says", help="A staff code, never a patient", default=""
    )
    verified_by: str = field(label="Who verified it, as the sender says", default="")


TABLE = Table(State.ABSENT, (Row("take", State.ABSENT, State.TAKEN, by={Right.SYSTEM}, body=Envelope),))


@dataclass(frozen=True, slots=True)
class Message:
    """One message, folded from its event; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    envelope: Envelope | None = None
    taken_at: Instant = Instant(0.0)

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its mark: the file."""
        return (with_file(self.envelope.sha256),) if self.envelope else ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a forged signature, a sender without the right, another's collection, what is old or not yet sent."""
        said = fact.stated(Envelope)
        partner = cast("Partner", site.find("partner", said.partner))
        self._refuse(self.id != message_id(said.partner, said.number), "is not the one that its sender numbered")
        reason = f" ({partner.reason})" if partner.reason else ""
        self._refuse(partner.state is not Standing.ACTIVE, f"is of {said.partner}, which is {partner.state}{reason}")
        signed = partner.has_signed(said.sha256, said.signature)
        self._refuse(not signed, f"is not signed with the key of {said.partner}")
        may = ", ".join(partner.may)
        self._refuse(said.about not in partner.may, f"brings {said.about}; {said.partner} may send {may}")
        self._check_time(fact, said)
        if said.about is May.COLLECTIONS:
            self._check_collection(said, partner, site)

    def _check_time(self, fact: Fact, said: Envelope) -> None:
        sent = moment(said.sent, zone=fact.zone)
        self._refuse(sent > fact.at + AHEAD, f"was sent at {said.sent}, still to come")
        old = f"was sent at {said.sent}; a message is taken within {LONGEST / 3600.0:g} h"
        self._refuse(fact.at > sent + LONGEST, old)

    def _check_collection(self, said: Envelope, partner: Partner, site: Site) -> None:
        self._refuse(said.report is None or not said.collection, "reports no collection")
        slot = cast("Collection", site.find("collection", said.collection)).slot
        theirs = slot is not None and slot.centre == partner.party
        self._refuse(not theirs, f"is about collection {said.collection}, which is none of {partner.party}")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"message {self.id} {why}")

    def apply(self, fact: Fact) -> Self:
        """Give the message as it stands after the fact."""
        state = State(TABLE.row(self.state, fact.kind).dest)
        return replace(self, state=state, envelope=fact.stated(Envelope), taken_at=fact.at)


def message_id(partner: str, number: str) -> str:
    """Name a message: the same number of the same sender is the same message."""
    return f"{partner}.{number}"


def _reported(thing: Thing, fact: Fact, _site: Site) -> Iterable[Next]:
    said = fact.stated(Envelope)
    if said.report is not None:
        who = {"message": thing.id, "performed_by": said.performed_by, "verified_by": said.verified_by}
        yield Next(f"collection/{said.collection}", BY_PROGRAM, {**said.report.model_dump(mode="json"), **who})


FOLLOWS = (Follow("message-reports", "take", "the collection is reported", "EU GMP Part IV 7.2", _reported),)

KIND = Kind("message", "product", TABLE, Message, FOLLOWS)
