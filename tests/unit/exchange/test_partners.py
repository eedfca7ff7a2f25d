"""A centre reports a collection from its own program: a signed message, taken once, under the rules of the door."""

import json
import os
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from automation.engine.requests import Done, Request
from automation.engine.site import Site
from automation.formulas.isbt128 import check_character
from automation.kernel.clock import iso
from tests.support.commands import Said
from tests.support.exchanging import Linked, linked
from tests.support.owned import asked, owned, signer, wish
from tests.support.partners import Body, as_bytes, found, public, report, signed

ORDERED = {
    "product": "T cells",
    "profile": "eu",
    "needed_by": "2026-04-15T08:00",
    "instructions": "COL-INS@3",
    "volume": "between 100 and 400 mL",
    "tnc": "at least 2E+9 cells",
    "cd3": "at least 1E+8 cells",
}


@dataclass(frozen=True, slots=True)
class Centre:
    """A site with a centre whose own program writes; ``ledger`` is the id by which lists of the site are named."""

    site: Linked
    folder: Path
    ledger: str

    def scheduled(self, number: int, *, centre: str = "centre-1") -> str:
        """Schedule a collection for a new order; gives its id."""
        name, at = f"C-{number}", self.site.clock.at
        what = {**ORDERED, "identity": patient(number)[0], "subject": patient(number)[1], "as": "finn"}
        self.site.good("do", "order", name, "place", **what)
        self.site.good("do", "order", name, "acknowledge", instructions="COL-INS@3", **{"as": "gita"})
        self.site.good("do", "order", name, "confirm", **{"as": "eva"})
        slot = {"order": name, "centre": centre, "courier": "courier-1", "at": "2026-02-01T08:30", "as": "eva"}
        slot |= {"arrives": "2026-02-01T20:00", "suite_slot": "2026-02-02T08:00"}
        self.site.good("do", "collection", name, "schedule", **slot)
        assert at > 0
        return name

    def message(self, number: int, **changed: str) -> Body:
        """Write the report of a collection."""
        din = f"A999926{number:06d}"
        given = {"din": din + check_character(din), "bag": f"BAG-{number}", "told": f"M-{number}", **changed}
        told, sent = given.pop("told"), given.pop("sent", "2026-01-05T08:00:00+01:00")
        whose = (given.pop("identity", patient(number)[0]), given.pop("subject", patient(number)[1]))
        collection = given.pop("collection", f"C-{number}")
        ledger = given.pop("ledger", self.ledger)
        return report(ledger, number=told, collection=collection, patient=whose, sent=sent, **given)

    def take(self, message: Body, *, key: str = "centre-a", by: str = "centre-a") -> Said:
        """Sign a message and bring it."""
        path = self.folder / "message.json"
        path.write_bytes(as_bytes(message))
        (self.folder / "message.json.sig").write_text(signed(key, path.read_bytes()), encoding="utf-8")
        return self.site.do("exchange", "take", path, "--as", by)


def patient(number: int) -> tuple[str, str]:
    """Give chain of identity and recipient code."""
    return f"CHA999926GT{number:04d}", f"SUBJ-{number:03d}"


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """Open one site with a registered centre for all; each test has a collection of its own."""
    folder = tmp_path_factory.mktemp("partners")
    with linked(folder / "site", administrator=True) as site:
        register(site, "centre-a", party="centre-1", may=["collections"])
        yield Centre(site, folder, site.ledger)


def register(site: Linked, name: str, *, party: str, may: list[str]) -> None:
    """Register a partner by its public key, seen by two people."""
    said = {"party": party, "key": public(name), "may": may, "seen": "read out on the telephone", "as": "ada"}
    site.good("do", "partner", name, "register", **said, sign="verified=carla")


@pytest.mark.requirement("F054", "F054.2")
def test_a_centre_reports_a_collection_from_its_own_program(centre: Centre) -> None:
    """Nobody's secret is asked; it is judged against the order set like any other; its bag is expected and traced."""
    centre.scheduled(1)
    said = centre.take(centre.message(1))
    assert (said.status, said.err) == (0, "")
    assert said.out == "SIMULATED message/centre-a.M-1 is taken; collection/C-1 is reported\n"
    assert "container BAG-1: expected" in centre.site.good("show", "container", "BAG-1").out
    accepted = {"conclusion": "within the order set", "as": "dora"}
    centre.site.good("do", "collection", "C-1", "accept", **accepted)
    life = centre.folder / "life.jsonld"
    centre.site.good("exchange", "epcis", "C-1", "-o", life)
    assert '"bizStep": "commissioning"' in life.read_text(encoding="utf-8")


