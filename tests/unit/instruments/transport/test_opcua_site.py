"""What a site says of an OPC UA server: files that are wrong are named, and nothing is spoken in the clear unasked."""

import builtins
import json
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant
from instruments.drivers.rotea.driver import build
from instruments.transport import Link
from instruments.transport.opcua import OpcUaStream
from instruments.transport.opcua_site import Access, read_access, read_mapping
from instruments.transport.ports import open_stream, read_port

pytestmark = pytest.mark.requirement("C07")

URL = "opc.tcp://127.0.0.1:4840/rotea"


@pytest.mark.parametrize("text", ["opcua:", "opcua:http://x:1", "opcua:opc.tcp://host/x", "opcua:opc.tcp://h:99999/x"])
def test_a_port_that_is_no_endpoint_is_refused_with_an_example(text: str) -> None:
    """Host and port are needed."""
    with pytest.raises(InputError, match=f"opcua:{URL}"):
        read_port(text)


def test_a_live_site_may_name_an_opcua_port() -> None:
    """It is a real transport."""
    assert not read_port(f"opcua:{URL}").simulated_only
    assert open_stream(f"opcua:{URL}").settings == f"opcua {URL} anonymous"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"node": {}}, "unknown field"),
        ({"nodes": {"A": 1}}, "str"),
        ({"words": {"A": {"x": "B"}}}, "int"),
        ("{", "truncated"),
    ],
)
def test_a_wrong_mapping_file_is_named_with_its_field(tmp_path: Path, said: object, why: str) -> None:
    """Before anything is opened."""
    path = tmp_path / "nodes.json"
    path.write_text(said if isinstance(said, str) else json.dumps(said), encoding="utf-8")
    with pytest.raises(InputError, match=why) as refusal:
        read_mapping(path)
    assert refusal.value.where == str(path)


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    """Not a traceback."""
    with pytest.raises(InputError, match="can't be read"):
        read_mapping(tmp_path / "none.json")


def test_an_access_file_that_others_can_read_is_refused_and_no_password_is_told(tmp_path: Path) -> None:
    """Only its owner; the message names the file, never what stands in it."""
    path = tmp_path / "access.json"
    path.write_text(json.dumps({"user": "operator", "password": "secret-word"}), encoding="utf-8")
    path.chmod(0o644)
    with pytest.raises(InputError, match="chmod 600") as refusal:
        read_access(path)
    assert "secret-word" not in str(refusal.value)
    path.chmod(0o600)
    assert read_access(path).user == "operator"


@pytest.mark.parametrize(
    ("access", "allowed"),
    [
        (Access(), False),
        (Access(user="a", password="b"), False),
        (Access(security="Basic256Sha256,SignAndEncrypt,c.der,k.pem"), True),
        (Access(unencrypted=True), True),
    ],
)
def test_another_host_is_spoken_to_encrypted_unless_the_site_says_otherwise(access: Access, *, allowed: bool) -> None:
    """On this machine nobody listens on the wire."""
    access.check(URL)
    if allowed:
        access.check("opc.tcp://10.0.0.5:4840")
    else:
        with pytest.raises(InputError, match="another host"):
            access.check("opc.tcp://10.0.0.5:4840")


def test_nothing_may_be_written_by_nobody() -> None:
    """A user, a certificate, or the site's word."""
    assert [Access().may_write, Access(user="a").may_write, Access(anonymous_writes=True).may_write] == [
        False,
        True,
        True,
    ]


def test_without_asyncua_it_is_said_what_to_install(mocker: MockerFixture) -> None:
    """One clear sentence instead of a missing module."""
    real = builtins.__import__

    def without(name: str, *rest: object, **more: object) -> object:
        if name.partition(".")[0] == "asyncua":
            raise ModuleNotFoundError(name)
        return real(name, *rest, **more)  # type: ignore[arg-type]  # whatever the interpreter gives

    mocker.patch("builtins.__import__", without)

    async def main(_clock: SimulatedClock) -> None:
        await OpcUaStream(URL).open()

    with pytest.raises(InputError, match=r"cellwright\[opcua\]"):
        run_simulated(main, start=Instant(0.0))


def test_the_driver_takes_mapping_and_access_from_the_sites_files(tmp_path: Path) -> None:
    """Without a mapping the user guide's own BrowseNames."""
    mapping, access = tmp_path / "nodes.json", tmp_path / "access.json"
    mapping.write_text('{"nodes": {"KitID": "ns=2;s=Kit"}}', encoding="utf-8")
    access.write_text('{"user": "operator", "password": "x"}', encoding="utf-8")
    access.chmod(0o600)
    usual, own = OpcUaStream(URL), OpcUaStream(URL)
    build(Link(usual, name="w"), {}, control=True)
    build(Link(own, name="w"), {"nodes": str(mapping), "access": str(access)}, control=True)
    assert usual.mapped.nodes["ParameterValid20"] == "ParameterValid20"
    assert own.mapped.nodes == {"KitID": "ns=2;s=Kit"}
    assert own.settings == f"opcua {URL} as operator"
