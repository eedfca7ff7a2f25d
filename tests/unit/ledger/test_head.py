"""Keys and heads: what is read from outside is a key or is refused with what was expected."""

from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from automation.kernel.errors import InputError
from automation.ledger.head import Head, HeadBody, is_signed, key_id, public_key, read_public_key, sign
from tests.unit.ledger.ledgers import KEY

PUBLIC = public_key(KEY)
EXPECTED = "not a public key: 64 hex digits are expected"


def _head() -> Head:
    """Sign a first head."""
    said = HeadBody(ledger="00", number=1, since=1, seq=5, hash="aa", root="bb", at=7, key=PUBLIC.hex(), prev="00")
    return sign(said, KEY)


def test_the_bytes_under_a_signature_are_those_of_the_format() -> None:
    """A tag, the length of the body (four bytes), the body; so an independent program can check it."""
    head = _head()
    size = len(head.body).to_bytes(4, "big")
    Ed25519PublicKey.from_public_bytes(PUBLIC).verify(head.signature, b"cellwright/head/1" + size + head.body)
    cited = sha256(b"cellwright/head-digest/1" + size + head.body + head.signature).hexdigest()
    assert head.digest == cited
    assert head.row == (5, 7, sha256(PUBLIC).hexdigest()[:16], head.body.decode(), head.signature)
    assert head.line.endswith(b'"signature":"' + head.signature.hex().encode() + b'"}\n')


@pytest.mark.parametrize("key", ["", "zz", "ab", "00" * 32, "ab" * 33])
def test_a_head_that_names_no_key_of_ours_is_not_signed(key: str) -> None:
    """Neither what is no hex, nor a key of another length, nor another key."""
    head = _head()
    said = HeadBody(ledger="00", number=1, since=1, seq=5, hash="", root="", at=7, key=key, prev="")
    assert is_signed(head)
    assert not is_signed(Head(said, head.body, head.signature))


def test_what_is_no_hex_has_a_name_that_says_so() -> None:
    """A verdict names keys that somebody may have overwritten."""
    assert key_id("zz") == "unreadable"


def test_a_private_key_of_another_length_is_refused() -> None:
    """With the length that it has and the one it should have."""
    with pytest.raises(InputError, match=r"^a private key has 31 bytes; an Ed25519 key has 32$"):
        public_key(KEY[:31])


def test_a_public_key_is_read_from_a_text_file_outside_the_site(tmp_path: Path) -> None:
    """Blanks and line ends around it do not matter."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site.pub").write_text(f" {PUBLIC.hex()}\n", encoding="ascii")
    assert read_public_key(tmp_path / "site.pub", site=tmp_path / "site") == PUBLIC
    assert read_public_key(tmp_path / "site.pub") == PUBLIC


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (None, "the key can't be read (No such file or directory)"),
        ("xy", EXPECTED),
        ("Zoë", EXPECTED),
        ("ab" * 31, f"{EXPECTED}, found 62"),
    ],
)
def test_what_is_no_public_key_is_refused_with_its_place(tmp_path: Path, written: str | None, said: str) -> None:
    """Missing, not hex, not ASCII, too short."""
    path = tmp_path / "site.pub"
    if written is not None:
        path.write_text(written, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_public_key(path)
    assert (refused.value.where, str(refused.value).removeprefix(f"{path}: ")) == (str(path), said)


def test_a_public_key_inside_the_site_folder_proves_nothing(tmp_path: Path) -> None:
    """It can be exchanged together with the ledger; a link to it no less."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "site.pub").write_text(PUBLIC.hex(), encoding="ascii")
    (tmp_path / "link.pub").symlink_to(site / "site.pub")
    for path in (site / "site.pub", tmp_path / "link.pub"):
        with pytest.raises(
            InputError, match=r"the key lies inside the site folder, where it proves nothing$"
        ) as refused:
            read_public_key(path, site=site)
        assert refused.value.where == str(path)
