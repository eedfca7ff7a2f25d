"""Reads the seal of a PDF file: whether any byte has changed since, whose certificate made it, and when it says so.

What it can't prove: the time (no authority stamps it), and whether a certificate was revoked (nobody is asked).
Units:  moments as ISO 8601 text.
Source: ETSI EN 319 142-1, EN 319 102-1 (validation); ISO 32000-2 12.8; RFC 5280 6 (path validation).
"""

import io
import logging
import struct
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec
from asn1crypto.cms import ContentInfo
from asn1crypto.x509 import Certificate
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

from automation.surfaces.seals.words import RECORD

_BEGINS, _WITHIN = b"%PDF-", 1024  # of a PDF file, bytes from its begin in which readers look for that
_TRACES = (b"/ByteRange", b"ETSI.CAdES.detached", b"/DocMDP")
_UNREADABLE = (
    PdfError,
    PathError,
    ValidationError,
    InvalidSignature,
    UnsupportedAlgorithm,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)  # what reading a file that anybody may have written can end in
_SIGNING = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)

for _library in ("pyhanko", "pyhanko_certvalidator"):  # what they would print stands in the answer
    logging.getLogger(_library).addHandler(logging.NullHandler())


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """What a seal came to."""

    intact: bool
    trusted: bool = False  # under an anchor that came from outside
    wrong: str = ""  # in one sentence
    by: str = ""
    issued_by: str = ""
    at: str = ""
    says: str = ""  # the reason that stands in the seal
    holds_from: str = ""
    holds_to: str = ""
    notes: tuple[str, ...] = ()


def check(data: bytes, *, anchors: Sequence[bytes] = ()) -> tuple[Seal, bytes] | None:
    """Judge the seal of a PDF file and give the record that it carries, if any; None for a file without a seal.

    What never was a PDF has none. ``anchors`` are certificates (DER) from outside the file, under which the sealing one
    has to be.
    """
    try:
        reader = PdfFileReader(io.BytesIO(data))
        found = reader.embedded_signatures
        if len(found) == 1:
            return _judged(found[0], data, anchors), _record(reader)
        if not found and not _has_traces(data):
            return None
    except _UNREADABLE:
        if _BEGINS not in data[:_WITHIN] and not _has_traces(data):
            return None
        return Seal(intact=False, wrong="the file can't be read as it was written: it was changed or cut"), b""
    if found:
        return Seal(intact=False, wrong=f"it has {len(found)} seals; the site gives one, and nothing after it"), b""
    return Seal(intact=False, wrong="there are traces of a seal and no seal: it was taken off or changed"), b""


def _has_traces(data: bytes) -> bool:
    return any(trace in data for trace in _TRACES)


def _judged(one: EmbeddedPdfSignature, data: bytes, anchors: Sequence[bytes]) -> Seal:
    at = one.self_reported_timestamp
    above = [Certificate.load(anchor) for anchor in anchors]
    context = ValidationContext(trust_roots=above, other_certs=[], allow_fetching=False, moment=at)
    status = validate_pdf_signature(one, signer_validation_context=context, key_usage_settings=_SIGNING)
    own = one.signer_cert
    begins, ends = own.not_valid_before, own.not_valid_after
    whole = one.evaluate_signature_coverage() is SignatureCoverageLevel.ENTIRE_FILE and _is_as_written(one, data)
    wrong = next(_wrong(status, whole=whole), "")
    said = Seal(
        intact=not wrong,
        wrong=wrong,
        by=str(own.subject.human_friendly),
        issued_by=str(own.issuer.human_friendly),
        at=at.isoformat() if at else "",
        says=str(one.sig_object.get("/Reason", "")),
        holds_from=begins.isoformat(),
        holds_to=ends.isoformat(),
    )
    if wrong:
        return said
    why = _not_held(at, own)
    if not anchors:
        return msgspec.structs.replace(said, wrong=why, notes=tuple(_notes(anchored=False)))
    why = why or _untrusted(status, own)
    return msgspec.structs.replace(said, trusted=not why, wrong=why, notes=tuple(_notes(anchored=True)))


def _is_as_written(one: EmbeddedPdfSignature, data: bytes) -> bool:
    """Tell whether the place of the seal, which no seal can cover, holds nothing but it: upper-case hex, then zeros."""
    _, before, after, _ = (int(part) for part in one.byte_range)
    text = data[before + 1 : after - 1]
    content = bytes.fromhex(text.decode("ascii"))
    used = len(ContentInfo.load(content).dump())
    return text == content.hex().upper().encode() and not any(content[used:])


def _wrong(status: PdfSignatureStatus, *, whole: bool) -> Iterator[str]:
    """Say what of the bytes is not what was sealed."""
    if not status.intact:
        yield "the file was changed after it was sealed"
    if not status.valid:
        yield "the seal was not made with the key of the certificate that it names"
    if not whole:
        yield "something stands in the file that the seal does not cover"


def _not_held(at: datetime | None, own: Certificate) -> str:
    """Say that a certificate did not hold when the seal says that it was made; empty when it did."""
    if at is not None and own.not_valid_before <= at <= own.not_valid_after:
        return ""
    term = f"from {own.not_valid_before:%Y-%m-%d} to {own.not_valid_after:%Y-%m-%d}"
    made = f"that it was made {at:%Y-%m-%d}" if at is not None else "nothing of when it was made"
    return f"the certificate of {own.subject.human_friendly} holds {term}, and the seal says {made}"


def _untrusted(status: PdfSignatureStatus, own: Certificate) -> str:
    """Say why the certificate vouches for nothing; empty when it does."""
    name = own.subject.human_friendly
    if not status.trusted:
        return f"the certificate of {name} is not under the anchor given, or is not for signing"
    return ""


def _notes(*, anchored: bool) -> Iterator[str]:
    if not anchored:
        yield "nobody vouches for the certificate: give the site's anchor from outside (--trust) to trust the seal"
    yield "the time is what the site's own clock said; no time-stamping authority vouches for it"
    yield "whether the certificate was revoked is not asked; look at its issuer's list"


def _record(reader: PdfFileReader) -> bytes:
    """Give the record that the file carries, empty when there is none."""
    try:
        names = reader.root["/Names"]["/EmbeddedFiles"]["/Names"]
    except KeyError:
        return b""
    places = (place for place in range(0, len(names), 2) if str(names[place]) == RECORD)
    return next((bytes(names[place + 1]["/EF"]["/F"].data) for place in places), b"")
