"""One query against the index, in a process of its own: it reads nothing but the index, in bounded memory and time.

``python ask.py INDEX.duckdb MEMORY_MIB`` takes the query on standard input and gives pickled (columns, rows), or a
sentence, on standard output. A process can be ended where DuckDB itself cannot be interrupted, and the system's limit
on its memory also holds for what DuckDB does not count. It imports nothing of evenhand, to start fast.
"""

from __future__ import annotations

import pickle
import resource
import sys
from typing import Any

_OVERHEAD = 512
"""MiB beside DuckDB's own memory: the interpreter, and the rows on their way out."""


def answer(index: str, memory: int, sql: str) -> tuple[list[str], list[tuple[Any, ...]]] | str:
    """Column names and rows, or what is wrong with the query.

    Args:
        index: path of the DuckDB file.
        memory: in MiB.
        sql: one statement that only reads.
    """
    import duckdb

    try:
        kinds = [statement.type for statement in duckdb.extract_statements(sql)]
        if len(kinds) != 1 or kinds[0] not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
            return "The query must be one statement that only reads (select, with, describe, explain)."
        # Beyond the index itself no file, network or extension can be reached, and no query can change that.
        settings: dict[str, str | bool | int | float | list[str]] = {
            "enable_external_access": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": f"{memory}MiB",
            "temp_directory": "",
            "lock_configuration": True,
        }
        with duckdb.connect(index, read_only=True, config=settings) as connection:
            cursor = connection.execute(sql)
            return [column[0] for column in cursor.description or ()], cursor.fetchall()
    except (MemoryError, duckdb.OutOfMemoryException):
        return f"The query needs more than {memory} MiB of memory: narrow it with `where`, or add `limit`."
    except duckdb.Error as error:
        return (
            f"The query cannot be run: {error}. Tables: outcomes, metrics, items, curves "
            "(`select * from information_schema.columns` lists their columns)."
        )


def main() -> None:
    """Answer the query on standard input."""
    index, memory = sys.argv[1], int(sys.argv[2])
    sql = sys.stdin.read()
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    size = (memory + _OVERHEAD) * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))
    found = answer(index, memory, sql)
    pickle.dump(found, sys.stdout.buffer)


if __name__ == "__main__":
    main()
