"""The errors of workers: one root, and the type says whose fault it was.

WorkersError
├── ColumnsError      (ValueError)   columns that do not fit together
├── PredictorError    (RuntimeError) the user's predictor or trainer raised, or returned what it must not
├── SourceError       (OSError)      a file to read is missing, unreadable, or changed since the plan was made
├── StagingError      (OSError)      an attempt's output cannot be written
└── MemoryFullError   (MemoryError)  shared memory has no room for weights or rows
"""

from __future__ import annotations


class WorkersError(RuntimeError):
    """Root of all errors that workers raise."""


class ColumnsError(WorkersError, ValueError):
    """Columns differ in length, or hold a type that shoal does not carry."""


class PredictorError(WorkersError):
    """The user's predictor or trainer raised, or returned what it must not."""


class SourceError(WorkersError, OSError):
    """A source file is missing, unreadable, or not the one that the plan was made for."""


class StagingError(WorkersError, OSError):
    """An attempt's output cannot be written: a full disk, a folder that is gone."""


class MemoryFullError(WorkersError, MemoryError):
    """Shared memory, or a cluster's object store, has no room for weights or rows."""
