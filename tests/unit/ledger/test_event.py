"""An event that is not as the program writes it says which one it is and what to do."""

import msgspec
import pytest

from automation.kernel.errors import DamagedError
from automation.ledger.event import Event
from automation.ledger.upcasts import current
from automation.ledger.verdict import BadError


class _Weighed(msgspec.Struct):
    grams: float


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_a_body_that_cannot_be_read_is_named_with_its_event(body: bytes) -> None:
    """By number, stream and kind, with the reason in one line, however it is asked for."""
    named = {"seq": 7, "stream": "scale/1", "version": 1, "kind": "weighed", "schema": 1, "epoch": 1, "at": 0}
    rest = {"zone": "UTC", "by": "system", "terminal": "", "cause": None, "prev": b"", "prev_in_stream": b""}
    event = msgspec.convert(named | rest | {"hash": b"", "body": body}, Event)
    with pytest.raises(DamagedError, match=r"^event 7 \(scale/1 weighed\) can't be read \(.+\); run verify$"):
        event.read(_Weighed)
    with pytest.raises(DamagedError, match=r"^event 7 \(scale/1 weighed\) can't be read \(.+\); run verify$"):
        _ = event.fields
    said = str(event.damaged(ValueError(f"two\n  lines {'x' * 400}")))
    assert said == f"event 7 (scale/1 weighed) can't be read (two lines {'x' * 290}); run verify"


def test_a_body_of_this_release_is_given_byte_for_byte() -> None:
    """Nothing is read and written anew."""
    body = b'{ "grams" : 1 }'
    assert current("scale/1", "weighed", schema=1, body=body) is body


def test_what_was_found_first_is_an_error_with_its_words() -> None:
    """So that it can be read where nobody expected it."""
    assert str(BadError(3, "missing")) == "missing"
