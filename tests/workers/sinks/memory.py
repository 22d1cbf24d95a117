"""Sinks' files in memory."""

from io import BytesIO

from workers.sinks.reading import read_files
from workers.sinks.writing import part_writer


class Uploaded(BytesIO):
    """A file that can only be written from start to end, as in an object store."""

    def seekable(self):
        return False

    def seek(self, *_):
        raise AssertionError("written out of order")

    def tell(self):
        return len(self.getvalue())


def written(sink, *groups, kind=BytesIO):
    """The bytes of each file by suffix."""
    files = {}

    def open_file(suffix):
        return files.setdefault(suffix, kind())

    part = part_writer(sink, open_file, job="job-1")
    for group in groups:
        part.write(group)
    part.close()
    return {suffix: file.getvalue() for suffix, file in files.items()}


def read(files, schema):
    return read_files({suffix: BytesIO(content) for suffix, content in files.items()}, schema)[0]
