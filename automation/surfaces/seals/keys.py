"""The key that a site seals with: named by a live site, made for a simulated one; its secret is in no message.

Units:  moments in s (UTC).
Source: RFC 5280 4.2.1.3 (key usage), 4.1.2.5 (validity); RFC 7292 (PKCS#12); ETSI EN 319 142-1 (PAdES).
"""

import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from automation.engine.sealfile import SealPlan
from automation.engine.sitemodel import SiteFile
from automation.kernel import ids
from automation.kernel.clock import iso, local
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.files import write_whole
from automation.kernel.quantity import Instant

KEY, ANCHOR = "seal.key", "seal-anchor.pem"
_OTHERS = 0o077  # permissions of everybody but the owner
_YEARS = timedelta(days=3653)  # of a simulated site's certificate
_Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_CERTIFYING = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
_SIGNING = x509.KeyUsage(
    digital_signature=True,
    content_commitment=True,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True, slots=True)
class SealKey:
    """A private key with its certificate and those above it."""

    key: bytes = field(repr=False)  # PKCS#8, DER
    certificate: bytes  # DER
    chain: tuple[bytes, ...]  # DER, the issuer first

    @property
    def holder(self) -> str:
        """Give whose certificate it is."""
        return x509.load_der_x509_certificate(self.certificate).subject.rfc4514_string()


def key_of(folder: Path, file: SiteFile, *, now: Instant) -> SealKey:
    """Give the key of a site that may seal now; a simulated site without one of its own gets one.

    Raises InputError for a live site that names none, or one that can't be opened; RefusedError for a certificate that
    does not hold now or is not for signing.
    """
    if file.seal is not None:
        found = _named(folder, file.seal)
    elif file.simulated:
        found = _kept(folder, file.name, now=now)
    else:
        raise InputError("the site has no certificate to seal with: name its file under seal", where="site.yaml")
    check_holds(found, now=now, zone=file.zone)
    return found


def made(site: str, *, now: Instant) -> SealKey:
    """Make a key for a simulated site, with an authority over it that is forgotten at once."""
    return _pem(_bundle(site, now=now), None)


def check_holds(key: SealKey, *, now: Instant, zone: str) -> None:
    """Refuse a certificate that does not hold now, or that is for something else than signing."""
    said = x509.load_der_x509_certificate(key.certificate)
    begins, ends = (Instant(one.timestamp()) for one in (said.not_valid_before_utc, said.not_valid_after_utc))
    if not begins <= now <= ends:
        term = f"from {iso(begins, zone=zone)[:10]} to {iso(ends, zone=zone)[:10]}"
        raise RefusedError(f"the certificate of {key.holder} holds {term}, and it is {iso(now, zone=zone)[:10]}")
    try:
        usage = said.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise RefusedError(f"the certificate of {key.holder} is not for signing (its key usage says so)")


def _named(folder: Path, plan: SealPlan) -> SealKey:
    """Read PKCS#12 or PEM; raises InputError that names the file and the reference, never what the secret is."""
    path = folder / plan.file
    secret = _secret(plan.secret, folder)
    try:
        if secret is None:
            _check_own(path)
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"can't be read: {error.strerror}", where=str(path)) from None
    try:
        return _pem(data, secret) if b"-----BEGIN" in data else _pkcs12(data, secret)
    except (ValueError, TypeError):
        by = f"the secret that {plan.secret} names" if plan.secret else "no secret"
        raise InputError(f"this is no PKCS#12 or PEM that opens with {by}", where=str(path)) from None


def _check_own(path: Path) -> None:
    """Refuse a file that others can read: who has the key seals in the name of the site."""
    if path.stat().st_mode & _OTHERS:
        raise InputError("can be read by others; make it the owner's alone (chmod 600)", where=str(path))


def _secret(reference: str, folder: Path) -> bytes | None:
    """Give what a reference names; raises InputError where it names nothing."""
    kind, _, name = reference.partition(":")
    if not kind:
        return None
    if kind == "env":
        if name not in os.environ:
            raise InputError(f"the secret of the seal is {reference}, and there is no such variable", where="site.yaml")
        return os.environ[name].encode()
    try:
        _check_own(folder / name)
        return (folder / name).read_bytes().strip()
    except OSError as error:
        raise InputError(f"the secret of the seal can't be read: {error.strerror}", where=str(folder / name)) from None


def _pkcs12(data: bytes, secret: bytes | None) -> SealKey:
    found = pkcs12.load_pkcs12(data, secret)
    if found.cert is None or found.key is None:
        raise ValueError
    return _key(found.key, (found.cert.certificate, *(one.certificate for one in found.additional_certs)))


def _pem(data: bytes, secret: bytes | None) -> SealKey:
    return _key(load_pem_private_key(data, secret), tuple(x509.load_pem_x509_certificates(data)))


def _key(private: object, certificates: tuple[x509.Certificate, ...]) -> SealKey:
    """Put a key beside its certificate; raises ValueError for another kind of key, or another's certificate."""
    if not isinstance(private, _Private):
        raise TypeError
    own = [one for one in certificates if one.public_key() == private.public_key()]
    if not own:
        raise ValueError
    rest = tuple(one.public_bytes(Encoding.DER) for one in certificates if one is not own[0])
    return SealKey(_der(private), own[0].public_bytes(Encoding.DER), rest)


def _der(private: _Private) -> bytes:
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _kept(folder: Path, site: str, *, now: Instant) -> SealKey:
    """Give the key of a simulated site, made at first use (0600), and put its anchor beside it."""
    path = folder / KEY
    if not path.exists():
        write_whole(path, _bundle(site, now=now), mode=0o600)
    found = _pem(path.read_bytes(), None)
    anchor = x509.load_der_x509_certificate(found.chain[0]).public_bytes(Encoding.PEM)
    if not (folder / ANCHOR).exists():
        write_whole(folder / ANCHOR, anchor)
    return found


def _bundle(site: str, *, now: Instant) -> bytes:
    """Make an authority, which is forgotten at once, and a signer under it; gives key and certificates as PEM."""
    authority, signer = _fresh(), _fresh()
    above, name = _name(f"SIMULATED {site} seal authority"), _name(f"SIMULATED {site} seal")
    root = _certificate(above, authority, now=now).add_extension(x509.BasicConstraints(True, 0), critical=True)
    leaf = _certificate(name, signer, now=now).add_extension(x509.BasicConstraints(False, None), critical=True)
    signed = (
        leaf.issuer_name(above).add_extension(_SIGNING, critical=True).sign(authority, hashes.SHA256()),
        root.issuer_name(above).add_extension(_CERTIFYING, critical=True).sign(authority, hashes.SHA256()),
    )
    key = signer.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key + b"".join(one.public_bytes(Encoding.PEM) for one in signed)


def _fresh() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(ids.secret(), "big") >> 1, ec.SECP256R1())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(name: x509.Name, key: ec.EllipticCurvePrivateKey, *, now: Instant) -> x509.CertificateBuilder:
    begins = local(now, zone="UTC").replace(microsecond=0)
    made = x509.CertificateBuilder().subject_name(name).public_key(key.public_key())
    made = made.serial_number(int.from_bytes(ids.secret(16), "big") >> 1)
    made = made.not_valid_before(begins).not_valid_after(begins + _YEARS)
    return made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
