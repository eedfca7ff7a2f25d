"""What a site states of a bioreactor behind LADS: the names that its maker gave to units, functions and programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from automation.kernel.errors import InputError
from instruments.transport import Link
from instruments.transport.opcua import OpcUaStream
from instruments.transport.opcua_site import read_access

KEYS = {
    "device": "the device's name in the server's device set; 'RockingBag' unless stated",
    "culture_unit": "functional unit that keeps the culture; 'Culture' unless stated",
    "feed_unit": "functional unit with the feed pump; 'Feed' unless stated, '' where there is none",
    "culture_program": "program template that begins a culture; 'Culture' unless stated",
    "feed_program": "program template of a feed; 'Feed' unless stated",
    "functions": "names that differ, for example 'ph=pH1,angle=' (an empty one: the device has none such)",
    "result_given": "variable of a feed's result with what went in; 'Given' unless stated",
    "result_asked": "variable of a feed's result with what was asked for; 'Asked' unless stated",
    "access": "file with user, password and security of an opcua: port; readable by its owner only",
}
UNITS: Mapping[str, str] = {
    "temperature": "degC",
    "rocking_rate": "1/min",
    "angle": "deg",
    "gas_flow": "L/min",
    "co2": "%",
    "oxygen": "%",
    "ph": "1",
    "dissolved_oxygen": "%",
    "perfusion": "mL/h",
}
"""Our words for the functions of a culture, and the unit in which each has to be."""
USUAL: Mapping[str, str] = {
    "temperature": "Temperature",
    "rocking_rate": "RockingRate",
    "angle": "RockingAngle",
    "gas_flow": "GasFlow",
    "co2": "CO2",
    "oxygen": "Oxygen",
    "ph": "pH",
    "dissolved_oxygen": "DissolvedOxygen",
    "perfusion": "Perfusion",
    "feed_volume": "Volume",
}
FEED_UNITS: Mapping[str, str] = {"feed_volume": "mL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The names of one device; functions that it does not have are left out."""

    device: str
    culture_unit: str
    feed_unit: str
    culture_program: str
    feed_program: str
    functions: Mapping[str, str]
    feed_volume: str
    result_given: str
    result_asked: str


def settings(given: Mapping[str, str]) -> Settings:
    """Read the settings of a site; raises InputError for a function that is none."""
    names = {**USUAL, **_functions(given.get("functions", ""))}
    volume = names.pop("feed_volume")
    return Settings(
        device=_named(given, "device", usual="RockingBag"),
        culture_unit=_named(given, "culture_unit", usual="Culture"),
        feed_unit=given.get("feed_unit", "Feed"),
        culture_program=_named(given, "culture_program", usual="Culture"),
        feed_program=_named(given, "feed_program", usual="Feed"),
        functions={word: name for word, name in names.items() if name},
        feed_volume=volume,
        result_given=given.get("result_given", "Given"),
        result_asked=given.get("result_asked", "Asked"),
    )


def configure(link: Link, given: Mapping[str, str]) -> None:
    """Tell an ``opcua:`` port that names are paths, and as whom it speaks; InputError for any other with access."""
    stream = link.stream
    if isinstance(stream, OpcUaStream):
        stream.by_path = True
        if "access" in given:
            stream.access = read_access(Path(given["access"]))
    elif "access" in given:
        raise InputError(f"access is {given['access']!r}; only an opcua: port has one", where="access")


def _named(given: Mapping[str, str], key: str, *, usual: str) -> str:
    name = given.get(key, usual)
    if not name or "/" in name:
        raise InputError(f"{key} is {name!r}; a name without '/' is needed", where=key)
    return name


def _functions(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        word, equals, name = (one.strip() for one in part.partition("="))
        if word not in USUAL or not equals or "/" in name or word in found:
            msg = f"functions has {part!r}; 'word=Name' is needed, each word once, words: {', '.join(USUAL)}"
            raise InputError(msg, where="functions")
        found[word] = name
    return found
