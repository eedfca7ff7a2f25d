"""Numbers, states and transitions of LADS against those of the specification's nodeset, kept in vectors/lads.yaml."""

from typing import Any

import pytest

from automation.kernel.errors import WireError
from instruments.drivers.lads import wire
from tests.fuzz.vectors import vectors

pytestmark = pytest.mark.requirement("F103.1", "C07")

GOLDEN: dict[str, Any] = dict(vectors("lads"))  # groups of different shapes


def test_types_and_states_have_the_numbers_of_the_nodeset() -> None:
    """Each of ours, none of our own making; data types of a program's arguments too."""
    theirs = GOLDEN["types"]
    assert theirs == {**wire.TYPES, "KeyValueType": wire.KEY_VALUES, "SampleInfoType": wire.SAMPLES}
    assert GOLDEN["states"] == wire.STATES
    assert (GOLDEN["namespace"], GOLDEN["device_set"]) == (wire.NAMESPACE, wire.DEVICE_SET)


def test_every_state_is_known_by_its_word() -> None:
    """Also where a server tells the state within running in one text."""
    assert {*wire.Unit, *wire.Running} == {*GOLDEN["states"]} - {"Initialization", "Operate", "Sleep", "Shutdown"}
    assert (wire.unit_state("Running.Held"), wire.running_state("Running.Held")) == ("Running", "Held")


def test_the_health_of_a_device_has_the_words_of_the_nodeset() -> None:
    """By number from 0; a program is given and taken by the two optional methods."""
    assert GOLDEN["health"] == [*wire.HEALTHS]
    assert {wire.UPLOAD, wire.DOWNLOAD} < {*GOLDEN["members"]["ProgramManagerType"]}


@pytest.mark.parametrize(("since", "command", "to"), [tuple(one) for one in GOLDEN["transitions"]], ids=str)
def test_a_command_leads_where_the_specification_says(since: str, command: str, to: str) -> None:
    """And from that state; starting is told at once as a state within running."""
    allowed, goal = wire.COMMANDS[command]
    assert since in allowed
    assert goal == to or (to == "Running" and goal == "Starting")


@pytest.mark.requirement("F103.1", refuses=True)
def test_no_command_leads_from_a_state_from_which_it_does_not() -> None:
    """Other than the specification's transitions there are none; running stands for all states within it."""
    known = {(since, command) for since, command, _ in GOLDEN["transitions"]}
    known |= {(since, "StartProgram") for since, command in known if command == "Start"}
    ours = {(since, command) for command, (allowed, _) in wire.COMMANDS.items() for since in allowed}
    within = {(str(since), command) for since in wire.Running for command in ("Stop", "Abort")}
    assert {(str(since), command) for since, command in ours} == known | within


@pytest.mark.parametrize("word", ["running", "", "Dancing", "Stopped "])
def test_a_word_that_is_no_state_is_refused(word: str) -> None:
    """By name, with those that are."""
    with pytest.raises(WireError, match="LADS has Stopped"):
        wire.unit_state(word)
