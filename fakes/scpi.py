"""SCPI headers as devices read them: long or short form, any case, queries with a question mark.

Source: SCPI-1999 volume 1, 6.2 (short form = the capitals of the long form).
"""

from functools import cache


@cache
def short(header: str) -> str:
    """Give the key of a documented header, ``CONFigure:TEMPerature`` -> ``CONF:TEMP``."""
    return ":".join("".join(c for c in node if not c.islower()) for node in header.split(":"))


class Vocabulary:
    """The headers that a device knows, found by what was sent."""

    def __init__(self, headers: tuple[str, ...]) -> None:
        """Take documented headers such as ``FORMat:READing:TIME`` and ``*IDN?``."""
        self._known = {key: header for header in headers for key in _spellings(header)}

    def find(self, command: str) -> tuple[str, str]:
        """Give (documented header, parameters); the header is empty when it is not known."""
        sent, _, parameters = command.strip().lstrip(":").partition(" ")
        return self._known.get(sent.upper(), ""), parameters.strip()


def _spellings(header: str) -> list[str]:
    """Give every mix of long and short nodes, in capitals."""
    spelled = [""]
    for node in header.split(":"):
        forms = dict.fromkeys((short(node), node.upper()))
        spelled = [f"{start}:{form}" if start else form for start in spelled for form in forms]
    return spelled
