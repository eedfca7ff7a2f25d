"""What is wrong with a field, in words of people."""

import pytest
from pydantic import BaseModel, ValidationError

from automation.gmp.plainly import said
from automation.gmp.words import Body, field


class Form(Body):
    """A form with a field of each kind."""

    text: str = field(label="Text", length=3, default="abc")
    names: tuple[str, ...] = field(label="Names", length=1, default=("a",))
    share: float = field(label="Share", unit="%", low=0, high=100, default=1.0)
    times: int = field(label="Times", low=1, default=1)
    really: bool = field(label="Really", default=True)


def told(form: type[BaseModel], **given: object) -> str:
    """Give what is said of the first mistake."""
    with pytest.raises(ValidationError) as wrong:
        form.model_validate(given)
    first = wrong.value.errors()[0]
    return said(first["type"], first.get("ctx", {}), otherwise=first["msg"])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"text": "ab"}, "at least 3 characters are needed"),
        ({"names": []}, "at least 1 is needed"),
        ({"names": 5}, "a list is needed"),
        ({"share": 101}, "at most 100 is allowed"),
        ({"share": "much"}, "a number is needed"),
        ({"share": "nan"}, "a finite number is needed"),
        ({"times": 0}, "at least 1 is needed"),
        ({"times": "often"}, "a whole number is needed"),
        ({"really": "perhaps"}, "true or false is needed"),
        ({"other": 1}, "no such field is known here"),
    ],
)
def test_a_mistake_is_said_in_words_of_people(given: dict[str, object], why: str) -> None:
    """No tuple, no string, no validation."""
    assert told(Form, **given) == why


def test_what_has_no_words_of_ours_is_said_as_it_was_found() -> None:
    """Our own validators speak for themselves."""
    assert said("value_error", {}, otherwise="Value error, a code is needed") == "a code is needed"
