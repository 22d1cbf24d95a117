"""Shared memory: sealed, reachable by path, gone with its last user."""

from __future__ import annotations

import os

import pytest

from tests.resources import open_files
from workers.blobs import BlobWriter, map_file


def filled(data):
    writer = BlobWriter("test")
    os.write(writer.fd, data)
    return writer.seal()


def test_a_sealed_blob_can_be_mapped_and_never_written():
    blob = filled(b"abc")
    assert bytes(map_file(blob.path)) == b"abc"
    with pytest.raises(PermissionError):
        os.truncate(blob.path, 0)
    blob.close()


def test_a_mapping_outlives_the_blob():
    blob = filled(b"abc")
    view = map_file(blob.path)
    assert view.readonly
    blob.close()
    blob.close()
    assert bytes(view) == b"abc"
    with pytest.raises(ValueError, match="was closed"):
        blob.path


def test_a_forgotten_blob_is_freed():
    filled(b"abc")
    assert not any("memfd:shoal-test" in path for path in open_files())


def test_an_empty_file_is_an_empty_view(tmp_path):
    (tmp_path / "empty").touch()
    assert bytes(map_file(tmp_path / "empty")) == b""
