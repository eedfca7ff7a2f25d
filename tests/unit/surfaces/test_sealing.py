"""Sealed PDF files: the site's seal and what it shows; docs/seals.md is run word for word.

Ways to cheat with such a file are a list of their own: ``tests/cheats/sealed.py``.
"""

import contextlib
import ctypes
import io
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import cast

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    load_der_private_key,
    pkcs12,
)
from pyhanko.pdf_utils.reader import PdfFileReader

from automation.engine.sealfile import SealPlan
from automation.engine.sitemodel import Mode, SiteFile
from automation.kernel.clock import SystemClock, instant
from automation.kernel.errors import InputError, RefusedError
from automation.ledger.event import Mode as LedgerMode
from automation.surfaces.documents.certificate import document
from automation.surfaces.documents.pdf import pdf
from automation.surfaces.seals.checking import check
from automation.surfaces.seals.keys import SealKey, key_of, made
from automation.surfaces.seals.words import announced
from tests.cheats.sealed import ENDED, NOW, file, flipped, key
from tests.support.commands import cellwright, simulated_site
from tests.support.doors import doorway
from tests.support.pages import Told, told
from tests.support.told_batch import BATCH, life, receive
from tests.unit.gmp.moves import ISSUE
from tests.unit.surfaces.test_certificate import DATE, MADE

Page = tuple[Path, tuple[Told, ...]]
SECRET = "a rather long secret"
ENDED_SAYS = (
    "the certificate of Common Name: SIMULATED north seal holds from 2026-11-22 to 2036-11-22, and the seal says that "
    "it was made 2040-01-01"
)
LIVE = SiteFile(name="north", mode=Mode.LIVE, zone="Europe/Berlin", seal=SealPlan("seal.p12", "env:SEAL_SECRET"))
LIVE_FILE = """\
site: {name: north, mode: live, zone: Europe/Berlin}
seal: {file: seal.p12, secret: "file:secret"}
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    """Run the page in a folder with a site of one batch that is closed."""
    folder = tmp_path_factory.mktemp("seals")
    with life(simulated_site(folder / "site")) as story:
        receive(story)
        story.end()
    return folder, told("seals.md", folder)


@pytest.mark.requirement("F105.2")
@pytest.mark.requirement("F105.2", refuses=True)
def test_every_command_of_the_page_about_seals_does_what_the_page_shows(page: Page) -> None:
    """Refused where the page says so, with these words; else done."""
    assert len(page[1]) > 3
    for one in page[1]:
        assert (one.said.status != 0, one.words) == (one.refused, one.words), one.said.err
        assert (one.missing, one.words) == ([], one.words)


@pytest.mark.requirement("F105.2")
def test_the_record_in_a_sealed_file_is_the_one_that_the_ledger_gives(page: Page) -> None:
    """Its head is that of the ledger, which is noted elsewhere; as data all of it is named."""
    folder, _ = page
    head = cellwright("record", BATCH, "--site", folder / "site", "-o", folder / "r.json", "--json").data["head"]
    said = cellwright("verify", folder / "B-001.pdf", "--head", head, "--json").data
    seal, record = (cast("dict[str, object]", said[name]) for name in ("seal", "record"))
    assert (said["intact"], seal["trusted"], str(seal["at"])[:10]) == (True, False, "2026-11-22")
    assert (record["intact"], record["head"]) == (True, head)
    assert cellwright("verify", folder / "B-001.pdf", "--head", "ab" * 32).status == 1


@pytest.mark.requirement("F105.2")
def test_another_reader_of_pdf_sees_the_seal_and_the_pages_say_what_it_is(page: Page) -> None:
    """PDFium finds one signature with its reason, and the sentence that it is nobody's signature."""
    with pypdfium2.PdfDocument(page[0] / "B-001.pdf") as read:
        assert pdfium.FPDF_GetSignatureCount(read) == 1
        found = pdfium.FPDF_GetSignatureObject(read, 0)
        room = ctypes.create_string_buffer(pdfium.FPDFSignatureObj_GetReason(found, None, 0))
        pdfium.FPDFSignatureObj_GetReason(found, room, len(room))
        last = " ".join(read[len(read) - 1].get_textpage().get_text_range().split())
    assert room.raw.decode("utf-16-le").rstrip("\0").startswith("SIMULATED: exported by site Site A (driven)")
    assert "It is the site's seal and nobody's signature" in last


@pytest.mark.requirement("F105.2", refuses=True)
def test_a_changed_byte_of_a_sealed_record_exits_with_no(page: Page, tmp_path: Path) -> None:
    """In text and as data."""
    changed = tmp_path / "changed.pdf"
    changed.write_bytes(flipped((page[0] / "B-001.pdf").read_bytes()))
    found = cellwright("verify", changed)
    assert (found.status, "NOT INTACT. The file was changed after it was sealed" in found.out) == (1, True)
    said = cellwright("verify", changed, "--json")
    assert (said.status, said.data["intact"], said.data["record"]) == (1, False, None)


