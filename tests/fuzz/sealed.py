"""Target: PDF files with a seal, which anybody may have written."""

from functools import cache

from automation.kernel.clock import instant
from automation.surfaces.documents.certificate import to_seal
from automation.surfaces.seals.checking import check
from automation.surfaces.seals.keys import SealKey, made
from automation.surfaces.seals.sealing import Stated, sealed
from tests.fuzz.target import Target, pure
from tests.unit.surfaces.test_certificate import DATE, MADE

_NOW = instant("2026-01-05T08:00:00")


def _judged(data: bytes) -> object:
    found = check(data)
    return found[0].by if found is not None and found[0].intact else None


@cache
def _key() -> SealKey:
    return made("a", now=_NOW)


@cache
def _corpus() -> tuple[bytes, ...]:
    return (sealed(to_seal(MADE, date=DATE), _key(), Stated(_NOW, "UTC", "a test", "a")),)


SEALED = (
    Target(
        name="sealed pdf",
        covers=("automation.surfaces.seals.checking",),
        corpus=_corpus,
        fresh=pure(_judged),
        harmless="in the envelope of a seal some bytes that name versions and algorithms are under no signature",
        share=0.002,
    ),
)
