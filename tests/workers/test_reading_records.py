"""Where records end: compared with what pyarrow and json make of the whole."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.csv as pc
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workers.errors import SourceError
from workers.formats import CsvFormat, JsonlFormat, TextFormat
from workers.readers.records import RecordStream, splitter_of

TEXT = TextFormat(column="text")
JSONL = JsonlFormat(columns=(), others=True)
CSV = CsvFormat(names=(), columns=(), delimiter=",", quote_char='"')

block_bytes = st.integers(1, 40)


def records_of(data, form, *, block_bytes, step=1):
    """All records, `step` at a time, and what came after them."""
    stream = RecordStream(io.BytesIO(data), splitter_of(form), block_bytes=block_bytes)
    records = []
    while piece := stream.take(step):
        records.append(piece)
    return records


@given(st.lists(st.text("ab\r\0é", max_size=4)), st.sampled_from(["\n", "\r\n"]), st.booleans(), block_bytes)
def test_lines_of_text(lines, end, is_ended, block_bytes):
    data = end.join(lines).encode() + (end.encode() if is_ended else b"")
    records = records_of(data, TEXT, block_bytes=block_bytes)
    assert b"".join(records) == data
    assert records == io.BytesIO(data).readlines()


@given(
    st.lists(st.sampled_from(['{"a":1}', '{"a": "\\n"}', ' {"b":[]} ', "", " ", "\t", "\r"])),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    block_bytes,
)
def test_json_lines_without_blank_ones(lines, end, is_ended, block_bytes):
    data = end.join(lines).encode() + (end.encode() if is_ended else b"")
    found = [json.loads(record) for record in records_of(data, JSONL, block_bytes=block_bytes)]
    assert found == [json.loads(line) for line in lines if line.strip()]


def written(rows, end, quoting):
    out = io.StringIO()
    csv.writer(out, lineterminator=end, quoting=quoting).writerows(rows)
    return out.getvalue().encode()


ALL, FEW = csv.QUOTE_ALL, csv.QUOTE_MINIMAL


@given(
    st.sampled_from([('a,"\n\r', ALL), ('a,"', FEW)]).flatmap(
        lambda case: st.tuples(
            st.lists(st.lists(st.text(case[0], max_size=4), min_size=2, max_size=2)), st.just(case[1])
        )
    ),
    st.sampled_from(["\n", "\r\n", "\r"]),
    block_bytes,
)
def test_csv_records_as_they_were_written(case, end, block_bytes):
    rows, quoting = case
    data = written(rows, end, quoting)
    records = records_of(data, CSV, block_bytes=block_bytes)
    assert b"".join(records) == data
    assert [next(csv.reader(io.StringIO(record.decode(), newline=""))) for record in records] == rows


@given(st.text('a,"\n\r', max_size=16).map(str.encode), block_bytes)
@example(b'5" pipe,b\n6" pipe,c\n', 40)
@example(b'a,"x"y"\n"\n', 40)
@example(b'""\n\n\r\n"",\r', 3)
def test_csv_records_are_those_of_pyarrow(data, block_bytes):
    try:
        records = records_of(data, CSV, block_bytes=block_bytes)
    except SourceError:
        return  # never closed: pyarrow takes the rest for one value
    assert len(records) == sum(rows_for_pyarrow(record) for record in records)
    if records:
        assert len(records) == rows_for_pyarrow(b"".join(records))


def rows_for_pyarrow(data):
    """How many rows pyarrow finds, however many values each of them has."""
    bad = []
    try:
        table = pc.read_csv(
            pa.BufferReader(data),
            pc.ReadOptions(column_names=["one"], block_size=len(data) + 1, use_threads=False),
            pc.ParseOptions(newlines_in_values=True, invalid_row_handler=lambda row: bad.append(row) or "skip"),
            pc.ConvertOptions(column_types={"one": pa.string()}),
        )
    except pa.ArrowInvalid as error:
        assert "Empty CSV" in str(error)  # noqa: PT017
        return len(bad)
    return table.num_rows + len(bad)


@given(st.lists(st.integers(0, 5), max_size=6), st.integers(0, 12), block_bytes)
def test_skipping_and_taking_go_on_from_each_other(steps, lines, block_bytes):
    data = [b"%d\n" % line for line in range(lines)]
    stream = RecordStream(io.BytesIO(b"".join(data)), splitter_of(TEXT), block_bytes=block_bytes)
    row = 0
    for number, step in enumerate(steps):
        if number % 2:
            stream.skip(step)
        else:
            assert stream.take(step) == b"".join(data[row : row + step])
        row = min(row + step, lines)
        assert stream.row == row
    assert b"".join(data[row:]).startswith(stream.peek())
    assert sum(rows for _, rows in stream.blocks()) == lines - row
    assert stream.take(1) == b""


def test_a_quote_that_is_never_closed_is_said():
    with pytest.raises(SourceError, match="the quote after 'b,' is never closed"):
        records_of(b'a,1\nb,"2\nc,3\n', CSV, block_bytes=4)


def test_quotes_may_mean_nothing():
    form = CsvFormat(names=(), columns=(), delimiter="\t", quote_char="")
    assert records_of(b'"a\tb\n"c\td\n', form, block_bytes=3) == [b'"a\tb\n', b'"c\td\n']