@pytest.mark.requirement("F105.2", refuses=True)
def test_a_seal_by_anothers_certificate_is_not_under_the_anchor(page: Page) -> None:
    """It is intact and says whose it is; the site's anchor does not vouch for it. No anchor at all is said too."""
    (page[0] / "other.pdf").write_bytes(file())
    anchor = page[0] / "site" / "seal-anchor.pem"
    found = cellwright("verify", page[0] / "other.pdf", "--trust", anchor)
    assert (found.status, "not under the anchor given" in found.out) == (1, True)
    assert "nobody vouches" in cellwright("verify", page[0] / "other.pdf").out
    wrong = cellwright("verify", page[0] / "other.pdf", "--trust", page[0] / "other.pdf")
    assert (wrong.status, "a PEM file with the site's anchor is needed" in wrong.err) == (2, True)


@pytest.mark.requirement("F105.2", refuses=True)
def test_a_record_without_a_proof_is_not_sealed(tmp_path: Path) -> None:
    """A draft whose events are under no signed head yet; no file is written."""
    with life(simulated_site(tmp_path / "site")) as story:
        story.way.ledger.flush()
        said = cellwright("record", BATCH, "--seal", "-o", tmp_path / "x.pdf", "--site", tmp_path / "site")
    assert (said.status, "has no proof yet" in said.err, (tmp_path / "x.pdf").exists()) == (1, True, False)


@pytest.mark.requirement("F105.2")
def test_a_sealed_file_is_the_file_that_it_was_with_the_seal_behind() -> None:
    """So pages can be compared; what they say of PDF/A-3b stays, no font comes, and nothing of the seal is shown."""
    pages, small = pdf(announced(document(MADE, date=DATE))), file()
    added = small[len(pages) :]
    brings = [word for word in (b"/Font", b"/JavaScript", b"/NeedAppearances", b"/AP") if word in added]
    assert (small.startswith(pages), brings) == (True, [])
    reader = PdfFileReader(io.BytesIO(small))
    before = PdfFileReader(io.BytesIO(pages))
    assert reader.root["/Metadata"].data == before.root["/Metadata"].data
    assert b"<pdfaid:part>3</pdfaid:part>" in reader.root["/Metadata"].data
    widget = reader.embedded_signatures[0].sig_field
    printed, hidden = 0b100, 0b100010
    assert ([int(side) for side in widget["/Rect"]], int(widget["/F"]) & (printed | hidden)) == ([0, 0, 0, 0], printed)


def pkcs12_of(found: SealKey) -> bytes:
    """Give key and certificates as the file that a live site names."""
    private = cast("EllipticCurvePrivateKey", load_der_private_key(found.key, None))
    certificates = [x509.load_der_x509_certificate(one) for one in (found.certificate, *found.chain)]
    lock = BestAvailableEncryption(SECRET.encode())
    return pkcs12.serialize_key_and_certificates(b"seal", private, certificates[0], certificates[1:], lock)


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """Give a folder with a PKCS#12 file as a live site names it."""
    (tmp_path / "seal.p12").write_bytes(pkcs12_of(key("north")))
    return tmp_path