@pytest.mark.requirement("F054.2", "F055", refuses=True)
def test_a_collection_out_of_the_order_set_is_no_better_for_coming_from_a_program(centre: Centre) -> None:
    """It is reported as it is; accepting it wants a closed deviation."""
    centre.scheduled(2)
    assert centre.take(centre.message(2, tnc="1.1e9")).status == 0
    refused = centre.site.do("do", "collection", "C-2", "accept", conclusion="fine", **{"as": "dora"})
    assert "cells is beyond the reject limit >= 2E+9 cells; only a closed deviation" in refused.err


@pytest.mark.requirement("F054.2")
def test_the_message_of_the_page_is_taken_as_it_stands_there(centre: Centre) -> None:
    """With the names that ``exchange names`` prints, and the moment, ids and codes of a collection of this site."""
    centre.scheduled(21)
    page = (Path(__file__).parents[3] / "docs" / "exchange.md").read_text(encoding="utf-8")
    [text] = [part.partition("```")[0] for part in page.split("```json\n")[1:]]
    [ledger] = {
        one.split(":")[2] for one in centre.site.good("exchange", "names").out.split() if one.startswith("urn:")
    }
    changed = {"LEDGER": ledger, "COL-18": "C-21", "T09:20": "T08:00", "T09:00": "T07:30"}
    for old, new in changed.items():
        text = text.replace(old, new)
    said = centre.take(json.loads(text))
    assert said.out == "SIMULATED message/centre-a.2026-0003 is taken; collection/C-21 is reported\n", said.err


REFUSED = {
    "another key": ({}, {"key": "somebody else"}, "is not signed with the key of centre-a"),
    "an old message": ({"sent": "2026-01-03T08:00:00+01:00"}, {}, "a message is taken within 24 h"),
    "a message of tomorrow": ({"sent": "2026-01-06T08:00:00+01:00"}, {}, "still to come"),
    "another patient": ({"identity": "CHA999926ZZZZ99"}, {}, "is not that of order C-3"),
    "another recipient code": ({"subject": "SUBJ-999"}, {}, "is not that of order C-3"),
    "one person for two": ({"verified": "nurse-7"}, {}, "nurse-7 alone; two people are needed"),
    "one person in capitals": ({"verified": "NURSE 7"}, {}, "nurse-7 alone; two people are needed"),
    "a bag whose id leads elsewhere": ({"bag": "../../BAG-3"}, {}, "which no label can say"),
    "a bag that looks like another": ({"bag": "B\u0410G-3"}, {}, "which no label can say"),
}


@pytest.mark.requirement("F054.2", refuses=True)
@pytest.mark.parametrize("what", REFUSED)
def test_a_message_that_is_not_right_is_refused_on_record_and_the_right_one_is_taken(centre: Centre, what: str) -> None:
    """Forged, late, early, of another patient: the collection stays as it was."""
    changed, sent, says = REFUSED[what]
    if "collection C-3" not in centre.site.do("show", "collection", "C-3").out:
        centre.scheduled(3)
    number = f"M-3-{list(REFUSED).index(what)}"
    refused = centre.take(centre.message(3, told=number, **changed), **sent)
    assert refused.status == 1
    assert says in refused.err
    assert "collection C-3: scheduled" in centre.site.good("show", "collection", "C-3").out
    assert any(event.startswith("refusals/") and says in event for event in centre.site.events())
    assert not any("ZZZZ99" in event and event.startswith("refusals/") for event in centre.site.events())


@pytest.mark.requirement("F054.2", refuses=True)
def test_a_message_is_taken_once(centre: Centre) -> None:
    """The same bytes again, or others under its number, are a replay; both are on record."""
    centre.scheduled(4)
    assert centre.take(centre.message(4)).status == 0
    assert "this is a replay, with the same bytes" in centre.take(centre.message(4)).err
    assert "with other bytes under its number" in centre.take(centre.message(4, tnc="9e9")).err
    assert sum("is a replay" in event for event in centre.site.events()) == 2


