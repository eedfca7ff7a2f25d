"""The line to a laboratory's system: bounded in time and size, never redirected, by trusted TLS away from here."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from automation.engine.limsfile import LimsPlan
from automation.exchange.lims.fhir import answers
from automation.exchange.lims.line import Line
from automation.kernel.errors import CellwrightError, FailedError, InputError, UnknownError
from automation.kernel.quantity import Seconds

OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
PATIENCE: Final = Seconds(0.3)
BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2049, 1, 1, tzinfo=UTC)


@contextmanager
def server(answer: Callable[[socket.socket], None], *, tls: Path | None = None) -> Iterator[int]:
    """Answer one caller on loopback in a thread; ``tls`` is a file of key and certificate. Gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5.0)

        def serve() -> None:
            with suppress(OSError):
                plain, _ = listener.accept()
                plain.settimeout(5.0)
                with plain, wrapped(plain, tls) as line:
                    line.recv(65536)
                    answer(line)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5.0)


def wrapped(plain: socket.socket, tls: Path | None) -> socket.socket:
    """Give the line as it is, or under TLS."""
    if tls is None:
        return plain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls)
    return context.wrap_socket(plain, server_side=True)


def ask(port: int, *, scheme: str = "http", ca: str = "") -> bytes:
    """Ask once."""
    return Line(f"{scheme}://localhost:{port}/fhir", "the word", ca, PATIENCE).ask("GET", "/x", accept="a/b")


def dripping(line: socket.socket) -> None:
    """Send a head that never ends, byte by byte, each in good time."""
    line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    with suppress(OSError):
        for _ in range(200):
            line.sendall(b"x")
            threading.Event().wait(0.02)


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (
            b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere\r\nContent-Length: 0\r\n\r\n",
            FailedError,
            "answered 302",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", UnknownError, "no whole answer"),
        (b"", UnknownError, "no whole answer"),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", UnknownError, "states no length"),
        (b"SSH-2.0-x\r\n", UnknownError, "no whole answer"),
        (b"the word\r\n", UnknownError, "no whole answer: it is no HTTP"),
        (b"HTTP/1.1 401 Bearer the word\r\nContent-Length: 0\r\n\r\n", FailedError, "answered 401 Unauthorized"),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"the word"', FailedError, "repeats the secret"),
    ],
)
def test_what_is_no_whole_answer_of_this_system_is_told_apart(
    answer: bytes, error: type[CellwrightError], says: str
) -> None:
    """A no is known; what broke off may have taken effect; the secret stands in neither."""
    with server(lambda line: line.sendall(answer)) as port, pytest.raises(error, match=says) as told:
        ask(port)
    assert "the word" not in str(told.value)


def test_what_a_system_writes_beside_its_status_goes_no_further() -> None:
    """The record says the words of the standard."""
    said = b'{"resourceType": "Bundle", "entry": [{"response": {"status": "201 the word"}}]}'
    assert answers(said, sent=["a"], tests=["T-1"]) == {"T-1": "201 Created"}


def test_who_drips_is_hung_up_on() -> None:
    """Each byte comes in time, the whole answer does not."""
    with server(dripping) as port, pytest.raises(UnknownError, match="no whole answer"):
        ask(port)


def test_an_answer_without_end_is_left() -> None:
    """So many bytes are read and no more."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
    with server(lambda line: line.sendall(head + b" " * 5000)) as port, pytest.raises(FailedError, match="1000 bytes"):
        Line(f"http://localhost:{port}", "", "", PATIENCE, 1000).ask("GET", "/x", accept="a/b")


def test_nobody_there_is_known_to_have_done_nothing() -> None:
    """No connection, no effect."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(FailedError, match="can't be reached"):
        ask(port)


def test_a_certificate_that_nobody_vouches_for_is_refused_and_one_that_the_site_names_is_trusted(
    tmp_path: Path,
) -> None:
    """The site file names it under ``ca``."""
    both = certificate(tmp_path)
    with server(lambda line: line.sendall(OK), tls=both) as port, pytest.raises(FailedError, match="is not trusted"):
        ask(port, scheme="https")
    with server(lambda line: line.sendall(OK), tls=both) as port:
        assert ask(port, scheme="https", ca=str(tmp_path / "ca.pem")) == b"{}"
    with pytest.raises(InputError, match="certificates can't be read"):
        ask(1, scheme="https", ca=str(tmp_path / "none.pem"))


def certificate(folder: Path) -> Path:
    """Make a key and a certificate for this machine; ``ca.pem`` holds the certificate alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(17).not_valid_before(BEGIN).not_valid_after(END)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    public = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "ca.pem").write_bytes(public)
    (folder / "both.pem").write_bytes(private + public)
    return folder / "both.pem"


def test_a_certificate_of_another_host_is_not_trusted(tmp_path: Path) -> None:
    """It is good, and of ``localhost``; who was asked is ``127.0.0.1``."""
    both = certificate(tmp_path)
    ca = str(tmp_path / "ca.pem")
    with server(lambda line: line.sendall(OK), tls=both) as port, pytest.raises(FailedError, match="is not trusted"):
        Line(f"https://127.0.0.1:{port}/fhir", "the word", ca, PATIENCE).ask("GET", "/x", accept="a/b")


def test_a_secret_that_no_header_can_carry_is_refused_and_not_repeated(tmp_path: Path) -> None:
    """Before anything is connected."""
    (tmp_path / "token").write_text("geheim\u00e4\u2713", encoding="utf-8")
    (tmp_path / "token").chmod(0o600)
    with pytest.raises(InputError, match="what no header can carry") as told:
        LimsPlan(url="https://x", laboratory="lab-1", secret="file:token").token(tmp_path)
    assert "geheim" not in str(told.value)
