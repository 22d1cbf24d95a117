"""What a predictor returned: what passes can travel and be stored, what does not is named."""

from __future__ import annotations

import numpy as np
import pytest

import tensor
from workers.arrow import to_table
from workers.columns import as_columns
from workers.errors import PredictorError
from workers.messages import BatchDone, decode_report, encode
from workers.outputs import OutputCheck, check_rows
from workers.ragged import Ragged


class Label(str):
    """As of enum.StrEnum or a tokeniser."""


class Blob(bytes):
    pass


class Mine(tensor.Tensor):
    pass


def taken(output, rows=2):
    with tensor.inference_mode():
        return OutputCheck("P.__call__").take(output, rows=rows)


def objects(*cells):
    array = np.empty(len(cells), object)
    array[:] = cells
    return array


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (objects(Label("a"), None), ["a", None]),
        (objects(Blob(b"a"), b"b"), [b"a", b"b"]),
        (objects(np.str_("a"), "b"), ["a", "b"]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array([b"a", b"b"]), [b"a", b"b"]),
        (np.array(["a", "b"], np.dtypes.StringDType()), ["a", "b"]),
    ],
)
def test_strings_leave_as_exact_strings(column, expected):
    cells = taken({"y": column})["y"].tolist()
    assert cells == expected
    assert {type(cell) for cell in cells} <= {str, bytes, type(None)}


@pytest.mark.parametrize(
    "column",
    [
        np.arange(2, dtype=">f8"),
        np.array([0, 1], dtype=">M8[s]"),
        tensor.nn.Parameter(tensor.ones(2)),
        Mine(np.ones(2)),
        tensor.ones(2, requires_grad=True) * 2,
        Ragged(np.arange(3, dtype=">i4"), np.array([0, 1, 3], dtype=">i4")),
        Ragged(np.array(["a", "b", "c"]), [0, 1, 3]),
        objects(Label("a"), None),
        np.zeros((2, 3))[:, ::-1],
        np.arange(4, dtype=np.uint16)[::2],
    ],
    ids=repr,
)
def test_whatever_passes_travels_and_can_be_stored(column):
    columns = taken({Label("y"): column})
    report = decode_report(b"".join(encode(BatchDone("job", 0, 1, 0, 2, columns, 0))))
    assert list(report.columns) == ["y"]
    arrived = report.columns["y"]
    numbers = arrived.values if isinstance(arrived, Ragged) else arrived
    assert not isinstance(numbers, tensor.Tensor) or numbers.is_inference()
    assert to_table(as_columns(report.columns)).num_rows == 2


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (None, "P.__call__ returned NoneType; expected a dict"),
        ({}, "got no columns"),
        ({1: np.zeros(2), "1": np.zeros(2)}, "column names must be strings, got 1"),
        ({"\ud800": np.zeros(2)}, "the column name '\\\\ud800' holds '\\\\ud800', a lone half of a surrogate pair"),
        ({"y": tensor.ones(())}, "column 'y' is a single value; axis 0 must be the rows"),
        ({"y": np.float32(1)}, "column 'y' is a single value"),
        ({"y": np.array(1)}, "column 'y' is a single value"),
        ({"y": 1.0}, "column 'y' is a float; expected a Tensor"),
        ({"y": np.zeros((2, 0))}, r"column 'y' has rows without values, shape \(2, 0\)"),
        ({"y": tensor.ones(2, 3, 0)}, "column 'y' has rows without values"),
        ({"y": objects("a", "b\udc80")}, "column 'y' holds '\\\\udc80', a lone half of a surrogate pair"),
        ({"y": np.ma.array([1.0, 2.0], mask=[0, 1])}, r"column 'y' is a masked array.*\.filled\(value\)"),
        ({"y": Ragged(np.ma.array([1.0, 2.0], mask=[0, 1]), [0, 1, 2])}, "column 'y' is a masked array"),
        ({"y": np.zeros(2, complex)}, "column 'y' is an array of complex128"),
        ({"y": np.zeros(2, np.longdouble)}, "array of float128; convert"),
        ({"y": objects("a", b"b")}, "must hold str or bytes alone"),
        ({"y": np.zeros(3)}, "got 2 rows and returned 3"),
    ],
)
def test_what_does_not_pass_is_named(output, message):
    with pytest.raises(PredictorError, match=message):
        taken(output)


def test_batches_of_a_shard_agree():
    check = OutputCheck("P.__call__")
    with tensor.inference_mode():
        check.take({"y": np.zeros(2, np.float32), "s": objects(None, None)}, rows=2)
        check.take({"y": np.zeros(2, np.float32), "s": objects("a", None)}, rows=2)
        with pytest.raises(PredictorError, match=r"P.__call__ changed its output.*'y' was float32 and is now int64"):
            check.take({"y": np.zeros(2, np.int64), "s": objects("a", None)}, rows=2)


def test_prepared_columns_without_rows_are_named():
    with pytest.raises(PredictorError, match="column 'n' is a single value"):
        check_rows({"n": np.array(3)}, 2, "P.prepare")
    with pytest.raises(PredictorError, match="column 'n' is a single value"):
        check_rows({"n": 3}, 2, "P.prepare")


def test_arrays_over_a_result_stay_known_as_marked():
    out = taken({"y": np.ones((2, 3), np.float32)})
    assert tensor.from_numpy(out["y"].numpy()).is_inference()
