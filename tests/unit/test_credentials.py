"""Files with certificates and tokens: what is refused, in which words, and when they are read again."""

from __future__ import annotations

import logging
import ssl
import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from pixelmill.cli import main
from pixelmill.errors import InvalidPipeline
from pixelmill.fleet.authority import Authority, make_certificates, pair_in
from pixelmill.fleet.client import FleetExecutor
from pixelmill.fleet.credentials import ClientTls, ServerTls, server_tls
from pixelmill.fleet.exposure import exposure, is_loopback, protection
from pixelmill.fleet.kept import Kept
from pixelmill.fleet.tokens import Tokens, admitted, client_token
from pixelmill.settings import ClientSettings, OrchestratorSettings, ServerSettings, WorkerSettings

SECRET = "secret-0123456789abcdef"


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certs")
    make_certificates(folder, ["pictures.example", "192.0.2.7", "2001:db8::7"], ["worker", "filter-1"])
    return folder


def test_certificates_stand_the_strictest_check(certs: Path) -> None:
    """OpenSSL's own tool says so, and for which hosts."""

    def verify(name: str, *more: str) -> bool:
        command = ["openssl", "verify", "-x509_strict", "-CAfile", str(certs / "ca.pem"), *more, str(certs / f"{name}.pem")]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    for name in ("orchestrator", "worker", "filter-1", "client"):
        assert verify(name, "-purpose", "sslclient")
        assert verify(name, "-purpose", "sslserver") is (name != "client")
    for host in ("pictures.example", "localhost", "orchestrator.pixelmill"):
        assert verify("orchestrator", "-verify_hostname", host)
    for address in ("192.0.2.7", "2001:db8::7", "127.0.0.1", "::1"):
        assert verify("orchestrator", "-verify_ip", address)
    assert verify("filter-1", "-verify_hostname", "worker.pixelmill")
    assert not verify("worker", "-verify_hostname", "pictures.example")
    assert not verify("client", "-verify_hostname", "localhost")


def test_keys_are_for_their_owner_alone(certs: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in certs.glob("*.key")} == {0o600}


def test_the_command_that_makes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "certs"
    assert main(["certs", str(folder), "--host", "a.example", "--client", "ann", "--days", "7"]) == 0
    assert "a new CA" in capsys.readouterr().out
    ca, before = (folder / "ca.pem").read_bytes(), (folder / "worker.pem").read_bytes()
    assert main(["certs", str(folder), "--client", "ann"]) == 0
    assert "the CA that was there" in capsys.readouterr().out
    assert (folder / "ca.pem").read_bytes() == ca
    assert (folder / "worker.pem").read_bytes() != before
    names = {f"{name}.{ending}" for name in ("ca", "orchestrator", "worker", "ann") for ending in ("pem", "key")}
    assert {path.name for path in folder.iterdir()} == names
    for arguments in (["--client", "a/b"], ["--worker", "ca"], ["--host", "a..b"]):
        assert main(["certs", str(folder), *arguments]) == 2
        assert capsys.readouterr().err.startswith("pixelmill: expected ")
    (folder / "ca.key").unlink()
    assert main(["certs", str(folder)]) == 2
    assert f"expected a CA in {folder / 'ca.pem'} and {folder / 'ca.key'}" in capsys.readouterr().err


def test_what_is_no_certificate_or_no_key_is_refused(certs: Path, tmp_path: Path) -> None:
    cert, key = map(str, pair_in(certs, "worker"))
    other, rubbish, missing = str(certs / "client.key"), str(tmp_path / "rubbish"), str(tmp_path / "missing")
    Path(rubbish).write_text("no PEM")
    cases = [
        ((cert, other), f"expected the key of the certificate {cert}, got another in {other}"),
        ((rubbish, key), f"expected a certificate and its key without a password, in PEM, got {rubbish} and {key}"),
        ((cert, missing), f"expected to read {missing}, got: No such file or directory"),
        ((cert, key, rubbish), f"expected the certificates of a CA, in PEM, got {rubbish}"),
    ]
    for arguments, said in cases:
        with pytest.raises(InvalidPipeline) as refused:
            ServerTls(*arguments)
        assert str(refused.value) == said
    with pytest.raises(InvalidPipeline, match="expected the certificates of a CA"):
        ClientTls(rubbish)
    with pytest.raises(InvalidPipeline, match=r"expected the path of a file for tls_key \(PIXELMILL_TLS_KEY\), got none"):
        ClientTls(cert=cert)
    with pytest.raises(InvalidPipeline, match="got none"):
        server_tls(ServerSettings(tls_client_ca=cert))
    ClientTls()
    assert server_tls(ServerSettings()) is None


