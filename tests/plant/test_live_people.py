"""How people come to a live site: one administrator at its founding, everybody else by the administrator's hand."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from automation.bootstrap import open_site
from automation.engine.requests import RENEW, carry_out
from automation.engine.site import Site
from automation.engine.sitefile import FILE
from automation.gmp.door import Command
from automation.kernel.errors import InputError, RefusedError
from tests.plant.test_live_refusals import live_site
from tests.support.commands import Said, cellwright, simulated_site
from tests.support.live import ADMIN, at_site, secret_of, wish
from tests.support.runs import make_site

T = TypeVar("T")
ANNA = {"name": "Anna Berg", "roles": ["quality"]}


def office(folder: Path, monkeypatch: pytest.MonkeyPatch, *, secret: str = "long enough") -> Said:
    """Let an administrator be the first at a site."""
    monkeypatch.setenv("CELLWRIGHT_NEW_SECRET", secret)
    return cellwright("init", folder, "--admin", ADMIN, "--admin-name", "Ada Admin")


@pytest.mark.requirement("F106")
def test_the_first_administrator_comes_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At founding or later, while nobody is registered yet; the secret is nowhere in the record."""
    folder = live_site(tmp_path)
    said = [office(folder, monkeypatch, secret="short"), office(folder, monkeypatch), office(folder, monkeypatch)]
    assert [one.status for one in said] == [2, 0, 1]
    assert "too short" in said[0].err
    assert "somebody is registered at this site already" in said[2].err
    assert b"long enough" not in b"".join(path.read_bytes() for path in folder.glob("ledger.sqlite*"))


@pytest.mark.requirement("F179", refuses=True)
def test_the_program_registers_nobody_but_the_first_administrator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training is a person's word as well."""
    folder = live_site(tmp_path)
    assert office(folder, monkeypatch).status == 0

    async def job(site: Site) -> list[str]:
        said: list[str] = []
        for command, body in (("register", ANNA), ("train", {"operation": "freeze"})):
            who = "anna" if command == "register" else ADMIN
            with pytest.raises(RefusedError) as refused:
                site.house.door.enter(Command(f"person/{who}", command, body, "system:setup"))
            said.append(str(refused.value))
        return said

    first, second = at_site(folder, job)
    assert "registers the first administrator and nobody else" in first
    assert "a person has to confirm the training" in second


def at_simulated(folder: Path, job: Callable[[Site], Awaitable[T]]) -> T:
    """Work at a simulated site in real time, where a check of a secret costs nothing."""

    async def main() -> T:
        site = await open_site(folder if (folder / FILE).exists() else make_site(folder))
        try:
            return await job(site)
        finally:
            await site.leave()

    return asyncio.run(main())


@pytest.mark.requirement("F047.4")
@pytest.mark.requirement("F047.4", refuses=True)
def test_who_was_given_a_secret_sets_another_and_the_first_is_void(tmp_path: Path) -> None:
    """The record says who set it and when, and holds none of them."""

    async def job(site: Site) -> list[object]:
        keeper, door = site.credentials, site.house.door
        keeper.set("anna", "given by ada")
        body: dict[str, object] = {"secret": secret_of("anna")}
        request = wish("anna", "person/anna", RENEW, body, secret="given by ada")
        done = await carry_out(site, request)
        with pytest.raises(InputError, match="another is needed"):
            await carry_out(site, wish("anna", "person/anna", RENEW, body))
        event = site.house.ledger.stream("person/anna")[-1]
        assert "own secret" not in str(event.fields)
        return [done.state, event.kind, event.by, keeper.check("anna", "given by ada"), door.simulated]

    assert at_simulated(tmp_path, job) == ["active", RENEW, "system:personnel", False, True]


@pytest.mark.requirement("F047.4", refuses=True)
def test_nobody_but_an_administrator_sets_the_secret_of_another(tmp_path: Path) -> None:
    """It is refused at the door, on the record, and the old secret stays."""

    async def job(site: Site) -> tuple[bool, list[str]]:
        site.credentials.set("ben", secret_of("ben"))
        body: dict[str, object] = {"secret": "taken over"}
        with pytest.raises(RefusedError, match="needs the right administer"):
            await carry_out(site, wish("ben", "person/anna", RENEW, body))
        refused = site.house.ledger.stream("refusals/person/anna")
        return site.credentials.check("anna", "taken over"), [event.by for event in refused]

    assert at_simulated(tmp_path, job) == (False, ["ben"])


@pytest.mark.requirement("F047.4", refuses=True)
def test_wrong_secrets_are_on_record_and_the_fifth_locks_the_account_with_an_alarm(tmp_path: Path) -> None:
    """No secret stands there; who shows the right one then is not let in; an administrator unlocks."""

    async def job(site: Site) -> list[object]:
        door, keeper = site.house.door, site.credentials
        for guess in range(7):
            with pytest.raises(RefusedError, match="could not be identified"):
                await carry_out(site, wish("anna", "deviation/D-1", "open", {}, secret=f"guess-{guess}"))
        noted = site.house.ledger.stream("refusals/deviation/D-1")
        shut = (door.find("person", "anna").state, door.find("alarm", "account-anna").state)
        unlock = wish("dora", "person/anna", "unlock", {"reason": "it was she"}, secret="dora-simulated")
        await carry_out(site, unlock)
        return [
            len(noted),
            "guess" in str([e.fields for e in noted]),
            shut,
            door.find("person", "anna").state,
            keeper.check("anna", "anna-simulated"),
        ]

    simulated_site(tmp_path, edit=("quality: [", "quality: [administer, "))
    assert at_simulated(tmp_path, job) == [5, False, ("locked", "unacknowledged"), "active", True]


@pytest.mark.requirement("F047.4")
def test_guesses_never_lock_the_last_who_could_unlock(tmp_path: Path) -> None:
    """They are on record and an alarm; the right secret still opens."""

    async def job(site: Site) -> list[object]:
        for guess in range(7):
            with pytest.raises(RefusedError, match="could not be identified"):
                await carry_out(site, wish("ida", "deviation/D-1", "open", {}, secret=f"guess-{guess}"))
        door, noted = site.house.door, site.house.ledger.stream("refusals/deviation/D-1")
        alarm = door.find("alarm", "account-ida")
        return [len(noted), door.find("person", "ida").state, alarm.state, site.credentials.locked("ida")]

    simulated_site(tmp_path)  # where nobody else is an administrator
    assert at_simulated(tmp_path, job) == [7, "active", "unacknowledged", False]
