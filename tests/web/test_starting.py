"""What keeps an orchestrator from starting is said in one line, and nothing else is."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pixelmill.fleet.authority import pair_in
from tests.fleet.certificates import make
from tests.fleet.processes import PATIENCE_S, Process

CODE = "from pixelmill.orchestrator import main; main()"


def refusal(**variables: str) -> str:
    """Return what an orchestrator says on standard error that does not start, but for its log."""
    given = {"PIXELMILL_HTTP_PORT": "-1", "RESIZE_SERVICE_HOSTS": "127.0.0.1:1", **variables}
    process = Process("orchestrator", CODE, given)
    try:
        assert process.process.wait(PATIENCE_S) == 1
        return "".join(line for line in process.errors().splitlines(keepends=True) if " INFO " not in line)
    finally:
        process.close()


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with certificates, and a file that is none."""
    folder = make(tmp_path_factory.mktemp("certs"))
    (folder / "text.pem").write_text("no certificate\n")
    return folder


def test_a_port_that_is_taken() -> None:
    """gRPC's port is open by then, and has to be closed again."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refusal(PIXELMILL_HTTP_PORT=str(port))
    assert said.startswith(f"pixelmill: expected a free address for HTTP, got 127.0.0.1:{port}: Address already in use")
    assert said.endswith("; --http-port or PIXELMILL_HTTP_PORT names another, 0 turns HTTP off\n")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("cert", "key", "client_ca", "said"),
    [
        ("none.pem", "orchestrator.key", "", "expected to read FOLDER/none.pem, got: No such file or directory"),
        ("", "orchestrator.key", "", "expected the path of a file for tls_cert (PIXELMILL_TLS_CERT), got none"),
        ("text.pem", "orchestrator.key", "", "expected a certificate and its key without a password, in PEM, got"),
        ("orchestrator.pem", "worker.key", "", "expected the key of the certificate FOLDER/orchestrator.pem, got another"),
        ("orchestrator.pem", "orchestrator.key", ".", "expected to read FOLDER/., got: Is a directory"),
        (
            "orchestrator.pem",
            "orchestrator.key",
            "text.pem",
            "expected the certificates of a CA, in PEM, got FOLDER/text.pem",
        ),
    ],
)
def test_certificates(certs: Path, cert: str, key: str, client_ca: str, said: str) -> None:
    files = {"PIXELMILL_TLS_CERT": cert, "PIXELMILL_TLS_KEY": key, "PIXELMILL_TLS_CLIENT_CA": client_ca}
    told = refusal(**{name: f"{certs}/{file}" if file else "" for name, file in files.items()})
    assert told.startswith(f"pixelmill: {said.replace('FOLDER', str(certs))}")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PIXELMILL_CONFIG", "/nowhere.yaml", "expected a configuration file in YAML or TOML at /nowhere.yaml"),
        ("PIXELMILL_URL_KEYS", "short", "expected a key of at least 32 characters"),
        ("PIXELMILL_URL_KEYS_FILE", "/nowhere", "expected to read /nowhere, got: No such file or directory"),
        ("PIXELMILL_TOKENS_FILE", "/nowhere", "expected to read /nowhere, got: No such file or directory"),
        ("PIXELMILL_SOURCE_ROOTS", "a=/nowhere", "expected a folder for the source 'a', got '/nowhere'"),
        ("PIXELMILL_SOURCE_URLS", "file:///etc", "expected https://HOST/FOLDER/ or SCHEME://BUCKET/FOLDER/"),
    ],
)
def test_settings(variable: str, value: str, said: str) -> None:
    told = refusal(**{variable: value})
    assert told.startswith(f"pixelmill: {said}")
    assert told.count("\n") == 1


def test_the_command_s_exit_code(certs: Path) -> None:
    """Settings that cannot be used are bad usage, as with all commands."""
    arguments = ("--port", "0", "--http-port", "-1", "--worker", "127.0.0.1:1", "--tls-cert", "/nowhere")
    key = pair_in(certs, "orchestrator").key
    made = subprocess.run(
        [sys.executable, "-m", "pixelmill", "orchestrator", *arguments, "--tls-key", str(key)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (made.returncode, made.stdout) == (2, "")
    assert made.stderr == "pixelmill: expected to read /nowhere, got: No such file or directory\n"
