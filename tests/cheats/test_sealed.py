"""Ways to cheat with a sealed PDF: nobody is there to refuse them, and each is found."""

import pytest

from tests.cheats.sealed import FORGERIES, Forgery, file


@pytest.mark.requirement("F105.2")
@pytest.mark.requirement("F105.2", refuses=True)
@pytest.mark.parametrize("forgery", FORGERIES, ids=str)
def test_whatever_is_done_to_a_sealed_file_is_found(forgery: Forgery) -> None:
    """As the site made it, it is intact and trusted by the same look."""
    before = forgery.judged(file())
    assert (before.intact, before.trusted, before.wrong) == (True, True, "")
    changed = forgery.forge(file())
    assert changed != file()
    after = forgery.judged(changed)
    assert (after.trusted, forgery.says in after.wrong) == (False, True), after.wrong
