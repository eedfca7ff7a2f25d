"""Which tests drive the software from outside: by a command, at the door, in a whole batch, through a driver.

A formula or a codec may be right and lead nowhere; that a function is there is shown where people and devices meet it.
"""

from functools import cache
from typing import Final

from tests.house.source import modules

FOLDERS: Final = tuple(
    f"tests/{name}/" for name in ("plant", "contract", "storms", "cheats", "identity", "pages", "qualification")
)
HELPERS: Final = frozenset(
    {
        "automation.notebook",
        "click.testing",
        *(
            f"tests.support.{name}"
            for name in ("commands", "doors", "exchanging", "live", "pages", "persons", "runs", "thread")
        ),
    }
)
"""What a test works with that stands outside: commands, door, scripted people, batches, a patient's story."""
DRIVEN: Final = ".driver"  # the end of a driver's module


def outside(test: str) -> bool:
    """Tell whether a test, named ``file::function``, drives the software from outside."""
    file = test.partition("::")[0]
    return file.startswith(FOLDERS) or file in _driving()


@cache
def _driving() -> frozenset[str]:
    """Give the files of tests that work with one of the helpers, or with a driver."""
    found = ((module.path, {name for name, _ in module.imports}) for module in modules("tests"))
    return frozenset(path for path, names in found if names & HELPERS or any(name.endswith(DRIVEN) for name in names))