@pytest.mark.requirement("F105.2")
@pytest.mark.requirement("F105.2", refuses=True)
def test_a_live_site_seals_with_the_file_that_it_names(live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opened by the secret that a reference names; what does not open says where, and never what the secret was."""
    monkeypatch.setenv("SEAL_SECRET", SECRET)
    assert key_of(live, LIVE, now=NOW) == key("north")
    assert "key=" not in repr(key("north"))
    monkeypatch.setenv("SEAL_SECRET", "another secret")
    with pytest.raises(InputError, match=r"opens with the secret that env:SEAL_SECRET names") as wrong:
        key_of(live, LIVE, now=NOW)
    assert "another secret" not in str(wrong.value)
    monkeypatch.delenv("SEAL_SECRET")
    with pytest.raises(InputError, match="there is no such variable"):
        key_of(live, LIVE, now=NOW)


@pytest.mark.requirement("F105.2")
def test_the_seal_of_a_live_site_is_told_as_its_own_and_its_secret_is_nowhere(live: Path) -> None:
    """By the machine's clock, under the anchor that was given out; nothing of it is SIMULATED."""
    site = live / "site"
    site.mkdir()
    with doorway(site, mode=LedgerMode.LIVE) as way:
        way.do(f"batch/{BATCH}", "issue", {name: said for name, said in ISSUE.items() if name != "seed"}, by="issue")
        way.ledger.seal()
    (site / "site.yaml").write_text(LIVE_FILE, encoding="utf-8")
    own = made("north", now=SystemClock().now())
    (site / "seal.p12").write_bytes(pkcs12_of(own))
    (site / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
    (site / "secret").chmod(0o600)
    wrote = cellwright("record", BATCH, "--seal", "-o", live / "r.pdf", "--site", site)
    anchor = x509.load_der_x509_certificate(own.chain[0])
    (live / "anchor.pem").write_bytes(anchor.public_bytes(Encoding.PEM))
    said = cellwright("verify", live / "r.pdf", "--trust", live / "anchor.pem")
    assert (wrote.status, said.status) == (0, 0), wrote.err + said.err
    assert "exported by site north; time of its own clock" in said.out
    assert "SIMULATED sealed" not in said.out
    assert SECRET.encode() not in (live / "r.pdf").read_bytes() + (site / "ledger.sqlite").read_bytes()
    assert SECRET not in wrote.out + wrote.err + said.out


@pytest.mark.requirement("F105.2", refuses=True)
def test_without_a_certificate_that_holds_nothing_is_sealed(live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A live site never gets one by itself; an ended one says from when to when it held."""
    with pytest.raises(InputError, match="name its file under seal"):
        key_of(live, SiteFile(name="north", mode=Mode.LIVE, zone="UTC"), now=NOW)
    monkeypatch.setenv("SEAL_SECRET", SECRET)
    with pytest.raises(RefusedError, match="holds from 2026-11-22 to 2036-11-22, and it is 2040-01-01"):
        key_of(live, LIVE, now=instant("2040-01-01T12:00:00"))


@pytest.mark.requirement("F105.2", refuses=True)
def test_a_secret_or_an_open_key_that_others_can_read_seals_nothing(live: Path) -> None:
    """Who has it seals in the name of the site; a file that its own secret locks may be read."""
    (live / "secret").write_text(SECRET, encoding="utf-8")
    (live / "secret").chmod(0o640)
    by_file = replace(LIVE, seal=SealPlan("seal.p12", "file:secret"))
    with pytest.raises(InputError, match=r"secret: can be read by others; make it the owner's alone"):
        key_of(live, by_file, now=NOW)
    (live / "secret").chmod(0o600)
    assert key_of(live, by_file, now=NOW) == key("north")
    (live / "open.pem").write_bytes(b"no key")
    (live / "open.pem").chmod(0o644)
    with pytest.raises(InputError, match=r"open\.pem: can be read by others"):
        key_of(live, replace(LIVE, seal=SealPlan("open.pem")), now=NOW)


@pytest.mark.requirement("F105.2", refuses=True)
def test_of_a_ledger_that_is_not_intact_nothing_is_sealed(page: Page, tmp_path: Path) -> None:
    """A seal would vouch for what nobody recorded: no file is written. Without one every page says what is wrong."""
    site = shutil.copytree(page[0] / "site", tmp_path / "site")
    with contextlib.closing(sqlite3.connect(site / "ledger.sqlite")) as ledger:
        ledger.execute("DROP TRIGGER event_update")
        ledger.execute("UPDATE event SET body = CAST(replace(body, '2408', '2409') AS BLOB)")
        ledger.commit()
    said = cellwright("record", BATCH, "--seal", "-o", tmp_path / "x.pdf", "--site", site)
    assert (said.status, "nothing of it is sealed: event" in said.err, (tmp_path / "x.pdf").exists()) == (
        1,
        True,
        False,
    )


@pytest.mark.requirement("F105.2", refuses=True)
def test_a_certificate_that_had_ended_is_told_without_an_anchor_too() -> None:
    """Intact, and from when to when it held; and what never was a PDF has no seal that was cut off."""
    ended = check(file(stated=ENDED))
    assert ended is not None
    assert (ended[0].intact, ended[0].wrong) == (True, ENDED_SAYS)
    assert (check(b""), check(b"hello")) == (None, None)


@pytest.mark.requirement("F105.2", refuses=True)
def test_a_site_file_names_where_the_secret_is_and_never_the_secret(tmp_path: Path) -> None:
    """Refused with the place in the file, without repeating it."""
    site = simulated_site(tmp_path / "a", edit=("\nroles:\n", f"\nseal: {{file: s.p12, secret: {SECRET}}}\nroles:\n"))
    said = cellwright("list", "batch", "--site", site)
    assert (said.status, "env:NAME or file:PATH is needed" in said.err, SECRET in said.err) == (2, True, False)


@pytest.mark.requirement("F105.2", refuses=True)
def test_the_key_of_the_seal_stays_behind_in_a_backup(page: Page, tmp_path: Path) -> None:
    """As the site's own; its anchor, which everybody may have, is copied."""
    site = shutil.copytree(page[0] / "site", tmp_path / "site")
    assert (site / "seal.key").stat().st_mode & 0o777 == 0o600
    assert cellwright("backup", tmp_path / "copy", "--site", site).status == 0
    assert [(tmp_path / "copy" / name).exists() for name in ("seal.key", "seal-anchor.pem")] == [False, True]
