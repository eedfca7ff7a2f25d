"""Sealed PDF files: the site's seal, what it shows, what breaks it; docs/seals.md is run word for word."""

import io
import shutil
from pathlib import Path
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_der_private_key, pkcs12
from pyhanko.pdf_utils.reader import PdfFileReader

from automation.engine.sealfile import SealPlan
from automation.engine.sitemodel import Mode, SiteFile
from automation.kernel.clock import instant
from automation.kernel.errors import InputError, RefusedError
from automation.surfaces.documents.certificate import document, to_seal
from automation.surfaces.documents.pdf import pdf
from automation.surfaces.seals.checking import check
from automation.surfaces.seals.keys import SealKey, key_of, made
from automation.surfaces.seals.sealing import Stated, sealed
from automation.surfaces.seals.words import announced
from tests.support.commands import cellwright, simulated_site
from tests.support.pages import Told, told
from tests.support.told_batch import BATCH, life, receive
from tests.unit.surfaces.test_certificate import DATE, MADE

NOW = instant("2026-11-22T10:00:00", zone="UTC")
STATED = Stated(NOW, "Europe/Berlin", "exported by site north; time of its own clock", "north")
SECRET = "a rather long secret"
LIVE = SiteFile(name="north", mode=Mode.LIVE, zone="Europe/Berlin", seal=SealPlan("seal.p12", "env:SEAL_SECRET"))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Told, ...]]:
    """Run the page in a folder with a site of one batch that is closed."""
    folder = tmp_path_factory.mktemp("seals")
    site = simulated_site(folder / "site")
    with life(site) as story:
        receive(story)
        story.end()
    return folder, told("seals.md", folder)


@pytest.fixture(scope="module")
def key() -> SealKey:
    """Give the key of a simulated site."""
    return made("a", now=NOW)


@pytest.fixture(scope="module")
def small(key: SealKey) -> bytes:
    """Give one small sealed document."""
    return sealed(to_seal(MADE, date=DATE), key, STATED)


