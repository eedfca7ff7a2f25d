"""Certificates of analysis for people: the lines that are signed, their digest, and what they are worth."""

import pytest

from automation.gmp.certificates import Certificate, Line
from automation.surfaces.documents.certificate import as_html, as_pdf

LINE = Line(
    "viability", "7-AAD", "at least 70.0 %", "84.6", "meets (84.6 %)", "T-1", "2026-01-05T09:20", "dora", "final"
)
EARLY = Line("sterility", "USP <71>", "no growth", "no growth to date", "meets", "T-2", "day 7", "", "preliminary")
MADE = Certificate(
    simulated=True,
    batch="B-17",
    product="T cells",
    identity="CHA999926GT0017",
    order="ORD-17",
    recipe="freeze-day 1",
    specification="SPEC-T@1",
    lines=(LINE,),
    preliminary=(EARLY,),
    set_aside=("T-3: 61.2 (a wrong dilution)",),
)
DATE = "2026-01-06T09:00:00.000+01:00"


@pytest.mark.requirement("F040", "F060", "F105")
def test_a_certificate_as_html_shows_every_line_its_digest_and_that_it_is_simulated() -> None:
    """Results, what is preliminary, what was set aside; text of the laboratory is never markup."""
    page = as_html(MADE, date=DATE).decode()
    told = ("84.6", "no growth to date", "USP &lt;71&gt;", "a wrong dilution", MADE.digest, "SIMULATED")
    assert [text for text in told if text not in page] == []


@pytest.mark.requirement("F060", "F105")
def test_the_same_certificate_gives_the_same_pdf() -> None:
    """Byte for byte, at the same date."""
    first = as_pdf(MADE, date=DATE)
    assert first.startswith(b"%PDF")
    assert first == as_pdf(MADE, date=DATE)