def test_an_encrypted_key_is_refused_and_nobody_asked(certs: Path, tmp_path: Path) -> None:
    cert, key = pair_in(certs, "worker")
    locked = tmp_path / "locked.key"
    command = ["openssl", "pkey", "-in", str(key), "-aes128", "-passout", "pass:something", "-out", str(locked)]
    subprocess.run(command, check=True)
    with pytest.raises(InvalidPipeline, match="without a password"):
        ServerTls(str(cert), str(locked))


def test_files_are_read_again_when_they_change(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def make(first: bytes, second: bytes) -> tuple[bytes, bytes]:
        if first != second:
            raise InvalidPipeline("expected two of a kind")
        return first, second

    one, two = tmp_path / "1", tmp_path / "2"
    one.write_text("a")
    two.write_text("a")
    kept = Kept([str(one), str(two)], make)
    first = kept.current()
    assert kept.current() is first
    with caplog.at_level(logging.INFO):
        one.write_text("bb")
        assert kept.current() is kept.current() is first
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        two.unlink()
        assert kept.current() is first
        two.write_text("bb")
        assert kept.current() == (b"bb", b"bb")
        assert kept.current() is kept.current()
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING", "INFO"]
    with pytest.raises(InvalidPipeline, match="two of a kind"):
        Kept([str(one), __file__], make)


def test_secrets_are_in_no_repr_and_no_error(tmp_path: Path) -> None:
    settings = OrchestratorSettings(tokens=SecretStr(SECRET))
    client = ClientSettings(token=SecretStr(SECRET))
    for text in (repr(settings), str(settings), settings.model_dump_json(), repr(client), client.model_dump_json()):
        assert SECRET not in text
    assert SECRET not in repr(vars(Tokens(SECRET)))
    file = tmp_path / "tokens"
    file.write_text(f"{SECRET} and more")
    for call in (
        lambda: Tokens("", str(file)),
        lambda: Tokens(f"{SECRET} and more"),
        lambda: client_token(ClientSettings(token_file=str(file))),
        lambda: FleetExecutor("localhost:1", token=f"{SECRET} and more"),
        lambda: FleetExecutor.from_url(f"grpc://{SECRET}@localhost:1"),
        lambda: FleetExecutor.from_url(f"grpcs://me:{SECRET}@localhost:1"),
    ):
        with pytest.raises(InvalidPipeline) as refused:
            call()
        assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "token", ["", "short", "with space 0123456789", "Umlaut-ü-0123456789", "new\nline-0123456789", "x" * 1025]
)
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(InvalidPipeline, match="expected a token of at least 16 characters"):
        FleetExecutor("localhost:1", token=token)


def test_tokens() -> None:
    tokens = Tokens(f" {SECRET} ,, {SECRET}2,")
    assert tokens.admit(f"Bearer {SECRET}")
    assert tokens.admit(f"bearer {SECRET}2")
    assert not any(
        tokens.admit(text) for text in ("", "Bearer", "Bearer ", SECRET, f"Bearer {SECRET}3", f"Bearer x{SECRET}")
    )
    assert admitted(OrchestratorSettings()) is None


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *[("127.0.0.1", True), ("127.8.8.8", True), ("[::1]", True), ("localhost", True)],
        *[("[::]", False), ("0.0.0.0", False), ("192.168.1.1", False), ("filter-1", False)],
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
    assert bool(exposure(WorkerSettings(host=host), 5)) is not loopback


def test_what_a_server_says_of_its_protection() -> None:
    tls = {"tls_cert": "c", "tls_key": "k"}
    said = exposure(WorkerSettings(), 50053)
    assert said.startswith(
        "[::]:50053 is open to everyone who can reach it, not encrypted. Set PIXELMILL_TLS_CLIENT_CA with"
    )
    said = exposure(OrchestratorSettings(**tls), 1)  # type: ignore[arg-type]
    assert said.startswith("[::]:1 is open to everyone who can reach it, encrypted. Set PIXELMILL_TOKENS_FILE, or")
    said = exposure(OrchestratorSettings(tokens_file="t"), 1)
    assert said.startswith("tokens travel unencrypted to [::]:1")
    for closed in (
        OrchestratorSettings(**tls, tokens_file="t"),  # type: ignore[arg-type]
        WorkerSettings(**tls, tls_client_ca="a"),  # type: ignore[arg-type]
    ):
        assert exposure(closed, 1) == ""
        assert protection(closed).startswith("encrypted, for clients with a ")


def test_a_new_ca_needs_a_folder_that_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        Authority(tmp_path / "file" / "below")


def test_python_trusts_the_ca_too(certs: Path) -> None:
    context = ClientTls(str(certs / "ca.pem"), *map(str, pair_in(certs, "client"))).context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