@pytest.mark.requirement("F054.2", refuses=True)
def test_a_centre_reports_its_own_collections_alone_and_only_to_the_site_that_it_writes_to(centre: Centre) -> None:
    """Another centre's collection, a message for another site, a partner without the right, one that is suspended."""
    centre.scheduled(5, centre="centre-2")
    assert "which is none of centre-1" in centre.take(centre.message(5)).err
    elsewhere = centre.take(centre.message(5, ledger="f" * 32))
    assert (elsewhere.status, "system is none of this site" in elsewhere.err) == (2, True)
    register(centre.site, "lab-a", party="centre-2", may=["results"])
    refused = centre.take(centre.message(5, told="M-6"), key="lab-a", by="lab-a")
    assert "brings collections; lab-a may send results" in refused.err
    centre.site.good("do", "partner", "centre-a", "suspend", reason="its laptop is lost", **{"as": "ada"})
    suspended = centre.take(centre.message(5, told="M-7"))
    assert "is of centre-a, which is suspended (its laptop is lost)" in suspended.err
    resumed = {"reason": "it is found", "sign": "verified=carla", "as": "ada"}
    centre.site.good("do", "partner", "centre-a", "resume", **resumed)


@pytest.mark.requirement("F054.2", refuses=True)
def test_what_names_a_person_or_counts_in_another_unit_is_answered_with_its_place(centre: Centre) -> None:
    """The element, the value where it is harmless, and what is allowed."""
    named = centre.message(5)
    patient_of(named)["name"] = [{"family": "Doe"}]
    said = centre.take(named).err
    assert "Bundle.entry[1].resource.name names a person; only codes are taken" in said
    assert "Doe" not in said
    assert "timestamp is '2026-01-05T08:00:00'; a time needs its offset" in (
        centre.take(centre.message(5, sent="2026-01-05T08:00:00")).err
    )
    unit = centre.take(centre.message(5, unit="{cells}/mL")).err
    assert "Bundle.entry[4].resource.valueQuantity.code is '{cells}/mL'; allowed: {cells}" in unit


def patient_of(message: Body) -> Body:
    """Give the patient of a message."""
    entries = message["entry"]
    assert isinstance(entries, list)
    found: Body = entries[1]["resource"]
    return found


def test_a_key_belongs_to_one_partner(centre: Centre) -> None:
    """A key that two have would be nobody's; what is no key is said so."""
    said = {"party": "centre-9", "may": ["collections"], "seen": "on paper", "sign": "verified=carla", "as": "ada"}
    taken = centre.site.do("do", "partner", "centre-z", "register", key=public("centre-a"), **said)
    assert "it is, or was, that of centre-a" in taken.err
    person = centre.site.do("do", "partner", "gita", "register", key=public("centre-z"), **said)
    assert "gita is a person here; take another id" in person.err
    dotted = centre.site.do("do", "partner", "centre-a.M-1", "register", key=public("centre-z"), **said)
    assert "an id with '.' is not told from a number" in dotted.err
    assert (
        "anybody can sign for it"
        in centre.site.do("do", "partner", "centre-z", "register", key=f"01{62 * '0'}", **said).err
    )
    assert "64 hex digits" in centre.site.do("do", "partner", "centre-z", "register", key="abc", **said).err


@pytest.mark.requirement("F101.2")
@pytest.mark.requirement("F101.2", refuses=True)
def test_a_laboratory_that_has_a_key_here_signs_its_results(centre: Centre) -> None:
    """A file without its signature, or with another's, is no result of it; with its own it is taken once."""
    centre.site.asked("9", "viability")
    centre.site.take_in("9", "viability")
    register(centre.site, "lab-b", party="lab-7", may=["results"])
    path, sent = centre.folder / "results.json", "2026-01-05T08:00:00+01:00"
    path.write_bytes(as_bytes(found(centre.ledger, number="R-1", sample="QC-9", value=91.4, sent=sent)))
    words = ("exchange", "take", path, "--from", "lab-7", "--as", "anna")
    assert "results.json.sig" in centre.site.do(*words).err
    seal = path.with_name("results.json.sig")
    seal.write_text(signed("lab-a", path.read_bytes()), encoding="utf-8")
    assert "message lab-b.R-1 is not signed with the key of lab-b" in centre.site.do(*words).err
    assert "test 9-viability: in laboratory" in centre.site.good("show", "test", "9-viability").out
    seal.write_text(signed("lab-b", path.read_bytes()), encoding="utf-8")
    assert centre.site.good(*words).out == "SIMULATED results.json: 1 taken, 0 in the tray, 0 known already\n"
    assert centre.site.good(*words).out == "SIMULATED results.json: 0 taken, 0 in the tray, 1 known already\n"
    assert "--from is missing" in centre.site.do("exchange", "take", path, "--as", "anna").err


