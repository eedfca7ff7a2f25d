"""Writes the batch record: one tree of values as JSON, HTML or PDF; nothing but that tree is drawn.

The JSON holds the record and, beside it, the exported events with their proofs, so that it verifies alone.
"""

import msgspec

from automation.kernel.errors import InputError, RefusedError
from automation.ledger.export import export
from automation.ledger.read import Reader
from automation.surfaces.documents.compose import compose
from automation.surfaces.documents.html import html
from automation.surfaces.documents.pdf import pdf
from automation.surfaces.seals.words import announced
from automation.views.record import BatchRecord

_NONE = b"null"
_UNPROVEN = b',"proof":' + _NONE + b"}"


def render(record: BatchRecord, format: str, *, reader: Reader) -> bytes:  # noqa: A002  the word of the command line
    """Give the record as a file's bytes; the same record gives the same bytes. Raises InputError for another format."""
    match format:
        case "html":
            return html(compose(record))
        case "pdf":
            return pdf(compose(record))
        case "json":
            return json(record, reader)
    raise InputError(f"format is {format!r}; html, pdf and json are allowed")


def to_seal(record: BatchRecord, reader: Reader) -> bytes:
    """Give the record as PDF that says what its seal will be and carries the record as data.

    Raises RefusedError for a draft that has no proof yet, because its events are not under a signed head.
    """
    data = json(record, reader)
    if data.endswith(_UNPROVEN):
        batch = record.header.batch
        raise RefusedError(f"the record of {batch} has no proof yet: its events are not under a signed head")
    return pdf(announced(compose(record)), attached=data)


def json(record: BatchRecord, reader: Reader) -> bytes:
    """Give ``{"record": ..., "proof": ...}``; the proof is null while events are not yet under a signed head."""
    try:
        proof = export(reader, record.proof.streams)
    except RefusedError:
        proof = _NONE
    return b'{"record":' + msgspec.json.encode(record) + b',"proof":' + proof + b"}"
