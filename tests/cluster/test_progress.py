"""Progress: a bar on a terminal, plain lines in a log, nothing when asked for nothing."""

from __future__ import annotations

import io

from cluster.progress import Bar, Lines, Progress, Silent, progress_view


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_view_fits_the_stream():
    assert isinstance(progress_view(None, stream=Terminal()), Bar)
    assert isinstance(progress_view(None, stream=io.StringIO()), Silent)
    assert isinstance(progress_view(True, stream=io.StringIO()), Lines)
    assert isinstance(progress_view(False, stream=Terminal()), Silent)


def test_lines_say_how_far_it_is():
    stream = io.StringIO()
    with Lines(stream, every_s=0.0) as update:
        update(Progress(rows_total=2000, shards_total=4, rows=500, shards=1))
        update(Progress(rows_total=2000, shards_total=4, rows=2000, shards=4))
    first, second, last = stream.getvalue().splitlines()
    assert first.startswith("shoal: 500 of 2,000 rows (25%), shard 1 of 4, ")
    assert second == last or last.startswith("shoal: 2,000 of 2,000 rows (100%), shard 4 of 4, ")


def test_lines_are_rare_and_end_with_the_last_state():
    stream = io.StringIO()
    with Lines(stream, every_s=1e9) as update:
        for rows in range(100):
            update(Progress(rows_total=100, shards_total=1, rows=rows + 1))
    assert len(stream.getvalue().splitlines()) == 1
    assert "100 of 100" in stream.getvalue()


def test_a_bar_is_drawn_and_taken_down():
    stream = Terminal()
    with Bar(stream) as update:
        update(Progress(rows_total=10, shards_total=1, rows=10))
    assert "10/10" in stream.getvalue()


def test_a_job_without_rows_is_done():
    stream = io.StringIO()
    with Lines(stream, every_s=0.0) as update:
        update(Progress(rows_total=0, shards_total=0))
    assert "(100%)" in stream.getvalue()
