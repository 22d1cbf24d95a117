"""The errors of the driver: one root, and the type says whose fault it was.

ClusterError
├── UsageError        (ValueError)   an argument that cannot work; raised before any worker starts
│   └── SourceNotFoundError (FileNotFoundError) a path of input that leads nowhere
├── JobFolderError    (RuntimeError) the output folder holds another job, or is not one
├── BackendFailed     (ConnectionError) the place where workers should run cannot be had
├── PoolBusy          (RuntimeError) a pool does one job at a time, and its last iterator is still open
├── JobFailed         (RuntimeError) the job ended early; what was committed stays and can be resumed
│   ├── UserCodeFailed               the predictor or trainer raised, or returned what it must not
│   ├── SourceFailed  (OSError)      rows or weights could not be read: gone, changed, or damaged
│   ├── StorageFailed (OSError)      output could not be written: a full disk or memory, a folder that is gone
│   ├── WorkersLost                  worker processes kept dying, or hung
│   └── JobFenced                    another driver has taken the job over
└── InvalidTransition (RuntimeError) a bug in shoal: an event that the scheduler's table does not know
"""

from __future__ import annotations


class ClusterError(RuntimeError):
    """Root of all errors that the driver raises."""


class UsageError(ClusterError, ValueError):
    """An argument that cannot work; raised before any worker starts where that is possible."""


class SourceNotFoundError(UsageError, FileNotFoundError):
    """A path of input that leads nowhere; the message says where shoal looked."""


class BackendFailed(ClusterError, ConnectionError):
    """The place where workers should run cannot be had: no cluster at the address, a wrong token, other versions."""


class JobFolderError(ClusterError):
    """The output folder holds another job, is not a job folder, or cannot be written."""


class JobFailed(ClusterError):
    """The job ended early. Everything committed stays intact, and the same call resumes it.

    Attributes:
        shard: The shard that could not be done; None where no rows are to blame.
    """

    shard: int | None = None


class UserCodeFailed(JobFailed):
    """The user's predictor or trainer raised, or returned what it must not; the message leads with the user's line."""


class SourceFailed(JobFailed, OSError):
    """Rows or weights could not be read: a file is gone, damaged, or not what it was when the job began."""


class StorageFailed(JobFailed, OSError):
    """Output could not be written, or rows not be held: a full disk or memory, a quota, a folder that is gone."""


class WorkersLost(JobFailed):
    """Worker processes kept dying, or hung: while they built the predictor, or on the same rows."""


class JobFenced(JobFailed):
    """Another driver has taken the job over; what this one has committed stays, and counts."""


class PoolBusy(ClusterError):
    """A pool does one job at a time, and the iterator of the one before is neither exhausted nor closed."""


class InvalidTransition(ClusterError):
    """A bug in shoal: the scheduler met an event that its table does not allow; carries the shard's story."""
