"""What a site states of its Rotea, and which of its own nodes it names where no page that was seen names one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path

from automation.kernel.errors import InputError
from instruments.interfaces.device import Identity
from instruments.transport import Link
from instruments.transport.opcua import OpcUaStream
from instruments.transport.opcua_site import read_access, read_mapping

SAME_LINK = "link"
FLOWS = ("processed", "washed", "collected", "wasted", "pressure_kpa")
KEYS = {
    "serial": "serial number on the washer's label; declared",
    "firmware": "version of instrument and Run Manager; declared",
    "nodes": "mapping file (JSON) of an opcua: port; the BrowseNames of the user guide unless it is named",
    "access": "file with user, password and security of an opcua: port; readable by its owner only",
    "history_folder": "folder with Run Manager's run histories; 'link' for a fake, which gives them itself",
    "select_node": "the site's own node that selects a protocol by its name; without it a person selects",
    "pause_word": "the word that pauses when it is written to SetProtocolState, from the site's own manual",
    "runs_node": "the site's own node that counts the starts of runs",
    "flows": "the site's own nodes for volumes in mL and pressure, for example 'processed=Node1,pressure_kpa=Node2'",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """The site's declarations; an empty word means that the site names none."""

    identity: Identity
    history: str = ""
    select: str = ""
    pause_word: str = ""
    runs: str = ""
    flows: Mapping[str, str] = field(default_factory=dict)


def settings(given: Mapping[str, str]) -> Settings:
    """Read the settings of a site; raises InputError for a flow that is none."""
    return Settings(
        identity=Identity("Gibco", "CTS Rotea", given.get("serial", ""), given.get("firmware", "")),
        history=given.get("history_folder", ""),
        select=given.get("select_node", ""),
        pause_word=given.get("pause_word", ""),
        runs=given.get("runs_node", ""),
        flows=_flows(given.get("flows", "")),
    )


def configure(link: Link, given: Mapping[str, str]) -> None:
    """Tell an ``opcua:`` port which node is which and as whom it speaks; raises InputError for any other port."""
    stream = link.stream
    if not isinstance(stream, OpcUaStream):
        for key in {"nodes", "access"} & set(given):
            raise InputError(f"{key} is {given[key]!r}; only an opcua: port has one", where=key)
        return
    with as_file(files("instruments.drivers.rotea") / "nodes.json") as usual:
        stream.mapped = read_mapping(Path(given["nodes"]) if "nodes" in given else usual)
    if "access" in given:
        stream.access = read_access(Path(given["access"]))


def _flows(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, equals, node = (word.strip() for word in part.partition("="))
        if name not in FLOWS or not equals or not node or name in found:
            msg = f"flows has {part!r}; 'name=node' is needed, each name once, names: {', '.join(FLOWS)}"
            raise InputError(msg, where="flows")
        found[name] = node
    return found
