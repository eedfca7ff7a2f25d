"""Puts the seal of a site on a PDF file: PAdES baseline B-B, in a field that nothing on the pages shows.

A visible stamp would bring a font that is not embedded, which PDF/A forbids; the file stays PDF/A-3b. The seal forbids
every later change (DocMDP 1). Needs pyHanko (``cellwright[sign]``).
Source: ETSI EN 319 142-1 (PAdES), ISO 32000-2 12.8, ISO 19005-3 6.4.3.
"""

import asyncio
import io
from dataclasses import dataclass

from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.x509 import Certificate
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes, SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from automation.kernel.clock import local
from automation.kernel.quantity import Instant
from automation.surfaces.seals.keys import SealKey

FIELD = "Seal"


class _Behind(IncrementalPdfFileWriter):
    """Writes what comes behind a file, and leaves its metadata alone.

    The library would write the machine's time into them and rewrite what they say of PDF/A.
    """

    def _update_meta(self) -> None:
        """Change nothing."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What a seal says of itself."""

    at: Instant
    zone: str
    reason: str
    site: str


def sealed(pdf: bytes, key: SealKey, stated: Stated) -> bytes:
    """Give the file with the seal behind it; its pages stay byte for byte what they were."""
    return asyncio.run(_sealed(pdf, key, stated))


async def _sealed(pdf: bytes, key: SealKey, stated: Stated) -> bytes:
    above = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # the library gives none
    above.register_multiple([Certificate.load(one) for one in key.chain])
    signer = SimpleSigner(
        signing_cert=Certificate.load(key.certificate),
        signing_key=PrivateKeyInfo.load(key.key),
        cert_registry=above,
        embed_roots=False,
    )
    said = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        reason=stated.reason,
        location=stated.site,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    session = PdfSigner(said, signer=signer).init_signing_session(_Behind(io.BytesIO(pdf)))
    session.system_time = local(stated.at, zone=stated.zone).replace(microsecond=0)
    size = await session.estimate_signature_container_size(None)
    made = session.prepare_tbs_document(validation_info=None, bytes_reserved=size)
    output = io.BytesIO()
    digest, _ = made.digest_tbs_document(output=output)
    await made.perform_signature(digest.document_digest, PdfCMSSignedAttributes(signing_time=session.system_time))
    return output.getvalue()
