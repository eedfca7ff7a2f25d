"""Accounts at the entrance of a site: terminals that are locked, and secrets that have to be changed."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from automation.engine.requests import RENEW, RESET, Done, Signer, carry_out
from automation.engine.setup import secret_of
from automation.engine.site import Site
from automation.gmp.people.terminals import WRONG_IN_A_ROW
from automation.kernel.errors import InputError, RefusedError
from tests.support.commands import simulated_site
from tests.support.live import at_site, wish

T = TypeVar("T")
OPENING: dict[str, object] = {"subject": "site/A", "title": "the lid stood open"}
SHUT = "terminal terminal-1 is locked"


def at_simulated(folder: Path, job: Callable[[Site], Awaitable[T]]) -> T:
    """Work at a simulated site in real time; quality administers it."""
    return at_site(simulated_site(folder, edit=("quality: [", "quality: [administer, ")), job)


async def asked(
    site: Site,
    by: str,
    target: str,
    command: str,
    body: dict[str, object],
    *,
    secret: str = "",
    signs: Mapping[str, str] | None = None,
) -> Done:
    """Ask for something at the terminal of the suite, by default with the right secret."""
    known = {name: secret_of(person) for name, person in site.file.people.items()}
    request = wish(by, target, command, body, secret=secret or known[by])
    signers = tuple(Signer(who, known[who], meaning) for meaning, who in (signs or {}).items())
    return await carry_out(site, msgspec.structs.replace(request, terminal="terminal-1", signers=signers))


async def guess(site: Site, *, times: int) -> None:
    """Try the secrets of several people at the terminal."""
    names = ("anna", "ben", "carla")
    for number in range(times):
        with pytest.raises(RefusedError, match="could not be identified"):
            await asked(site, names[number % 3], "deviation/D-1", "open", OPENING, secret=f"guess-{number}")


@pytest.mark.requirement("F047.4")
@pytest.mark.requirement("F047.4", refuses=True)
def test_a_terminal_at_which_ten_secrets_were_wrong_is_locked_and_opened_by_an_administrator(tmp_path: Path) -> None:
    """No account has had five; the right secret opens nothing there, and elsewhere it does."""

    async def job(site: Site) -> list[object]:
        door = site.house.door
        await guess(site, times=WRONG_IN_A_ROW)
        with pytest.raises(RefusedError, match=SHUT):
            await asked(site, "anna", "deviation/D-1", "open", OPENING)
        with pytest.raises(RefusedError, match="needs the right administer"):
            await asked(site, "ben", "terminal/terminal-1", "unlock", {"reason": "I was it"})
        shut = (door.find("terminal", "terminal-1").state, door.find("alarm", "terminal-terminal-1").state)
        await carry_out(site, wish("anna", "deviation/D-1", "open", OPENING, secret="anna-simulated"))
        await asked(site, "dora", "terminal/terminal-1", "unlock", {"reason": "asked who it was"})
        await asked(site, "anna", "deviation/D-2", "open", OPENING)
        noted = [str(e.fields["why"])[:29] for e in site.house.ledger.stream("refusals/deviation/D-1")]
        return [shut, door.find("person", "anna").state, len(noted), noted[-1], door.find("deviation", "D-2").state]

    locked = ("locked", "unacknowledged")
    assert at_simulated(tmp_path, job) == [locked, "active", WRONG_IN_A_ROW + 1, SHUT, "open"]


@pytest.mark.requirement("F047.4")
def test_a_right_secret_ends_the_counting_of_wrong_ones_at_a_terminal(tmp_path: Path) -> None:
    """Nine wrong, one right, nine wrong: it is open, and the count stands in the record, so that a restart keeps it."""

    async def job(site: Site) -> list[object]:
        await guess(site, times=WRONG_IN_A_ROW - 1)
        await asked(site, "anna", "deviation/D-1", "open", OPENING)
        await guess(site, times=WRONG_IN_A_ROW - 1)
        return [site.house.door.find("terminal", "terminal-1").state, site.house.ledger.version("terminal/terminal-1")]

    assert at_simulated(tmp_path, job) == ["in use", 19]


@pytest.mark.requirement("F047", refuses=True)
def test_a_terminal_that_the_site_does_not_have_is_named(tmp_path: Path) -> None:
    """A place that nobody registered is no place to act from."""

    async def job(site: Site) -> None:
        request = wish("anna", "deviation/D-1", "open", OPENING, secret="anna-simulated")
        with pytest.raises(InputError, match="terminal is 'bench-9'"):
            await carry_out(site, msgspec.structs.replace(request, terminal="bench-9"))

    at_simulated(tmp_path, job)


@pytest.mark.requirement("F047")
@pytest.mark.requirement("F047.4", "F179", refuses=True)
def test_who_set_the_secret_of_another_can_do_and_sign_nothing_with_it(tmp_path: Path) -> None:
    """It takes a second person to set it; until its owner has set another it opens nothing; then it is void."""
    known = "known to dora"

    async def job(site: Site) -> list[object]:
        forgotten: dict[str, object] = {"secret": known, "reason": "forgotten"}
        with pytest.raises(RefusedError, match="another one is set by two persons"):
            await asked(site, "dora", "person/anna", RENEW, forgotten)
        with pytest.raises(RefusedError, match="needs a signature with the meaning 'verified'"):
            await asked(site, "dora", "person/anna", RESET, forgotten, signs={"responsible": "dora"})
        await asked(site, "dora", "person/anna", RESET, forgotten, signs={"responsible": "dora", "verified": "ben"})
        with pytest.raises(RefusedError, match="has to set another secret first"):
            await asked(site, "anna", "deviation/D-1", "open", OPENING, secret=known)
        refused = [event.by for event in site.house.ledger.stream("refusals/deviation/D-1")]
        await asked(site, "anna", "person/anna", RENEW, {"secret": "her own"}, secret=known)
        await asked(site, "anna", "deviation/D-1", "open", OPENING, secret="her own")
        with pytest.raises(RefusedError, match="could not be identified"):
            await asked(site, "anna", "deviation/D-2", "open", OPENING, secret=known)
        noted = [event.by for event in site.house.ledger.stream("refusals/person/anna")]
        return [refused, noted, site.house.door.find("deviation", "D-1").state]

    assert at_simulated(tmp_path, job) == [["anna"], ["dora", "dora"], "open"]


@pytest.mark.requirement("F106", "F179", refuses=True)
def test_the_same_request_again_signs_nothing_a_second_time(tmp_path: Path) -> None:
    """With its own id it is answered with what came of it; with another id the object has moved on."""

    async def job(site: Site) -> list[object]:
        await asked(site, "dora", "deviation/D-1", "open", OPENING)
        said: dict[str, object] = {"cause": "no latch", "impact": "none"}
        once = wish("dora", "deviation/D-1", "conclude", said, secret="dora-simulated")
        signer = {"person": "dora", "secret": "dora-simulated", "meaning": "authored"}
        once = msgspec.convert({**msgspec.to_builtins(once), "signers": [signer], "id": "1", "seen": 1}, type(once))
        first, again = await carry_out(site, once), await carry_out(site, once)
        with pytest.raises(RefusedError, match="has moved on since you looked"):
            await carry_out(site, msgspec.structs.replace(once, id="2"))
        with pytest.raises(InputError, match="an id is used once"):
            await carry_out(site, msgspec.structs.replace(once, target="deviation/D-2", seen=None))
        noted = len(site.house.ledger.stream("refusals/deviation/D-1"))
        return [first == again, site.house.ledger.version("deviation/D-1"), noted]

    assert at_simulated(tmp_path, job) == [True, 2, 1]
