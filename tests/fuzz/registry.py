"""All targets, by name; installed drivers, fakes and readers bring their own by being installed."""

from functools import cache

from tests.fuzz.asked import ASKED
from tests.fuzz.bundles import BUNDLES
from tests.fuzz.commands import GRAMMARS, fakes
from tests.fuzz.doors import DOORS
from tests.fuzz.files import FILES, readers
from tests.fuzz.hands import hands
from tests.fuzz.ledgers import LEDGERS
from tests.fuzz.node_lines import NODE_LINES
from tests.fuzz.packages import PACKAGES
from tests.fuzz.replies import TARGETS
from tests.fuzz.sealed import SEALED
from tests.fuzz.target import Target
from tests.fuzz.telegrams import TELEGRAMS
from tests.fuzz.texts import TEXTS, settings


@cache
def targets() -> dict[str, Target]:
    """Give every target by name, codecs first."""
    wires = (*TARGETS, *TELEGRAMS, *NODE_LINES, *GRAMMARS)
    files = (*TEXTS, *settings(), *readers(), *FILES, *PACKAGES, *BUNDLES, *SEALED)
    every = (*wires, *fakes(), *files, *hands(), *LEDGERS, *DOORS, *ASKED)
    found = {target.name: target for target in every}
    assert len(found) == len(every), "two targets have one name"
    return found


def codecs() -> list[str]:
    """Name the grammars of wires, of both sides."""
    return [target.name for target in (*TARGETS, *TELEGRAMS, *NODE_LINES, *GRAMMARS)]


def wanted(word: str) -> list[Target]:
    """Give the target of this name, or all whose name holds the word."""
    known = targets()
    return [known[word]] if word in known else [one for name, one in known.items() if word in name]
