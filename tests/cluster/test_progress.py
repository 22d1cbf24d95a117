"""Progress: a bar on a terminal, plain lines in a log, nothing when asked for nothing."""

from __future__ import annotations

import io

import pytest

from cluster.progress import Bar, Lines, Progress, Silent, progress_view


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_view_fits_the_stream():
    assert isinstance(progress_view(None, stream=Terminal()), Bar)
    assert isinstance(progress_view(None, stream=io.StringIO()), Silent)
    assert isinstance(progress_view(True, stream=io.StringIO()), Lines)
    assert isinstance(progress_view(False, stream=Terminal()), Silent)


def test_a_process_without_standard_error_is_shown_nothing(monkeypatch):
    monkeypatch.setattr("sys.stderr", None)
    assert isinstance(progress_view(None), Silent)
    assert isinstance(progress_view(True), Silent)


class Broken(io.StringIO):
    """A terminal or pipe that goes away after some writes."""

    def __init__(self, *, writes, tty, error):
        super().__init__()
        self.writes, self.tty, self.error = writes, tty, error

    def isatty(self):
        return self.tty

    def write(self, text):
        self.writes -= 1
        if self.writes < 0:
            raise self.error
        return super().write(text)


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(28, "No space left"), ValueError("I/O on closed file")])
@pytest.mark.parametrize("writes", [0, 1, 3])
@pytest.mark.parametrize("kind", [Bar, Lines])
def test_a_display_that_breaks_does_not_end_the_job(kind, writes, error):
    stream = Broken(writes=writes, tty=kind is Bar, error=error)
    with kind(stream) as update:
        update(Progress(rows_total=10, shards_total=1, rows=5))
        update(Progress(rows_total=10, shards_total=1, rows=10))


def test_a_closed_stream_is_no_terminal():
    stream = Terminal()
    stream.close()
    stream.isatty = lambda: io.StringIO.isatty(stream)
    assert isinstance(progress_view(None, stream=stream), Silent)


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
