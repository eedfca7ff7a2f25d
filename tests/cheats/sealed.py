"""Sealed PDF files: who has the file can't be refused, but every change is found when the seal is checked.

The one who cheats has the file and tools, and a certificate of somebody else; never the site's key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from automation.kernel.clock import instant
from automation.surfaces.documents.certificate import to_seal
from automation.surfaces.seals.checking import Seal, check
from automation.surfaces.seals.keys import SealKey, made
from automation.surfaces.seals.sealing import Stated, sealed
from tests.unit.surfaces.test_certificate import DATE, MADE

TITLE: Final = "Sealed PDF files"
NOW: Final = instant("2026-11-22T10:00:00", zone="UTC")
STATED: Final = Stated(NOW, "Europe/Berlin", "SIMULATED: exported by site north; time of its simulated clock", "north")
ENDED: Final = Stated(instant("2040-01-01T00:00:00"), "UTC", STATED.reason, "north")


@cache
def key(site: str) -> SealKey:
    """Give the key of a site, the same one each time."""
    return made(site, now=NOW)


@cache
def file(site: str = "north", stated: Stated = STATED) -> bytes:
    """Give a small certificate of analysis under the seal of a site."""
    return sealed(to_seal(MADE, date=DATE), key(site), stated)


@dataclass(frozen=True, slots=True)
class Forgery:
    """One way to cheat with a sealed file: a sentence, against which clause, what is said of it."""

    name: str
    clause: str
    says: str
    forge: Callable[[bytes], bytes]

    def __str__(self) -> str:
        """Name it in reports."""
        return self.name.replace(" ", "-")

    def judged(self, data: bytes) -> Seal:
        """Ask what is to be said of a file, with the anchor of the site that it should be of."""
        found = check(data, anchors=key("north").chain)
        return found[0] if found is not None else Seal(intact=False, wrong="there is no seal")


def flipped(data: bytes) -> bytes:
    """Change one bit in the middle of the pages."""
    place = len(data) // 2
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


FORGERIES: Final = (
    Forgery("Change one bit of the pages", "21 CFR 11.10(a)", "changed after it was sealed", flipped),
    Forgery(
        "Write another reason into the seal",
        "21 CFR 11.10(a)",
        "changed after it was sealed",
        lambda data: data.replace(b"/Reason (SIMULATED", b"/Reason (simulated"),
    ),
    Forgery("Cut the file off", "21 CFR 11.10(c)", "was changed or cut", lambda data: data[: len(data) // 2]),
    Forgery(
        "Put something behind the seal",
        "21 CFR 11.10(a)",
        "that the seal does not cover",
        lambda data: data + b"\n% a remark\n",
    ),
    Forgery(
        "Hide something in the place of the seal",
        "21 CFR 11.10(a)",
        "that the seal does not cover",
        lambda data: data.replace(b"0000000000>", b"00000000ff>"),
    ),
    Forgery(
        "Take the seal off",
        "21 CFR 11.70",
        "there are traces of a seal and no seal",
        lambda data: data.replace(b"/FT/Sig", b"/FT/Btn").replace(b"/FT /Sig", b"/FT /Btn"),
    ),
    Forgery(
        "Seal the file with the certificate of somebody else",
        "21 CFR 11.10(a), 11.70",
        "is not under the anchor given",
        lambda _: file("south"),
    ),
    Forgery(
        "Seal the file with a certificate that has ended",
        "21 CFR 11.10(a), 11.300(b)",
        "holds from 2026-11-22 to 2036-11-22",
        lambda _: file("north", ENDED),
    ),
)
