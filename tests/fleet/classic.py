"""A client that knows the messages and fields of the contract and nothing else.

Its descriptors are built from the contract's tables alone, in a pool of their own, so that none of the project's code
and none of the fields that were added since has a part in it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "image_processing"

SERVICES, MESSAGES = Path(__file__).with_name("contract.md").read_text(encoding="utf-8").split("\n\n")
"""The contract's two tables, word for word."""

_TYPES = {
    "string": descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    "bytes": descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
    "int32": descriptor_pb2.FieldDescriptorProto.TYPE_INT32,
    "int64": descriptor_pb2.FieldDescriptorProto.TYPE_INT64,
    "bool": descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
    "float": descriptor_pb2.FieldDescriptorProto.TYPE_FLOAT,
}
_FIELD = re.compile(r"(\d+) (\w+) (repeated )?(\w+)")
_VALUE = re.compile(r"(\w+) (\d+)")


def _rows(table: str) -> list[list[str]]:
    lines = table.strip().splitlines()[2:]
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="classic.proto", package=PACKAGE, syntax="proto3")
    rows = _rows(MESSAGES)
    enums = {name.removesuffix(" (enum)") for name, _ in rows if name.endswith(" (enum)")}
    for name, text in rows:
        items = text.split(" · ")
        if name.endswith(" (enum)"):
            enum = file.enum_type.add(name=name.removesuffix(" (enum)"))
            for value, number in (_VALUE.match(item).groups() for item in items):  # type: ignore[union-attr]
                enum.value.add(name=value, number=int(number))
        else:
            message = file.message_type.add(name=name)
            for item in items:
                _add_field(message, item, enums)
    service = file.service.add()
    for owner, method, types in _rows(SERVICES):
        if owner:
            service = file.service.add(name=owner) if service.name else service
            service.name = owner
        request, response = types.split(" → ")
        service.method.add(name=method, input_type=f".{PACKAGE}.{request}", output_type=f".{PACKAGE}.{response}")
    return file


def _add_field(message: descriptor_pb2.DescriptorProto, text: str, enums: set[str]) -> None:
    match = _FIELD.match(text)
    assert match, text
    number, name, repeated, kind = match.groups()
    labels = descriptor_pb2.FieldDescriptorProto
    field = message.field.add(
        name=name, number=int(number), label=labels.LABEL_REPEATED if repeated else labels.LABEL_OPTIONAL
    )
    if kind in _TYPES:
        field.type = _TYPES[kind]
    else:
        field.type = labels.TYPE_ENUM if kind in enums else labels.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{kind}"


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_file())
FILE = _pool.FindFileByName("classic.proto")
_classes = message_factory.GetMessageClassesForFiles(["classic.proto"], _pool)


def message(type_name: str, **fields: Any) -> Any:
    """Make a message of the contract."""
    return _classes[f"{PACKAGE}.{type_name}"](**fields)


def value(enum: str, name: str) -> int:
    """Return the number of an enum's value."""
    return int(FILE.enum_types_by_name[enum].values_by_name[name].number)


def call(channel: grpc.Channel, service: str, method: str, timeout_s: float = 60.0, **fields: Any) -> Any:
    """Call an RPC of the contract with a request of these fields, and return its response."""
    descriptor = FILE.services_by_name[service].methods_by_name[method]
    response = _classes[descriptor.output_type.full_name]
    rpc: grpc.UnaryUnaryMultiCallable[Any, Any] = channel.unary_unary(
        f"/{PACKAGE}.{service}/{method}",
        request_serializer=lambda request: request.SerializeToString(),
        response_deserializer=response.FromString,
    )
    return rpc(message(descriptor.input_type.name, **fields), timeout=timeout_s, wait_for_ready=True)
