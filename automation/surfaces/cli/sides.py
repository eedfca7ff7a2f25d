"""Two sites that are looked at together: a folder with its ledger, or a packaged simulated one by its name.

A packaged one is founded in a throwaway folder for the moment of the look.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from automation.engine.recipe.load import load
from automation.engine.sitefile import FILE
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session
from automation.views.transfer.units import Pair, Unit


@contextmanager
def pair_of(session: Session, *, sending: str, receiving: str, recipe: str) -> Iterator[Pair]:
    """Look at two sites for a recipe; raises InputError for what is no site and no recipe."""
    operations = session.opener.operations()
    found = load(recipe, operations)
    with _unit(session, sending) as one, _unit(session, receiving) as other:
        yield Pair(one, other, found, operations)


@contextmanager
def _unit(session: Session, name: str) -> Iterator[Unit]:
    with tempfile.TemporaryDirectory(prefix="cellwright-") as place:
        folder = Path(name)
        if not (folder / FILE).is_file():
            folder = Path(place) / "site"
            session.opener.found(folder, session.opener.template(name))
        with looked(session, folder) as (file, objects):
            yield Unit(file, objects)
