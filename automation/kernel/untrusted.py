"""What reading JSON that comes from outside can end in, so that every reader refuses all of it in its own words.

Source: msgspec gives the bytes of broken UTF-8 as UnicodeDecodeError, and nesting beyond the stack as RecursionError.
"""

from typing import Final

import msgspec

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""The errors of ``msgspec.json.decode``."""
