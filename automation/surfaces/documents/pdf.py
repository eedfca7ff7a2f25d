"""Documents as PDF, typeset by typst from a template that a validation engineer can read (``record.typ``).

The template gets the document as JSON and never as text of its own, so nothing in a record can be a command.
Fonts are those that the binding carries; those of the machine are ignored, so that two machines give the same bytes.
"""

from datetime import datetime
from importlib.resources import as_file, files

import msgspec

from automation.surfaces.documents.blocks import Document


def pdf(document: Document, *, attached: bytes = b"") -> bytes:
    """Give the file's bytes; ``attached`` is JSON that it carries as ``record.json``, as PDF/A-3 allows."""
    import typst  # noqa: PLC0415  heavy, and only needed here

    said = msgspec.json.encode(document).decode()
    with as_file(files("automation.surfaces.documents").joinpath("record.typ")) as template:
        return typst.compile(
            str(template),
            format="pdf",
            ignore_system_fonts=True,
            sys_inputs={"document": said, **({"attached": attached.decode()} if attached else {})},
            pdf_standards=["a-3b"],
            pdf_tags=False,
            timestamp=int(datetime.fromisoformat(document.date).timestamp()),
        )
