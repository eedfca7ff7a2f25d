"""JSON that comes from outside: what reading it can end in, and what is read in two ways or seen as something else.

Source: msgspec gives the bytes of broken UTF-8 as UnicodeDecodeError, and nesting beyond the stack as RecursionError;
        RFC 8259 4 (names of an object); UTR 36 (characters that hide, bidirectional text).
"""

import re
from typing import Final

import msgspec

from automation.kernel.errors import InputError

_HIDING: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff"
    r"\ud800-\udfff\U000e0000-\U000e0fff]"
)  # controls, turns of direction, what has no width, halves of characters
_SHOWN: Final = 60  # characters of a name in an error

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""The errors of ``msgspec.json.decode``."""


def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Give an object of JSON; raises InputError for a name that is there twice, which others read as the other one."""
    found = dict[str, object]()
    for name, value in pairs:
        if name in found:
            raise InputError(f"has {name[:_SHOWN]!r} twice in one object; it can be read in two ways")
        found[name] = value
    return found


def check_seen(text: str, path: str) -> None:
    """Raise InputError for a character that nobody sees as it is, with the place where it stands."""
    hiding = _HIDING.search(text)
    if hiding is not None:
        raise InputError(f"{path} holds the character U+{ord(hiding[0]):04X}, which nobody sees as it is")
