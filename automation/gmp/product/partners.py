"""Partners: centres and laboratories whose own programs send signed messages; known by a key that two people saw.

A partner may send what its rights say, for its own party and nobody else's. Its key is that of the organisation; who
did the work there is stated in each message. A key that two partners have is refused: it would be nobody's; so is one
of the few for which anybody can sign.
Units:  Ed25519 public keys, 64 hex digits.
Source: 21 CFR 11.30 (open systems: digital signatures), 11.300(b), (d); EU GMP Annex 11 5 and 11.12; RFC 8032;
        RFC 7748 7 (points of small order).
"""

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AfterValidator

from automation.gmp.marks import of_party
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table

TAG = "cellwright message 1"
"""What stands before the digest that is signed, so that no other signature of the key counts as one of these."""

_P = 2**255 - 19
_SMALL = frozenset(
    {
        0,
        1,
        _P - 1,
        *(
            int.from_bytes(bytes.fromhex(text), "little") & ~(1 << 255)
            for text in (
                "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            )
        ),
    }
)  # the y of the eight points of small order: under them a signature of nothing is good for everything


class State(StrEnum):
    """Where a partner stands; only an active one is listened to."""

    ABSENT = "absent"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class May(StrEnum):
    """What a partner may send."""

    COLLECTIONS = "collections"  # reports of its collections
    RESULTS = "results"  # of tests


def _key(text: str) -> str:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    except ValueError:
        msg = "64 hex digits of an Ed25519 public key are needed"
        raise ValueError(msg) from None
    return text.lower()


PublicKey = Annotated[str, AfterValidator(_key)]


class Registration(Body):
    """Who sends, for which party, what, and by which key."""

    party: str = field(label="Party", help="As collections, manifests and hand-overs name it", length=2)
    key: PublicKey = field(label="Public key", help="Ed25519, 64 hex digits")
    may: tuple[May, ...] = field(label="What it may send", help="collections, results", length=1)
    seen: str = field(label="How the key was confirmed", help="Read out on the telephone, or on paper", length=3)


class Renewal(Body):
    """Another key in the place of the one before, which counts no more."""

    key: PublicKey = field(label="Public key", help="Ed25519, 64 hex digits")
    seen: str = field(label="How the key was confirmed", length=3)


_KEEPERS = frozenset({Right.ADMINISTER})
_STOPPERS = frozenset({Right.ADMINISTER, Right.REVIEW, Right.APPROVE, Right.SUPERVISE})
_TWO = (Meaning.RESPONSIBLE, Meaning.VERIFIED)

TABLE = Table(
    State.ABSENT,
    (
        Row("register", State.ABSENT, State.ACTIVE, by=_KEEPERS, signs=_TWO, body=Registration),
        *(
            Row("renew_key", state, State.ACTIVE, by=_KEEPERS, signs=_TWO, body=Renewal)
            for state in (State.ACTIVE, State.SUSPENDED)
        ),
        Row("suspend", State.ACTIVE, State.SUSPENDED, by=_STOPPERS, body=Reason),
        Row("resume", State.SUSPENDED, State.ACTIVE, by=_KEEPERS, signs=_TWO, body=Reason),
        *(Row("end", state, State.ENDED, by=_KEEPERS, body=Reason) for state in (State.ACTIVE, State.SUSPENDED)),
    ),
)


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    party: str = ""
    key: str = ""
    may: tuple[May, ...] = ()
    former: tuple[str, ...] = ()  # keys that count no more
    reason: str = ""  # why it is suspended or ended

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: every key that it has or had; its party, as long as it is one."""
        party = () if self.state in {State.ABSENT, State.ENDED} else (of_party(self.party),)
        return (*party, *(_keyed(key) for key in (self.key, *self.former) if key))

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a key or an id that is another's, or a key that is anybody's: nobody would know whose word it is."""
        if not isinstance(fact.body, Registration | Renewal):
            return
        if site.find("person", self.id).state != "absent":
            raise RefusedError(f"partner {self.id} can't be registered: {self.id} is a person here; take another id")
        if "." in self.id:  # else number 1 of a.b and number b.1 of a would be one message
            raise RefusedError(f"partner {self.id} can't be registered: an id with '.' is not told from a number")
        if _is_anybodys(fact.body.key):
            raise RefusedError(f"partner {self.id} can't have this key: anybody can sign for it; make one with openssl")
        taken = next((one.id for one in site.marked("partner", _keyed(fact.body.key))), "")
        if taken:
            raise RefusedError(f"partner {self.id} can't have this key: it is, or was, that of {taken}")

    def apply(self, fact: Fact) -> Self:
        """Give the partner as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), reason="")
        match fact.body:
            case Registration() as said:
                return replace(after, party=said.party, key=said.key, may=said.may)
            case Renewal(key=key):
                return replace(after, key=key, former=(*self.former, self.key))
            case Reason(reason=reason):
                return replace(after, reason=reason)
        return after

    def told(self, site: Site) -> tuple[str, ...]:  # noqa: ARG002  every object is asked the same way
        """Say by which words the key is compared."""
        return (f"fingerprint {fingerprint(self.key)}",) if self.key else ()

    def has_signed(self, sha256: str, signature: str) -> bool:
        """Tell whether a signature (hex) over the digest of a file (hex) is of its key."""
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.key))
            key.verify(bytes.fromhex(signature), signed_text(sha256))
        except (InvalidSignature, ValueError):
            return False
        return True


def signed_text(sha256: str) -> bytes:
    """Give the very bytes that a partner signs for a file with this digest (hex)."""
    return f"{TAG} {sha256}\n".encode()


def fingerprint(key: str) -> str:
    """Give a key in eight groups that people read to each other."""
    text = hashlib.sha256(bytes.fromhex(key)).hexdigest()[:32]
    return " ".join(text[start : start + 4] for start in range(0, 32, 4))


def _is_anybodys(key: str) -> bool:
    """Tell whether a key is a point of small order, or another's in another spelling."""
    y = int.from_bytes(bytes.fromhex(key), "little") & ~(1 << 255)
    return y >= _P or y in _SMALL


def _keyed(key: str) -> str:
    return f"key {key}"


KIND = Kind("partner", "product", TABLE, Partner)
