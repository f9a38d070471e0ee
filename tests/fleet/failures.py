"""What a failed call says, read as any gRPC client would read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2


@dataclass
class Failure:
    """The status of a call that failed, and its google.rpc details."""

    code: grpc.StatusCode = grpc.StatusCode.OK
    message: str = ""
    info: error_details_pb2.ErrorInfo = field(default_factory=error_details_pb2.ErrorInfo)
    violations: list[error_details_pb2.BadRequest.FieldViolation] = field(default_factory=list)
    retry: error_details_pb2.RetryInfo | None = None

    def read(self, error: grpc.RpcError) -> None:
        """Take over what a call's error says."""
        self.code, self.message = error.code(), error.details() or ""
        trailing: Iterable[tuple[str, bytes]] = error.trailing_metadata() or ()  # type: ignore[assignment]
        for key, value in trailing:
            if key == "grpc-status-details-bin":
                status = status_pb2.Status.FromString(value)
                assert (status.code, status.message) == (self.code.value[0], self.message)
                self._read_details(status)

    def _read_details(self, status: status_pb2.Status) -> None:
        request, retry = error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        for detail in status.details:
            if detail.Unpack(request):
                self.violations = list(request.field_violations)
            elif detail.Unpack(retry):
                self.retry = retry
            else:
                assert detail.Unpack(self.info)


@contextmanager
def fails() -> Iterator[Failure]:
    """Expect a call to fail, and tell how it did."""
    failure = Failure()
    with pytest.raises(grpc.RpcError) as caught:
        yield failure
    failure.read(caught.value)
