"""A store that is a server of its own: S3 over HTTP, which checks who asks and what they may do."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import moto.settings
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

REGION = "eu-central-1"
READ = ["s3:GetObject", "s3:HeadObject", "s3:ListBucket"]


class _Quiet(MotoRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Log nothing."""


class S3:
    """A server on a port of its own; one at a time.

    Attributes:
        seen: method and path, decoded, of each request, in their order.
    """

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self._application = DomainDispatcherApplication(create_backend_app)
        self._server, self._thread = self._listen(0)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._reader = self._make_user("reader", READ)
        self._client = self._connect("s3", self._make_user("writer", ["s3:*"]))
        moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = 0

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which a process reads from it, as a user who may; what fails is not tried again."""
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self._reader["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": self._reader["SecretAccessKey"],
            "AWS_MAX_ATTEMPTS": "1",
        }

    def make_bucket(self, bucket: str) -> None:
        """Make a bucket."""
        self._client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})

    def put(self, bucket: str, key: str, data: bytes) -> None:
        """Write an object."""
        self._client.put_object(Bucket=bucket, Key=key, Body=data)

    @contextmanager
    def gone(self) -> Iterator[None]:
        """Have nothing listen there for a while."""
        self._stop()
        try:
            yield
        finally:
            self._server, self._thread = self._listen(self._server.server_port)

    def close(self) -> None:
        """Stop, and forget everything."""
        self._client.close()
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")).close()
        self._stop()
        moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")

    def _listen(self, port: int) -> tuple[BaseWSGIServer, threading.Thread]:
        server = make_server("127.0.0.1", port, self._answer, threaded=True, request_handler=_Quiet)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        return server, thread

    def _stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"].encode("latin-1").decode()))
        answer: Iterable[bytes] = self._application(environ, start)
        return answer

    def _connect(self, service: str, key: dict[str, str]) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

    def _make_user(self, name: str, actions: list[str]) -> dict[str, str]:
        """Make a user who may do these things, and return a key."""
        users = self._connect("iam", {"AccessKeyId": "anyone", "SecretAccessKey": "while nobody is checked"})
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        users.create_user(UserName=name)
        users.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=json.dumps(policy))
        key: dict[str, str] = users.create_access_key(UserName=name)["AccessKey"]
        users.close()
        return key


@contextmanager
def s3_server() -> Iterator[S3]:
    """Run a server."""
    server = S3()
    try:
        yield server
    finally:
        server.close()
