"""Names of what an author makes, read once, in the forms that files, classes and entry points need."""

import keyword
import re
import sys
from collections.abc import Collection
from dataclasses import dataclass

from automation.engine.origin import PACKAGES
from automation.kernel.errors import InputError

LONGEST = 24  # characters: lines of what is written stay within their width
_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Name:
    """One name in its forms."""

    words: str  # ``cold rest``

    @property
    def snake(self) -> str:
        """Give it as a module has it: ``cold_rest``."""
        return self.words.replace(" ", "_")

    @property
    def kebab(self) -> str:
        """Give it as a recipe or a distribution has it: ``cold-rest``."""
        return self.words.replace(" ", "-")

    @property
    def camel(self) -> str:
        """Give it as a class has it: ``ColdRest``."""
        return "".join(word.capitalize() for word in self.words.split())


def read(text: str, *, what: str, taken: Collection[str] = ()) -> Name:
    """Read a name; raises InputError that says what is allowed, and for one of ``taken`` in any of its forms."""
    if not _NAME.fullmatch(text) or not 2 <= len(text) <= LONGEST:
        raise InputError(
            f"{what} is {text!r}; 2 to {LONGEST} small letters and digits are allowed, in words joined by '-' or '_', "
            "beginning with a letter, for example cold-rest"
        )
    name = Name(re.sub(r"[-_]", " ", text))
    if keyword.iskeyword(name.snake) or name.snake in {*sys.stdlib_module_names, *PACKAGES, "tests", "example"}:
        raise InputError(f"{what} is {text!r}, a name of Python or of Cellwright itself; choose another")
    if {name.snake, name.kebab} & set(taken):
        raise InputError(f"{what} is {text!r}, which is installed already; choose another")
    return name
