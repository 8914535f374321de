"""Columns made from their bytes are those that pyarrow makes of lists, and pandas is left alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenhand.ledger.columns import numbers, texts


def written(array: pa.Array) -> bytes:
    """A column as the bytes of a file."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"column": array}), sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


@pytest.mark.parametrize(
    "values",
    [[], [None], ["a"], ["a", None, ""], ["ä", "x" * 300, None, "日本", "\0"], [None] * 9, [None, "a", "é"] * 20],
)
def test_texts_are_the_same_to_the_byte(values: list[str | None]) -> None:
    made, usual = texts(values), pa.array(values, pa.string())
    made.validate(full=True)
    assert made.equals(usual)
    assert written(made) == written(usual)
    coded, usual = made.dictionary_encode(), pa.array(values, pa.dictionary(pa.int32(), pa.string()))
    assert coded.type == usual.type
    assert written(coded) == written(usual)


@pytest.mark.parametrize("values", [np.zeros(0), np.array([1.5, np.nan, -0.0, np.inf]), np.arange(10.0)[::2]])
def test_numbers_are_the_same_to_the_byte(values: np.ndarray) -> None:
    made = numbers(values)
    made.validate(full=True)
    assert written(made) == written(pa.array(values, pa.float64()))


@pytest.mark.slow  # a process of its own
def test_to_record_an_outcome_imports_no_pandas(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    script = (
        "import sys; from evenhand.ledger import Ledger; from tests.ledger.samples import ASKED, fill; "
        "fill(Ledger(sys.argv[1]), 1, ASKED); print('pyarrow.parquet' in sys.modules, 'pandas' in sys.modules)"
    )
    folder = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "ledger")], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True False"
