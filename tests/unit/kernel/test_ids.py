"""Everything simulated follows from a seed and words; what is secret is long enough."""

from hashlib import sha256
from statistics import fmean, stdev

import pytest

from automation.kernel import ids


def test_a_digest_tells_its_parts_apart() -> None:
    """Each part has its length before it (four bytes, big-endian); numbers are written out."""
    assert ids.digest("ab", b"\x00", 12) == sha256(b"\0\0\0\2ab" + b"\0\0\0\1\x00" + b"\0\0\0\x0212").digest()


def test_what_is_drawn_for_a_name_is_the_same_in_every_release() -> None:
    """A change of these numbers changes every simulated ledger."""
    assert ids.uniform(7, "dose", 1) == 0.11286454358008477
    assert ids.normal(7, "dose", 1) == pytest.approx(0.8943933710991958)
    assert ids.keyed(7, "dose", 1).random() == 0.3268723581707268
    assert ids.ledger_id(seed=7, site="a").hex() == "d4d186aec5085e7c3dd6b64470cfad09"


def test_draws_are_spread_as_they_should_be() -> None:
    """Uniform on [0, 1), and normal with mean 0 and deviation 1."""
    flat = [ids.uniform(1, number) for number in range(2_000)]
    bell = [ids.normal(1, number) for number in range(2_000)]
    assert min(flat) >= 0.0
    assert max(flat) < 1.0
    assert fmean(flat) == pytest.approx(0.5, abs=0.03)
    assert fmean(bell) == pytest.approx(0.0, abs=0.06)
    assert stdev(bell) == pytest.approx(1.0, abs=0.05)


def test_what_is_secret_is_never_the_same_twice() -> None:
    """Of the length that was asked for; a live ledger's name and a command's id are such."""
    assert [len(ids.secret()), len(ids.secret(7)), len(ids.ledger_id(seed=None, site="a"))] == [32, 7, 16]
    assert len(ids.command()) == 32
    assert (
        len({ids.secret(), ids.secret(), ids.ledger_id(seed=None, site="a"), ids.ledger_id(seed=None, site="a")}) == 4
    )
    assert ids.command() != ids.command()
