"""What is wrong with a field that somebody filled in, in words of people, not of the library that found it.

Units:  those of the field.
Source: design rule: an error names what was given and what is allowed.
"""

from collections.abc import Mapping

_SAID = {
    "string_too_short": "at least {min_length} characters are needed",
    "string_too_long": "at most {max_length} characters are allowed",
    "too_short": "at least {min_length} is needed",
    "too_long": "at most {max_length} are allowed",
    "greater_than_equal": "at least {ge:g} is needed",
    "greater_than": "more than {gt:g} is needed",
    "less_than_equal": "at most {le:g} is allowed",
    "less_than": "less than {lt:g} is needed",
    "int_parsing": "a whole number is needed",
    "int_from_float": "a whole number is needed",
    "float_parsing": "a number is needed",
    "float_type": "a number is needed",
    "finite_number": "a finite number is needed",
    "bool_parsing": "true or false is needed",
    "enum": "one of {expected} is needed",
    "literal_error": "one of {expected} is needed",
    "extra_forbidden": "no such field is known here",
    "string_type": "text is needed",
    "tuple_type": "a list is needed",
}


def said(kind: str, about: Mapping[str, object], *, otherwise: str) -> str:
    """Give the sentence for a kind of mistake of pydantic with its context; ``otherwise`` where there is none."""
    try:
        return _SAID[kind].format(**about)
    except (KeyError, ValueError, TypeError):
        return otherwise.removeprefix("Value error, ")
