"""SCPI headers in every spelling that devices read."""

import pytest

from fakes.scpi import Vocabulary, short

WORDS = Vocabulary(("FORMat:READing:TIME", "READ?", "*IDN?"))

pytestmark = pytest.mark.requirement("C07")


@pytest.mark.parametrize("sent", ["FORM:READ:TIME ON", "format:reading:time ON", ":Form:Reading:TIME  ON "])
def test_long_short_and_mixed_headers_are_found(sent: str) -> None:
    """Any case, a leading colon, spaces before the parameter."""
    assert WORDS.find(sent) == ("FORMat:READing:TIME", "ON")


@pytest.mark.parametrize("sent", ["FORMA:READ:TIME", "READ", "TIME", ""])
def test_nothing_between_short_and_long_is_known(sent: str) -> None:
    """A header is one of its two forms, and a query has its mark."""
    assert WORDS.find(sent)[0] == ""


def test_the_short_form_is_the_capitals() -> None:
    """As the standard writes it."""
    assert short("STATus:OPERation:CONDition?") == "STAT:OPER:COND?"
