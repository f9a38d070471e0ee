"""The wire is the contract's: the project's own messages have every field of it, by number and type."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf.descriptor import FieldDescriptor

import image_processing_pb2 as pb
from tests.fleet import classic

CONTRACT = Path(__file__).resolve().parents[3] / "shared" / "CONTRACT.md"
NAMES = sorted(classic.FILE.message_types_by_name)


def shape(field: FieldDescriptor) -> tuple[int, str, int, bool, str]:
    """Return all that counts on the wire, and the name."""
    kind = field.message_type or field.enum_type
    return field.number, field.name, field.type, field.is_repeated, kind.full_name if kind else ""


@pytest.mark.skipif(not CONTRACT.exists(), reason="the contract is not here")
@pytest.mark.parametrize("table", [classic.SERVICES, classic.MESSAGES], ids=["services", "messages"])
def test_the_tables_are_the_contracts(table: str) -> None:
    assert table.strip() in CONTRACT.read_text(encoding="utf-8")


def test_the_tables_are_read_whole() -> None:
    fields = sum(len(message.fields) for message in classic.FILE.message_types_by_name.values())
    methods = sum(len(service.methods) for service in classic.FILE.services_by_name.values())
    assert (len(NAMES), fields, methods) == (19, 87, 9)


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_the_contract_is_there(name: str) -> None:
    ours = {shape(field) for field in pb.DESCRIPTOR.message_types_by_name[name].fields}
    assert {shape(field) for field in classic.FILE.message_types_by_name[name].fields} <= ours


@pytest.mark.parametrize("name", sorted(classic.FILE.enum_types_by_name))
def test_every_value_of_an_enum_is_there(name: str) -> None:
    def values(file: object) -> dict[str, int]:
        return {value.name: value.number for value in file.enum_types_by_name[name].values}  # type: ignore[attr-defined]

    assert values(classic.FILE) == values(pb.DESCRIPTOR)


@pytest.mark.parametrize("name", sorted(classic.FILE.services_by_name))
def test_every_rpc_of_the_contract_is_there(name: str) -> None:
    for method in classic.FILE.services_by_name[name].methods:
        ours = pb.DESCRIPTOR.services_by_name[name].methods_by_name[method.name]
        assert (ours.input_type.full_name, ours.output_type.full_name) == (
            method.input_type.full_name,
            method.output_type.full_name,
        )
        assert (ours.client_streaming, ours.server_streaming) == (False, False)