@pytest.mark.requirement("F105.2")
@pytest.mark.requirement("F105.2", refuses=True)
def test_every_command_of_the_page_does_what_the_page_shows(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Refused where the page says so, with these words; else done."""
    assert len(page[1]) > 3
    for one in page[1]:
        assert (one.said.status != 0, one.words) == (one.refused, one.words), one.said.err
        assert (one.missing, one.words) == ([], one.words)


@pytest.mark.requirement("F105.2")
def test_the_record_in_a_sealed_file_is_the_one_that_the_ledger_gives(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Its head is that of the ledger, which is noted elsewhere; as data all of it is named."""
    folder, _ = page
    head = cellwright("record", BATCH, "--site", folder / "site", "-o", folder / "r.json", "--json").data["head"]
    said = cellwright("verify", folder / "B-001.pdf", "--head", head, "--json").data
    seal, record = (cast("dict[str, object]", said[name]) for name in ("seal", "record"))
    assert (said["intact"], seal["trusted"], str(seal["at"])[:10]) == (True, False, "2026-11-22")
    assert (record["intact"], record["head"]) == (True, head)
    assert cellwright("verify", folder / "B-001.pdf", "--head", "ab" * 32).status == 1


@pytest.mark.requirement("F105.2", refuses=True)
@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda data: data.replace(b"/Reason (S", b"/Reason (s"), "changed after it was sealed"),
        (lambda data: _flipped(data, len(data) // 2), "changed after it was sealed"),
        (lambda data: data[: len(data) // 2], "changed or cut"),
        (lambda data: data + b"\n% a remark\n", "does not cover"),
        (lambda data: data.replace(b"0000000000>", b"00000000ff>"), "does not cover"),
        (lambda data: data.replace(b"/FT /Sig", b"/FT /Btn"), "changed or cut"),
    ],
    ids=["stated-reason", "one-bit", "cut", "added", "beside-the-seal", "seal-taken-off"],
)
def test_whatever_is_done_to_a_sealed_file_is_found(
    page: tuple[Path, tuple[Told, ...]], tmp_path: Path, harm: object, says: str
) -> None:
    """Not intact, exit status 1; untouched it is intact by the same look."""
    data = (page[0] / "B-001.pdf").read_bytes()
    changed = harm(data) if callable(harm) else data
    assert changed != data
    (tmp_path / "changed.pdf").write_bytes(changed)
    found = cellwright("verify", tmp_path / "changed.pdf")
    assert (found.status, "NOT INTACT" in found.out) == (1, True), found
    assert says in found.out or "no seal" in found.out


def _flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.requirement("F105.2", refuses=True)
def test_a_seal_by_anothers_certificate_is_not_under_the_anchor(
    page: tuple[Path, tuple[Told, ...]], small: bytes
) -> None:
    """It is intact and says whose it is; the site's anchor does not vouch for it. No anchor at all is said too."""
    (page[0] / "other.pdf").write_bytes(small)
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


@pytest.mark.requirement("F105.2", refuses=True)
def test_a_certificate_that_did_not_hold_vouches_for_nothing(key: SealKey) -> None:
    """The seal says a day on which its certificate did not hold; a site that would seal so is refused before."""
    late = Stated(instant("2040-01-01T00:00:00"), "UTC", "late", "north")
    found = check(sealed(to_seal(MADE, date=DATE), key, late), anchors=(key.chain[0],))
    assert found is not None
    assert (found[0].trusted, "holds from 2026-11-22 to 2036-11-22" in found[0].wrong) == (False, True)


@pytest.mark.requirement("F105.2")
def test_a_sealed_file_is_the_file_that_it_was_with_the_seal_behind(small: bytes) -> None:
    """So pages can be compared; what they say of PDF/A-3b stays, no font comes, and nothing of the seal is shown."""
    pages = pdf(announced(document(MADE, date=DATE)))
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


@pytest.fixture
def live(tmp_path: Path, key: SealKey) -> Path:
    """Give a folder with a PKCS#12 file as a live site names it."""
    private = cast("EllipticCurvePrivateKey", load_der_private_key(key.key, None))
    certificates = [x509.load_der_x509_certificate(one) for one in (key.certificate, *key.chain)]
    lock = BestAvailableEncryption(SECRET.encode())
    data = pkcs12.serialize_key_and_certificates(b"seal", private, certificates[0], certificates[1:], lock)
    (tmp_path / "seal.p12").write_bytes(data)
    return tmp_path


@pytest.mark.requirement("F105.2")
@pytest.mark.requirement("F105.2", refuses=True)
def test_a_live_site_seals_with_the_file_that_it_names(
    live: Path, key: SealKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened by the secret that a reference names; what does not open says where, and never what the secret was."""
    monkeypatch.setenv("SEAL_SECRET", SECRET)
    assert key_of(live, LIVE, now=NOW) == key
    assert SECRET not in repr(key_of(live, LIVE, now=NOW))
    monkeypatch.setenv("SEAL_SECRET", "another secret")
    with pytest.raises(InputError, match=r"opens with the secret that env:SEAL_SECRET names") as wrong:
        key_of(live, LIVE, now=NOW)
    assert "another secret" not in str(wrong.value)
    monkeypatch.delenv("SEAL_SECRET")
    with pytest.raises(InputError, match="there is no such variable"):
        key_of(live, LIVE, now=NOW)


@pytest.mark.requirement("F105.2", refuses=True)
def test_without_a_certificate_that_holds_nothing_is_sealed(live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A live site never gets one by itself; an ended one says from when to when it held."""
    with pytest.raises(InputError, match="name its file under seal"):
        key_of(live, SiteFile(name="north", mode=Mode.LIVE, zone="UTC"), now=NOW)
    monkeypatch.setenv("SEAL_SECRET", SECRET)
    with pytest.raises(RefusedError, match="holds from 2026-11-22 to 2036-11-22, and it is 2040-01-01"):
        key_of(live, LIVE, now=instant("2040-01-01T12:00:00"))


@pytest.mark.requirement("F105.2", refuses=True)
def test_a_site_file_names_where_the_secret_is_and_never_the_secret(tmp_path: Path) -> None:
    """Refused with the place in the file, without repeating it."""
    site = simulated_site(tmp_path / "a", edit=("\nroles:\n", f"\nseal: {{file: s.p12, secret: {SECRET}}}\nroles:\n"))
    said = cellwright("list", "batch", "--site", site)
    assert (said.status, "env:NAME or file:PATH is needed" in said.err, SECRET in said.err) == (2, True, False)


@pytest.mark.requirement("F105.2", refuses=True)
def test_the_key_of_the_seal_stays_behind_in_a_backup(page: tuple[Path, tuple[Told, ...]], tmp_path: Path) -> None:
    """As the site's own; its anchor, which everybody may have, is copied."""
    site = shutil.copytree(page[0] / "site", tmp_path / "site")
    assert (
        (site / "seal.key").stat().st_mode & 0o777,
        cellwright("backup", tmp_path / "copy", "--site", site).status,
    ) == (0o600, 0)
    assert [(tmp_path / "copy" / name).exists() for name in ("seal.key", "seal-anchor.pem")] == [False, True]
