"""A private CA in a folder, and the certificates that it signs for a fleet: what `pixelmill certs` makes.

FOLDER/ca.pem, ca.key             who signs; ca.key is needed only to make more certificates, nowhere else
FOLDER/orchestrator.pem, .key     for the orchestrator
FOLDER/worker.pem, .key           for workers, all or, under other names, one by one
FOLDER/client.pem, .key           for clients that show a certificate
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pixelmill.errors import InvalidPipeline, expected

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

WORKER_NAME = "worker.pixelmill"
"""Stands in every worker's certificate, beside its own name: the name by which an orchestrator knows workers."""
ORCHESTRATOR_NAME = "orchestrator.pixelmill"
LOCAL = ("localhost", "127.0.0.1", "::1")
CA_DAYS = 3650
SKEW = timedelta(minutes=5)
"""How much later than here it may be elsewhere."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class Pair(NamedTuple):
    """The paths of a certificate and of its key."""

    cert: Path
    key: Path


def pair_in(folder: str | Path, name: str) -> Pair:
    """Return where the certificate `name` and its key are."""
    return Pair(Path(folder) / f"{name}.pem", Path(folder) / f"{name}.key")


class Authority:
    """The CA in a folder: the one that is there, or else a new one.

    Raises:
        InvalidPipeline: it cannot be read, or the package `cryptography` is not installed.
        OSError: it cannot be written.
    """

    def __init__(self, folder: str | Path) -> None:
        try:
            import cryptography  # noqa: F401
        except ModuleNotFoundError:
            missing = "expected the package cryptography, got none: pip install 'pixelmill[certs]'"
            raise InvalidPipeline(missing) from None
        self.folder = Path(folder)
        self.paths = pair_in(folder, "ca")
        self.is_new = not self.paths.cert.exists()
        self._cert, self._key = self._create() if self.is_new else self._read()

    def issue(
        self, name: str, hosts: Sequence[str], days: int, *, serves: bool = True, since: datetime | None = None
    ) -> Pair:
        """Sign a new certificate and write it with its new key, in place of those that were there.

        Args:
            name: of the files and of the certificate's owner.
            hosts: names and addresses of the owner.
            days: how long it is valid.
            serves: whether a server may show it; clients' purposes are always among those that it is for.
            since: when it begins to be valid; now where None.

        Raises:
            InvalidPipeline: a name or a host is none.
        """
        from cryptography import x509
        from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

        if not _NAME.fullmatch(name) or name == "ca":
            raise InvalidPipeline(expected("letters, digits and ._- only", "a certificate's name", name))
        key = _new_key()
        purposes = [*([Purpose.SERVER_AUTH] if serves else []), Purpose.CLIENT_AUTH]
        builder = (
            _begun(name, self._cert.subject, key, days, since)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(
                x509.SubjectAlternativeName([_host(host) for host in dict.fromkeys((name, *hosts))]), critical=False
            )
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        return self._write(name, builder, key)

    def _create(self) -> tuple[x509.Certificate, EllipticCurvePrivateKey]:
        from cryptography import x509

        self.folder.mkdir(parents=True, exist_ok=True)
        self._key = key = _new_key()
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Pixelmill CA")])
        builder = (
            _begun("Pixelmill CA", subject, key, CA_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
        )
        self._write("ca", builder, key)
        return self._read()

    def _read(self) -> tuple[x509.Certificate, EllipticCurvePrivateKey]:
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(self.paths.key.read_bytes(), None)
            cert = x509.load_pem_x509_certificate(self.paths.cert.read_bytes())
        except (OSError, ValueError, TypeError) as error:
            raise InvalidPipeline(f"expected a CA in {self.paths.cert} and {self.paths.key}, got: {error}") from None
        if not isinstance(key, EllipticCurvePrivateKey) or key.public_key() != cert.public_key():
            raise InvalidPipeline(f"expected the key of {self.paths.cert}, an EC one, in {self.paths.key}, got another")
        return cert, key

    def _write(self, name: str, builder: x509.CertificateBuilder, key: EllipticCurvePrivateKey) -> Pair:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        cert = builder.sign(self._key, hashes.SHA256())
        paths = pair_in(self.folder, name)
        _replace(paths.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
        _replace(paths.cert, cert.public_bytes(Encoding.PEM), 0o644)
        return paths


def make_certificates(
    folder: str | Path,
    hosts: Sequence[str] = (),
    workers: Sequence[str] = ("worker",),
    clients: Sequence[str] = ("client",),
    days: int = 365,
) -> tuple[Authority, list[Pair]]:
    """Make certificates for an orchestrator, workers and clients; those that are there are replaced, the CA is kept.

    Args:
        folder: where to write.
        hosts: names and addresses by which clients reach the orchestrator, beside those of this machine's loopback.
        workers: names of the workers' certificates.
        clients: names of the clients' certificates.
        days: how long they are valid.

    Raises:
        InvalidPipeline: as `Authority` and `Authority.issue`.
        OSError: something cannot be written.
    """
    authority = Authority(folder)
    made = [authority.issue("orchestrator", (ORCHESTRATOR_NAME, *LOCAL, *hosts), days)]
    made += [authority.issue(name, (WORKER_NAME, *LOCAL), days) for name in workers]
    made += [authority.issue(name, (), days, serves=False) for name in clients]
    return authority, made


def _new_key() -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _begun(
    name: str, issuer: x509.Name, key: EllipticCurvePrivateKey, days: int, since: datetime | None = None
) -> x509.CertificateBuilder:
    from cryptography import x509

    now = since or datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _host(host: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host.encode("idna").decode("ascii"))
    except (UnicodeError, ValueError):
        raise InvalidPipeline(expected("a host's name or address", "--host", host)) from None


def _replace(path: Path, content: bytes, mode: int) -> None:
    """Write a file in one step, never readable for more than `mode` says: servers read it while they run."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    part.replace(path)
