import gzip

import numpy as np
import pytest
from pydantic import ValidationError

from cluster.errors import UsageError
from cluster.source_table import SourceTable
from cluster.sources import CsvSource, JsonlSource, NpySource, TextSource


def test_the_extension_says_the_format_and_options_go_to_the_source(tmp_path):
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(b"1;'a'\n"))
    table = SourceTable(
        path=f"{tmp_path}/x.csv.gz",
        columns=["s"],
        column_names=["n", "s"],
        types={"n": "float32"},
        delimiter=";",
        quote_char="'",
    )
    source = table.source()
    assert isinstance(source, CsvSource)
    assert source.identity()["types"] == {"s": "string"}
    np.save(tmp_path / "x.npy", np.arange(3))
    named = SourceTable(path=f"{tmp_path}/x.npy", column="x").source()
    assert isinstance(named, NpySource)
    assert named.identity()["column"] == "x"


def test_the_format_can_be_named(tmp_path):
    (tmp_path / "rows.dat").write_text('{"a": 1}\n')
    assert isinstance(SourceTable(path=f"{tmp_path}/rows.dat", format="jsonl").source(), JsonlSource)
    assert isinstance(SourceTable(path=f"{tmp_path}/rows.dat", format="text").source(), TextSource)
    with pytest.raises(UsageError, match=r"rows\.dat has the extension '\.dat'; shoal reads \.parquet"):
        SourceTable(path=f"{tmp_path}/rows.dat").source()


def test_options_of_other_formats_are_refused(tmp_path):
    with pytest.raises(ValidationError, match=r"'types' does not apply to x\.npz, which is read as npz"):
        SourceTable(path="x.npz", types={"a": "int64"})
    (tmp_path / "x.txt").write_text("a\n")
    with pytest.raises(UsageError, match=r"\[source\] 'columns' does not apply to .*, which is read as text"):
        SourceTable(path=str(tmp_path), columns=["a"]).source()  # known only when the folder was looked at
