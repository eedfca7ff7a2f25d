"""Fakes on ports of this machine: loopback alone, on the plant's record, outliving the program."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from automation.kernel.clock import MICRO
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant
from fakes.keysight_34970a import FakeKeysight34970A
from fakes.offering import Offer, build, run
from fakes.plant import PlantLog
from fakes.serial_scanner import FakeSerialScanner
from fakes.serve import FastClock, Seat, rebuild, serve_tcp, serving

PROGRAM = """
import sys
from pathlib import Path
from fakes.offering import Offer, run
run(Offer(model="keysight_34970a", tcp=0, log=Path(sys.argv[1])), announce=lambda port: print(port, flush=True))
"""

pytestmark = pytest.mark.requirement("C07")


class Still:
    """A clock that stands at one moment (us)."""

    def __init__(self, at: int) -> None:
        """Stand at ``at``."""
        self.at = at

    def micros(self) -> int:
        """Give the moment."""
        return self.at


def ask(address: tuple[str, int], line: bytes) -> bytes:
    """Send one line and give the reply line."""
    with socket.create_connection(address, timeout=5) as wire:
        wire.sendall(line)
        return wire.makefile("rb").readline()


def test_a_fake_is_served_on_loopback_and_nowhere_else() -> None:
    """Nobody outside this machine can reach it."""
    with serve_tcp(FakeKeysight34970A(1)) as (host, port):
        assert host == "127.0.0.1"
        assert ask((host, port), b"*IDN?\n").startswith(b"Agilent Technologies,34970A")


def test_a_served_fake_can_be_asked_by_several_clients_one_after_the_other() -> None:
    """A client that leaves takes nothing with it."""
    with serve_tcp(FakeKeysight34970A(1)) as address:
        assert [ask(address, b"*OPC?\n") for _ in range(3)] == [b"1\n"] * 3


def test_stopping_frees_the_port() -> None:
    """The next one may take it at once."""
    with serve_tcp(FakeKeysight34970A(1)) as (_, port):
        pass
    with serve_tcp(FakeKeysight34970A(1), port=port) as (_, again):
        assert again == port


def test_a_pty_gets_a_name_that_stays(tmp_path: Path) -> None:
    """A site file can name the link; it goes with the server."""
    name = tmp_path / "scanner"
    with serving(Seat(FakeSerialScanner(), Still(0)), at=name) as (_, port):
        assert port == f"pty:{name}"
        assert str(name.resolve()).startswith("/dev/pts/")
    assert not name.is_symlink()


def test_what_reaches_the_fake_is_on_the_record_before_it_acts(tmp_path: Path) -> None:
    """Bytes and hands, with their time."""
    log = PlantLog(tmp_path / "plant.log")
    with serving(Seat(FakeKeysight34970A(1), Still(5 * MICRO), "probes", log), tcp=0) as (server, port):
        assert ask(("127.0.0.1", int(port.rpartition(":")[2])), b"*OPC?\n") == b"1\n"
        server.hand("pull", probe="sample")
    log.close()
    first, *rest = [json.loads(line) for line in (tmp_path / "plant.log").read_text(encoding="utf-8").splitlines()]
    assert first == {"at": 5 * MICRO, "link": "probes", "bytes": b"*OPC?\n".hex()}
    assert [entry["hand"]["action"] for entry in rest] == ["pull"]


def test_a_hand_that_is_not_understood_is_told_and_stops_nothing() -> None:
    """The server goes on serving."""
    told: list[str] = []
    with serving(Seat(FakeKeysight34970A(1), Still(0), tell=told.append), tcp=0) as (server, port):
        server.hand("kick")
        server.hand("pull")
        assert ask(("127.0.0.1", int(port.rpartition(":")[2])), b"*OPC?\n") == b"1\n"
    assert [text.partition(" ")[0] for text in told] == ["kick", "pull"]


def test_a_fake_is_rebuilt_from_its_log_and_says_nothing_twice(tmp_path: Path) -> None:
    """A pulled probe stays pulled; a scan that came out before does not come out again."""
    log = PlantLog(tmp_path / "plant.log")
    log.add(MICRO, "probes", b"", hand='{"action":"pull","probe":"sample"}')
    log.close()
    fake = FakeKeysight34970A(1)
    assert rebuild(fake, tmp_path / "plant.log", name="probes") == MICRO
    fake.feed(b"CONF:TEMP TC,T,(@101);:SENS:TEMP:TRAN:TC:CHECK ON,(@101)\n", Instant(2.0))
    assert fake.feed(b"READ?\n", Instant(2.0)) == b"+9.90000000E+37\n"
    said = PlantLog(tmp_path / "scans.log")
    said.add(MICRO, "scanner", b"", hand='{"action":"scan","text":"LOT-1"}')
    said.close()
    scanner = FakeSerialScanner()
    rebuild(scanner, tmp_path / "scans.log", name="scanner")
    assert scanner.unasked(Instant(2.0)) == b""


def test_a_hand_that_was_refused_is_refused_again_when_a_fake_is_rebuilt(tmp_path: Path) -> None:
    """One wrong word at the bench does not lock anybody out of the plant's log."""
    log = PlantLog(tmp_path / "plant.log")
    log.add(MICRO, "probes", b"", hand='{"action":"kick"}')
    log.add(2 * MICRO, "probes", b"", hand='{"action":"pull"}')
    log.close()
    assert rebuild(FakeKeysight34970A(1), tmp_path / "plant.log", name="probes") == 2 * MICRO


def test_time_can_run_faster_and_never_back_behind_the_log() -> None:
    """Ten times real time, from the last line of the log on."""
    real = Still(100)
    fast = FastClock(real, speed=10.0, not_before=500)
    real.at = 150
    assert fast.micros() == 500 + 10 * 50


def test_a_fake_in_a_process_of_its_own_outlives_its_clients_and_its_own_death(tmp_path: Path) -> None:
    """Its configuration comes back from the plant's record."""
    log = tmp_path / "plant.log"

    def start() -> tuple[subprocess.Popen[str], tuple[str, int]]:
        served = subprocess.Popen([sys.executable, "-c", PROGRAM, str(log)], stdout=subprocess.PIPE, text=True)
        assert served.stdout is not None
        found = re.fullmatch(r"tcp:(.*):(\d+)\n", served.stdout.readline())
        assert found is not None
        return served, (found[1], int(found[2]))

    first, address = start()
    assert ask(address, b"ROUT:SCAN (@102);:ROUT:SCAN?\n") == b"#16(@102)\n"
    first.kill()
    first.communicate()
    second, address = start()
    assert ask(address, b"ROUT:SCAN?\n") == b"#16(@102)\n"
    os.kill(second.pid, signal.SIGTERM)
    second.communicate()
    assert second.returncode == 0


def test_an_unknown_model_is_refused_with_those_that_are_known() -> None:
    """Entry points of the group ``cellwright.fakes``."""
    with pytest.raises(InputError, match="model is 'toaster'; known fakes: "):
        build("toaster", seed=1)


def test_time_can_not_stand_still() -> None:
    """A speed of zero would never answer when something is due."""
    with pytest.raises(InputError, match="a number above 0"):
        run(Offer(model="x", speed=0.0), announce=print)
