"""Who a subject is stands sealed beside the ledger; erased, it is nowhere, and the ledger is as whole as before."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from automation.bootstrap import Way, open_site
from automation.engine.requests import Done, Request, Signer, carry_out
from automation.engine.setup import secret_of
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import DamagedError, InputError, RefusedError
from automation.kernel.quantity import Instant
from automation.ledger.sealed import KEY, NAME, Identifiers, Sealed
from automation.ledger.verify import verify
from tests.support.runs import make_site

CODE, WHO = "SUBJ-017", {"name": "Erika Mustermann", "born": "1964-08-12"}
TRACES = [b"Erika", b"Mustermann", b"1964-08-12", "Erika".encode("utf-16-le")]
START = Instant(1_767_600_000.0)


def asked(folder: Path, *requests: Request, way: Way | None = None) -> list[Done | str]:
    """Let requests be carried out at a site, one after the other; what is refused is told."""

    async def main(clock: SimulatedClock) -> list[Done | str]:
        site = await open_site(folder, way or Way(staffed=False, each=True), clock=clock)
        found: list[Done | str] = []
        try:
            for request in requests:
                word = secret_of(site.file.people[request.by])
                others = [(one.person, one.meaning) for one in request.signers]
                signs = tuple(Signer(who, secret_of(site.file.people[who]), meaning) for who, meaning in others)
                given = Request(
                    what=request.what,
                    target=request.target,
                    command=request.command,
                    body=request.body,
                    by=request.by,
                    secret=word,
                    signers=signs or (Signer(request.by, word),),
                )
                try:
                    found.append(await carry_out(site, given))
                except (RefusedError, InputError) as why:
                    found.append(str(why))
                await asyncio.sleep(0)
        finally:
            await site.leave()
        return found

    return run_simulated(main, start=START)


def request(command: str, by: str, *signs: str, **body: object) -> Request:
    """Give a request about the subject."""
    signers = tuple(Signer(one.partition("=")[2], "", one.partition("=")[0]) for one in signs)
    what, target = ("do", f"subject/{CODE}") if command == "erase" else ("identify", CODE)
    return Request(what=what, target=target, command=command, body=body, by=by, secret="", signers=signers)


def everything(folder: Path) -> bytes:
    """Give the bytes of all files of a folder."""
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


ENTER = request("enter", "eva", **WHO)
LOOK = request("look", "finn", reason="call the ward")
ERASE = request("erase", "eva", "responsible=eva", "approved=dora", reason="entered for the wrong person")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new site."""
    return make_site(tmp_path / "site")


@pytest.mark.requirement("F020.3", "F106")
def test_who_a_subject_is_can_be_looked_up_and_stands_in_no_file_of_the_site(folder: Path) -> None:
    """Each look is on the record with who and why; no name or date is, nor in any other file."""
    entered, looked = asked(folder, ENTER, LOOK)
    assert isinstance(entered, Done)
    assert isinstance(looked, Done)
    assert looked.told == WHO
    assert [trace for trace in TRACES if trace in everything(folder)] == []
    assert b"call the ward" in everything(folder)


@pytest.mark.requirement("F020.3", "F106")
def test_a_wrongly_entered_person_is_erased_and_the_ledger_is_as_whole_as_before(folder: Path) -> None:
    """Two persons; what was sealed and its key are gone from every file, and verify says intact."""
    asked(folder, ENTER)
    sealed = Sealed(folder, seed=1)
    with closing(sqlite3.connect(folder / NAME)) as store:
        (kept,) = store.execute("SELECT wrapped, sealed FROM subject").fetchall()
    assert sealed.get(CODE) == Identifiers(**WHO)
    (erased,) = asked(folder, ERASE)
    assert isinstance(erased, Done)
    assert erased.state == "erased"
    with pytest.raises(InputError, match="is not kept here"):
        sealed.get(CODE)
    left = everything(folder)
    assert [trace for trace in (*TRACES, *kept) if trace in left] == []
    assert verify(folder).intact


@pytest.mark.requirement("F020.3", "F106", refuses=True)
def test_nobody_looks_or_erases_who_may_not_and_no_code_is_used_twice(folder: Path) -> None:
    """Each refusal is recorded, without a name; the same act by who may succeeds."""
    alone = request("erase", "eva", "responsible=eva", reason="quietly")
    told = asked(folder, ENTER, request("look", "anna", reason="curious"), alone, ENTER, LOOK, ERASE, ENTER, LOOK)
    refused = [one for one in told if isinstance(one, str)]
    assert "anna may not look subject/SUBJ-017: needs the right collect or order or treat" in refused[0]
    assert "needs a signature with the meaning 'approved'" in refused[1]
    assert ["is not possible in state" in one for one in refused[2:]] == [True, True, True]
    assert [trace for trace in TRACES if trace in everything(folder)] == []


@pytest.mark.requirement("F020.3", "F106")
def test_what_was_sealed_and_never_recorded_is_destroyed_at_the_next_start(folder: Path) -> None:
    """So a process that dies between both leaves nothing; one that dies after an erasure erases at its next start."""
    asked(folder, ENTER, ERASE)
    for code in (CODE, "SUBJ-018"):
        Sealed(folder, seed=1).put(code, Identifiers(**WHO))
    asked(folder, request("enter", "eva", **WHO))
    assert Sealed(folder).codes() == ()


@pytest.mark.requirement("F020.3", refuses=True)
def test_a_changed_file_opens_nothing_and_says_nothing(folder: Path) -> None:
    """Neither another code's entry nor another key opens it."""
    folder.mkdir(exist_ok=True)
    sealed = Sealed(folder)
    sealed.put(CODE, Identifiers(**WHO))
    (folder / KEY).write_text("00" * 32, encoding="ascii")
    with pytest.raises(DamagedError, match="can't be opened") as wrong:
        sealed.get(CODE)
    assert "Erika" not in str(wrong.value)
    (folder / KEY).unlink()
    with pytest.raises(DamagedError, match="key of the subjects is missing"):
        sealed.put("SUBJ-019", Identifiers(**WHO))


@pytest.mark.requirement("F020.3", "F106", refuses=True)
def test_a_name_that_is_typed_in_place_of_the_code_stands_on_no_record(folder: Path) -> None:
    """Neither as the id of what was refused, nor in its reason: whatever was asked, and by whom."""
    wrong = [replace(one, target=one.target.replace(CODE, "Erika Mustermann")) for one in (ENTER, LOOK, ERASE)]
    told = asked(folder, *wrong, replace(LOOK, target="Erika Mustermann", by="anna"))
    assert ["called by a code" in one for one in told if isinstance(one, str)] == [True] * 4
    assert not any(trace in everything(folder) for trace in TRACES)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"born": "12.8.64"}, "write it as 1980-12-31"),
        ({"born": "2964-08-12"}, "no day of the last 130 years"),
        ({"born": "1864-08-12"}, "no day of the last 130 years"),
        ({"name": ""}, "1 to 200"),
    ],
)
def test_what_can_not_be_is_refused_without_repeating_it(folder: Path, wrong: dict[str, str], why: str) -> None:
    """Nothing is sealed and nothing recorded."""
    (said,) = asked(folder, request("enter", "eva", **{**WHO, **wrong}))
    assert why in str(said)
    assert "Erika" not in str(said)
    assert Sealed(folder).codes() == ()
