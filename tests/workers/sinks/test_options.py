import pytest

from tensor import wire
from workers.messages import Stage
from workers.sinks import JsonlSink, NpySink, ParquetSink


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ParquetSink(compression="lzma"), r"ParquetSink\(compression=…\) must be one of 'zstd', .*got 'lzma'"),
        (lambda: ParquetSink(compression_level=23), "whole number from 1 to 22, got 23"),
        (lambda: ParquetSink(compression="snappy", compression_level=1), "'snappy' has no levels"),
        (lambda: ParquetSink(compression=None, compression_level=1), "None has no levels"),
        (lambda: ParquetSink(row_group_rows=0), "row_group_rows=….*got 0"),
        (lambda: ParquetSink(row_group_rows=True), "row_group_rows=….*got True"),
        (lambda: JsonlSink(compression="snappy"), "must be one of 'gzip', 'zstd' or None, got 'snappy'"),
        (lambda: NpySink(keep="id"), r"""as \["id"\], or "\*" for all, got 'id'"""),
        (lambda: NpySink(keep=3), "got 3"),
        (lambda: NpySink(keep=["id", 3]), "got 3 among them"),
        (lambda: JsonlSink(keep=["id", "id"]), "names 'id' twice"),
        (lambda: ParquetSink(keep=["id", "*"]), r'"\*" among other names'),
    ],
)
def test_what_cannot_be_is_refused_at_once(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "sink",
    [
        ParquetSink(compression="gzip", compression_level=9, row_group_rows=10, keep=["id"]),
        NpySink(keep="*"),
        JsonlSink(compression="zstd"),
    ],
)
def test_sinks_travel_to_workers(sink):
    assert wire.unpack(bytearray(b"".join(wire.pack(Stage("s3://bucket/x", sink))))) == Stage("s3://bucket/x", sink)


def test_kept_columns_are_a_tuple_of_names():
    assert NpySink(keep="*").keep == ("*",)
    assert NpySink(keep=["a", "b"]).keep == ("a", "b")