@pytest.mark.requirement("F054.2")
@pytest.mark.requirement("F054.2", refuses=True)
def test_a_folder_that_a_program_writes_into_is_taken_file_by_file(centre: Centre, tmp_path: Path) -> None:
    """What is taken and what is refused goes aside; what has no signature yet waits."""
    centre.scheduled(7)
    files = {"a": (centre.message(7, told="M-7a"), "somebody else"), "b": (centre.message(7, told="M-7b"), "centre-a")}
    for name, (message, key) in files.items():
        (tmp_path / f"{name}.json").write_bytes(as_bytes(message))
        (tmp_path / f"{name}.json.sig").write_text(signed(key, as_bytes(message)), encoding="utf-8")
    (tmp_path / "c.json").write_bytes(as_bytes(centre.message(7, told="M-7c")))
    assert "'centre-q' is not known" in centre.site.do("exchange", "take", tmp_path, "--as", "centre-q").err
    said = centre.site.do("exchange", "take", tmp_path, "--as", "centre-a")
    assert said.status == 1
    assert "b.json: message/centre-a.M-7b is taken; collection/C-7 is reported" in said.out
    assert "a.json: message centre-a.M-7a is not signed with the key of centre-a" in said.out
    assert {path.parent.name: path.name[-6:] for path in tmp_path.rglob("*.json")} == {
        tmp_path.name: "c.json",
        "refused": "a.json",
        "taken": "b.json",
    }
    assert (
        centre.site.good("exchange", "take", tmp_path, "--as", "centre-a").out == "SIMULATED no signed file is there\n"
    )


@pytest.mark.requirement("F054.2", refuses=True)
def test_a_folder_that_others_write_into_leads_nowhere_else(centre: Centre, tmp_path: Path) -> None:
    """Links, pipes, large files, odd names and a signature of nothing: refused one by one; the good one is taken."""
    centre.scheduled(8)
    inbox, private = tmp_path / "inbox", tmp_path / "private"
    inbox.mkdir()
    private.write_text('"a secret"', encoding="utf-8")
    (inbox / "a.json").symlink_to(private)
    os.mkfifo(inbox / "b.json")
    (inbox / "c\x1b[31m.json").write_bytes(b"{}")
    with (inbox / "d.json").open("wb") as large:
        large.truncate(8_000_001)
    (inbox / "e.json").write_bytes(as_bytes(centre.message(8)))
    for path in tuple(inbox.iterdir()):
        path.with_name(f"{path.name}.sig").write_text(signed("centre-a", as_bytes(centre.message(8))), encoding="utf-8")
    (inbox / ".sig").write_bytes(b"")
    said = centre.site.do("exchange", "take", inbox, "--as", "centre-a")
    assert "e.json: message/centre-a.M-8 is taken" in said.out
    assert all(why in said.out for why in ("it is a link", "is no file", "'c\\x1b[31m.json'", "more than 8000000"))
    assert "a secret" not in said.out + said.err
    assert "at most 180000 are taken" in centre.take(centre.message(8, told="M-8l", bag="B" * 180_000)).err
    assert len(tuple((inbox / "refused").glob("*.json"))) == 4
    (inbox / "refused").rename(tmp_path / "elsewhere")
    (inbox / "refused").symlink_to(tmp_path)
    assert "is no folder of its own" in centre.site.do("exchange", "take", inbox, "--as", "centre-a").err


@pytest.mark.requirement("F054.2", refuses=True)
def test_a_message_reaches_the_process_that_owns_the_site_and_nothing_else_goes_in_without_a_secret(
    tmp_path: Path,
) -> None:
    """Over its socket, in real time: taken once; the same name opens no other door."""

    async def job(site: Site) -> list[Done | str]:
        said = {"party": "lab-1", "key": public("lab-a"), "may": ["results"], "seen": "on the telephone"}
        registering = wish("ida", "do", "partner/lab-a", "register", **said)
        both = (signer("ida", "responsible"), signer("dora", "verified"))
        told = [await asked(site, msgspec.structs.replace(registering, signers=both))]
        ledger, sent = site.house.ledger.genesis.ledger, iso(site.house.clock.now())
        data = as_bytes(found(ledger, number="R-1", sample="QC-1", value=91.4, sent=sent))
        brought: Body = {"data": b64encode(data).decode(), "signature": signed("lab-a", data)}
        message = Request(what="message", target="message", body=brought, by="lab-a", secret="")
        other = Request(what="do", target="batch/B-1", command="hold", body={"reason": "none"}, by="lab-a", secret="")
        return [*told, *[await asked(site, one) for one in (message, message, other)]]

    _, taken, again, other = owned(tmp_path, job)
    assert isinstance(taken, Done)
    assert (taken.target, taken.state) == ("message/lab-a.R-1", "taken")
    assert "RefusedError: message lab-a.R-1 was taken before" in str(again)
    assert "lab-a could not be identified" in str(other)
