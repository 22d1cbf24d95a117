"""One probe of a shard: does this worker live through it? Nothing comes of it but the answer."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress

from workers.attempt import Attempt, Losses
from workers.columns import Columns, row_count
from workers.messages import PREPARE, Care, ProbeShard, Report
from workers.preparing import pieces_of, prepare


def probe_shard(attempt: Attempt, command: ProbeShard, raw: Columns) -> Generator[Report, None, None]:
    """Run what a probe asks for; what the user's code raises is nothing to a probe.

    `prepare` is bisected as in a run, and may give up any number of rows, so that batches are cut as in a run.

    Args:
        attempt: By whom.
        command: What to run.
        raw: The shard's rows as they were read.

    Yields:
        `BatchStarted` for each call, `BatchDone` for each batch.

    Raises:
        AttemptFailed: It cannot get as far as what is to be probed.
    """
    cares = {care.batch: care for care in command.cares}
    if command.batch == PREPARE and command.piece is not None:
        rows = row_count(raw)
        method = getattr(attempt.predictor, "prepare", None)
        if method is None:
            return
        for piece in pieces_of(Care(PREPARE, (command.piece,)), rows):
            yield attempt.started(PREPARE, 0, piece, range(rows))
            with suppress(Exception):
                attempt.call(method, raw, range(*piece))
        yield attempt.done(PREPARE, rows, 0)
        return
    prepared = yield from prepare(attempt, raw, cares.get(PREPARE), Losses(None))
    batches = prepared.cut(command.policy)
    for index, batch in list(enumerate(batches))[max(command.batch, 0) :]:
        care = cares.get(index)
        if command.piece is not None:
            care = Care(index, (command.piece,))
        for start, stop in pieces_of(care, len(batch)):
            yield attempt.started(index, len(batches), (start, stop), prepared.rows_of(batch))
            with suppress(Exception):
                attempt.call(attempt.predictor, prepared.columns, batch[start:stop])
        yield attempt.done(index, len(batch), 0)
        if command.piece is not None:
            return
