"""What a check of a ledger or an exported record says."""

import msgspec


class FirstBad(msgspec.Struct, frozen=True):
    """The first event that is not what was written, and what is wrong; 0 for a page that is not what events say."""

    seq: int
    what: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How far a ledger or record is whole, and who vouches for it."""

    kind: str  # "ledger" or "record"
    intact: bool
    events: int  # whole ones, counted up to the first bad one
    head: str  # hash of the last whole event, hex; empty when there is none
    ledger: str = ""  # id, hex
    site: str = ""
    mode: str = ""  # "simulated" or "live"
    signed_to: int = 0  # last event under a good signature; 0 for none
    signed_by: str = ""  # key id
    trusted: bool = False  # the key came from outside and fits
    anchored_to: int = 0  # last event whose head is in heads.log; 0 for none
    first_bad: FirstBad | None = None
    bad_files: tuple[str, ...] = ()  # kept files of a site folder that are wrong or missing, a sentence each
    notes: tuple[str, ...] = ()  # what this check can't see, and what it would need


class BadError(Exception):
    """Inside the checks only: the first thing found wrong, at the first bad event."""

    def __init__(self, seq: int, what: str) -> None:
        """Keep where and what."""
        super().__init__(what)
        self.found = FirstBad(seq, what)
