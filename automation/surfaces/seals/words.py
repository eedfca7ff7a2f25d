"""What a sealed file says of its seal, for people who read its pages."""

import msgspec

from automation.surfaces.documents.blocks import Document, Heading, Note

RECORD = "record.json"
"""The file that a sealed record carries inside: the same record as data, with its proofs."""
_SEALED = (
    "This file carries a digital seal (PAdES). It shows that the site exported these pages and that no byte of them "
    "has changed since. It is the site's seal and nobody's signature: the signatures of people stand in the record, "
    "with printed name, meaning and time. The time of the seal is the site's own clock; no authority vouches for it. "
    "Check: cellwright verify FILE.pdf --trust ANCHOR.pem"
)


def announced(document: Document) -> Document:
    """Give the document with a last part that says what its seal is, and what it is not."""
    return msgspec.structs.replace(document, blocks=(*document.blocks, Heading(2, "Digital seal"), Note(_SEALED)))


def reason(site: str, *, simulated: bool) -> str:
    """Say in the seal itself what it is for, and by which clock it was made."""
    if simulated:
        return f"SIMULATED: exported by site {site}; time of its simulated clock"
    return f"exported by site {site}; time of its own clock"
