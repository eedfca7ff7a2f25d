"""Target: PDF files with a seal, which anybody may have written."""

from automation.surfaces.seals.checking import check
from tests.cheats.sealed import file
from tests.fuzz.target import Target, pure


def _judged(data: bytes) -> object:
    found = check(data)
    return found[0].by if found is not None and found[0].intact else None


SEALED = (
    Target(
        name="sealed pdf",
        covers=("automation.surfaces.seals.checking",),
        corpus=lambda: (file(),),
        fresh=pure(_judged),
        harmless="in the envelope of a seal some bytes that name versions and algorithms are under no signature",
        share=0.002,
    ),
)
