"""Send blocks of columns between processes as Arrow's own stream, which is read as numbers and text alone."""

from typing import Any

import pyarrow as pa

from hbir.core.errors import ModelError


def packed(table: pa.Table) -> bytes:
    """Write a block.

    Args:
        table: its columns.

    Returns:
        An Arrow stream. Ray hands on bytes as they are; a table it would pickle.
    """
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def unpacked(block: Any, where: str) -> pa.Table:
    """Read a block, without a copy.

    Args:
        block: what `packed` wrote, or anything else.
        where: the param, for a message.

    Returns:
        Its columns, each of which is known to lie within the block.

    Raises:
        ModelError: when it is no Arrow stream.
    """
    if not isinstance(block, bytes):
        raise _unreadable(where, type(block).__name__)
    try:
        with pa.ipc.open_stream(block) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(where, " ".join(str(error).split())[:200].rstrip(".")) from error
    return table


def require_columns(table: pa.Table, schema: pa.Schema, rows: int, where: str) -> None:
    """Make sure that a block is the answer to what was asked.

    Args:
        table: the block.
        schema: names and types of its columns.
        rows: how many.
        where: the param, for a message.

    Raises:
        ModelError: when it has others.
    """
    if not table.schema.equals(schema, check_metadata=False) or len(table) != rows:
        found = f"{len(table)} of {', '.join(f'{field.name}: {field.type}' for field in table.schema)}"
        raise _unreadable(where, found.removesuffix(" of "))


def _unreadable(where: str, found: str) -> ModelError:
    return ModelError(
        where=where,
        expected="the Arrow columns that a worker answers in",
        found=found,
        hint="Use the same versions of hbir and pyarrow everywhere, and let nobody else reach Ray's ports.",
    )
