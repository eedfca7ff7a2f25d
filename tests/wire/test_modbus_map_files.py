"""A map is checked when it is read: one clear complaint with field, value, what is allowed, file, line and column."""

from pathlib import Path

import pytest

from automation.engine.recipe.yaml_source import read_text
from automation.kernel.errors import InputError
from instruments.drivers.modbus_map.wire.load import find, read, shipped
from instruments.drivers.modbus_map.wire.model import DeviceMap, Kind, Order, Place, Span
from instruments.transport.modbus_lines import Framing

PLAIN = """device: {maker: M, model: D, level: L0, source: invented}
line: {framings: [rtu], serial: 9600 8E1, unit: 3}
registers: {first: 1, function: 4, word_order: low word first}
blocks: [{register: 9, words: 8}]
faults:
  status: {register: 0x20, type: uint16, bits: {3: lid open}, spoils: [temperature], source: p. 2}
channels:
  temperature: {register: 10, type: float32, unit: degC, range: [-90, 40], source: p. 1}
  door: {register: 40, type: uint16, bit: 2, unit: "1", source: p. 1}
set_points:
  target: {register: 50, type: int16, scale: 0.1, function: 3, unit: degC, range: [-90, 40], source: p. 3}
"""

pytestmark = pytest.mark.requirement("C06")


def loaded(text: str) -> DeviceMap:
    """Read a map."""
    return read(read_text(text, name="map.yaml"), name="map")


def test_a_map_says_where_everything_stands() -> None:
    """Registers from 1 on become addresses from 0 on; decimals and hexadecimals are both numbers."""
    found = loaded(PLAIN)
    assert (found.unit, found.serial, found.framings) == (3, "9600 8E1", (Framing.RTU,))
    assert found.channels[0].place == Place(Span(4, 9, 2), Kind.FLOAT32, Order.LOW)
    assert found.channels[1].bit == 2
    assert (found.faults[0].place.span, found.faults[0].bits) == (Span(4, 0x1F, 1), {3: "lid open"})
    assert found.kept[0].place == Place(Span(3, 49, 1), Kind.INT16, Order.LOW, 0.1)


def test_what_stands_in_a_block_is_read_with_it() -> None:
    """One exchange for the temperature and its neighbours, one for the door, one for the fault."""
    found = loaded(PLAIN)
    assert found.spans(found.looked_at()) == (Span(4, 31, 1), Span(4, 8, 8), Span(4, 39, 1))


WRONG = {
    "an unknown key": ("unit: 3}", "unit: 3, baud: 9600}", "line has an unknown key 'baud'", "2:"),
    "an unknown framing": ("[rtu]", "[rtu, usb]", "is 'usb'; .*known: ascii, rtu, tcp", "2:"),
    "a framing twice": ("[rtu]", "[rtu, rtu]", "names none or one twice", "2:"),
    "a line that is none": ("9600 8E1", "9600 8X1", "line settings are '9600 8X1'", "2:"),
    "an address beyond": ("unit: 3}", "unit: 256}", "line.unit is 256; 0 to 255", "2:"),
    "another first register": ("first: 1", "first: 2", "registers.first is 2; 0 to 1", "3:"),
    "another function": ("function: 4", "function: 6", "function is 6; 3 .* or 4", "3:"),
    "no word order": (", word_order: low word first", "", "takes two registers; word_order is needed", "8:"),
    "another word order": ("low word first", "middle", "is 'middle'; known: high word first, low", "3:"),
    "a block of too many": ("words: 8", "words: 126", r"words is 126; 1 to 125", "4:"),
    "a bit beyond": ("{3: lid open}", "{16: lid open}", "bit is '16'; 0 to 15", "6:"),
    "good and bits": ("spoils:", "good: [1], spoils:", "needs either good .* or bits", "6:"),
    "spoils what is not there": ("[temperature], source", "[pressure], source", "is 'pressure'; .*temperature", "6:"),
    "register 0 of 1": ("register: 10", "register: 0", "register is 0; 1 to 65535 is allowed", "8:"),
    "a register that is none": ("register: 10", "register: ten", "is 'ten'; a register is needed", "8:"),
    "a second word beyond": ("register: 10", "register: 65536", "register is 65536; 1 to 65535", "8:"),
    "an unknown type": ("float32", "float64", "is 'float64'; did you mean 'float32'", "8:"),
    "an unknown unit": (
        "unit: degC, range: [-90, 40], source: p. 1",
        "unit: K, range: [0, 1], source: x",
        "is 'K'",
        "8:",
    ),
    "a range that is none": ("[-90, 40], source: p. 1", "[40, -90], source: p. 1", "the lowest and the highest", "8:"),
    "no range": ("range: [-90, 40], source: p. 1", "source: p. 1", "lacks range", "8:"),
    "no source": (", source: p. 1}\n  door", "}\n  door", "channels.temperature lacks source", "8:"),
    "a scale of 0": ("scale: 0.1", "scale: 0", "scale is 0; a factor", "11:"),
    "a bit with a unit": ('bit: 2, unit: "1"', "bit: 2, unit: degC", "a bit has the unit '1'", "9:"),
    "a name that is none": ("  door:", "  Door!:", "'Door!' is no name", "9:"),
    "a set point that is read only": ("function: 3, unit", "function: 4, unit", "can't be set", "11:"),
    "a channel twice": ("  door:", "  temperature:", "the key 'temperature' stands twice", "9:"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_map_is_refused_with_its_place(case: str) -> None:
    """Named: the field, the value, what is allowed, and line and column."""
    old, new, said, line = WRONG[case]
    assert old in PLAIN
    with pytest.raises(InputError, match=said) as refused:
        loaded(PLAIN.replace(old, new, 1))
    assert f"map.yaml:{line}" in str(refused.value)


@pytest.mark.parametrize("name", shipped())
def test_a_map_that_comes_with_the_program_names_maker_level_and_document(name: str) -> None:
    """Nothing is shipped above what it was shown on, every document is named, and who has none says so."""
    found = find(name)
    assert (bool(found.maker), len(found.source) > 20) == (True, True)
    assert found.level == ("L0" if found.source.startswith("none of its own") else "L1")
    assert found.digest != find(shipped()[0]).digest or name == shipped()[0]


def test_a_sites_own_map_is_a_file(tmp_path: Path) -> None:
    """By its path; the same content has the same digest, whatever its comments."""
    for name, text in (("own.yaml", PLAIN), ("same.yaml", f"# a remark\n{PLAIN}")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    own, same = find(str(tmp_path / "own.yaml")), find(str(tmp_path / "same.yaml"))
    assert (own.name, own.digest) == ("own", same.digest)


def test_an_unknown_map_is_refused_with_those_that_there_are() -> None:
    """A misspelt name is not a device."""
    with pytest.raises(InputError, match=r"map is 'vaisala'; .*vaisala_hmt330"):
        find("vaisala")


def test_the_map_of_the_page_is_a_map() -> None:
    """What somebody copies to begin with is read without a complaint."""
    page = (Path(__file__).parents[2] / "docs" / "drivers" / "modbus_map.md").read_text(encoding="utf-8")
    text = page.partition("## Your own map\n\n```yaml\n")[2].partition("```")[0]
    found = loaded(text)
    assert [one.name for one in found.channels] == ["chamber", "return air", "door"]
    assert found.span(found.channels[1].place) == Span(3, 100, 4)
