"""Names of SiLA 2 as they stand on the lines of the node port, and what commands take and answer; no I/O.

Names:  fully qualified identifiers, ``originator/category/Feature/v1/Property/Name``; ``/Unit`` behind a property is
        the label of its unit constraint. A command takes one JSON object with its parameters, and answers one.
Source: SiLA 2 part A (core) 1.1; the SiLA service as its own feature definition has it.
"""

import re
from collections.abc import Mapping

import msgspec

from automation.kernel.errors import WireError
from automation.kernel.untrusted import UNREADABLE
from instruments.transport.nodes import Value

SERVICE = "org.silastandard/core/SiLAService/v1"
SERVER_NAME, SERVER_TYPE, SERVER_UUID = "ServerName", "ServerType", "ServerUUID"
SERVER_VERSION, DESCRIPTION = "ServerVersion", "ServerDescription"
UNIT = "Unit"
NO_VALUE = "NoGoodValue"
"""The error of our fakes' own features when a sensor is broken."""
_NAME = r"[A-Z][A-Za-z0-9]*"
_FEATURE = rf"[a-z][a-z.]*/[a-z][a-z.]*/{_NAME}/v[0-9]+"
_PROPERTY = re.compile(rf"{_FEATURE}/Property/{_NAME}")
_COMMAND = re.compile(rf"{_FEATURE}/Command/{_NAME}")


def property_of(feature: str, name: str) -> str:
    """Give the fully qualified identifier of a property."""
    return f"{feature}/Property/{name}"


def command_of(feature: str, name: str) -> str:
    """Give the fully qualified identifier of a command."""
    return f"{feature}/Command/{name}"


def is_property(name: str) -> bool:
    """Tell whether a name is a fully qualified identifier of a property."""
    return _PROPERTY.fullmatch(name) is not None


def is_command(name: str) -> bool:
    """Tell whether a name is a fully qualified identifier of a command."""
    return _COMMAND.fullmatch(name) is not None


def parameters(given: Mapping[str, Value]) -> str:
    """Write the parameters of a command."""
    return msgspec.json.encode(given).decode()


def responses(told: tuple[Value | None, ...]) -> Mapping[str, Value | None]:
    """Read the responses of a command; raises WireError for what are none."""
    try:
        return msgspec.json.decode(str(told[0]), type=dict[str, bool | int | float | str | None]) if told else {}
    except UNREADABLE as wrong:
        msg = f"a command answered {str(told)[:80]}: {wrong}"
        raise WireError(msg) from None
