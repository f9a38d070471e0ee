"""What one client can ask of a server at most: size of messages and metadata, calls at a time, age of a connection."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import grpc
import pytest

import image_processing_pb2 as pb
import pixelmill
from pixelmill.fleet.client import FleetExecutor
from pixelmill.fleet.options import MAX_METADATA_BYTES, MAX_STREAMS
from tests.fleet.processes import PATIENCE_S, Fleet, fleet
from tests.fleet.requests import INSTANT, PICTURE, SAMPLE, request

SETTINGS, PING, GOAWAY, ACK = 4, 6, 7, 1
MAX_CONCURRENT_STREAMS = 3


def frame(kind: int, flags: int = 0, content: bytes = b"") -> bytes:
    return len(content).to_bytes(3) + bytes([kind, flags, 0, 0, 0, 0]) + content


def frames(address: str) -> Generator[tuple[int, bytes]]:
    """Connect by HTTP/2 and yield the type and content of each frame that the server sends, until it hangs up (RFC 9113)."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), PATIENCE_S) as connection, connection.makefile("rb") as incoming:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS))
        while len(head := incoming.read(9)) == 9:
            length, kind, flags = int.from_bytes(head[:3]), head[3], head[4]
            content = incoming.read(length)
            if kind == PING and not flags & ACK:
                connection.sendall(frame(PING, ACK, content))
            yield kind, content


def test_calls_at_a_time_over_a_connection(shared: Fleet) -> None:
    for server in (shared.orchestrator, shared.workers["filter"][0]):
        with closing(frames(server.address)) as received:
            content = next(content for kind, content in received if kind == SETTINGS)
        assert dict(struct.iter_unpack(">HI", content))[MAX_CONCURRENT_STREAMS] == MAX_STREAMS


def test_metadata_is_bounded(shared: Fleet) -> None:
    def send(size: int) -> None:
        metadata = (("note", "x" * size),)
        shared.stub.DescribeFleet(pb.DescribeFleetRequest(), timeout=PATIENCE_S, metadata=metadata)

    send(MAX_METADATA_BYTES // 2)
    with pytest.raises(grpc.RpcError) as refused:
        send(MAX_METADATA_BYTES)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_messages_are_bounded_and_our_client_says_by_how_much() -> None:
    """A little too much is refused by our own check, far too much by gRPC, which reads no more of it."""
    with fleet({"worker": 1}, PIXELMILL_MAX_INPUT_BYTES="100000") as small:
        with small.client() as client:
            for size, said in ((150_000, "for image_data, got 150000"), (5_000_000, "for the message, got 50000")):
                with pytest.raises(pixelmill.ImageTooLarge, match=rf"expected at most \d+ bytes {said}"):
                    client.run(bytes(size), INSTANT)
            assert client.run(PICTURE, INSTANT).data
        assert small.orchestrator.process.poll() is None


def test_connections_that_are_made_anew_all_the_time_cost_no_request() -> None:
    """Streams are not cut off either: they end on the connection that they began on."""
    enough = threading.Event()
    age = {"PIXELMILL_CONNECTION_AGE_S": "0.3"}
    with fleet({"worker": 2}, worker_environment=age, orchestrator_environment=age) as restless, restless.client() as client:

        def send_on(client: FleetExecutor) -> int:
            sent = 0
            while not enough.is_set():
                client.run(PICTURE, SAMPLE)
                sent += 1
            return sent

        def forever() -> Iterator[pb.RunPipelineRequest]:
            while not enough.is_set():
                yield request(INSTANT)

        with ThreadPoolExecutor() as clients:
            senders = [clients.submit(send_on, client) for _ in range(2)]
            stream = clients.submit(lambda: len(list(restless.stub.RunPipelineStream(forever(), timeout=PATIENCE_S))))
            try:
                for server in (restless.orchestrator, *restless.workers["worker"]):
                    with closing(frames(server.address)) as received:
                        assert any(kind == GOAWAY for kind, _ in received)
            finally:
                enough.set()
            assert all(sender.result() > 0 for sender in (*senders, stream))
