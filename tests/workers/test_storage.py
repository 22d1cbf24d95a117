import io
import os
import socket
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from workers import storage

CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@pytest.fixture(params=["path", "url"])
def root(request, tmp_path, bucket):
    """A folder, and a prefix in a bucket."""
    return str(tmp_path) if request.param == "path" else f"{bucket}/a b"


def write(place, data):
    with storage.open_output(place) as file:
        file.write(data)


class TestEverywhere:
    def test_what_is_written_is_read(self, root):
        place = storage.join(root, "x.bin")
        data = bytes(range(256)) * 5000
        with storage.open_output(place) as file:
            assert file.write(data[:1000]) == 1000
            assert file.write(memoryview(data)[1000:]) == len(data) - 1000
            assert file.tell() == len(data)
        with storage.open_input(place) as file:
            assert file.read() == data
            assert file.seek(-3, io.SEEK_END) == len(data) - 3
            assert file.read(10) == data[-3:]
            assert file.seek(7) == 7
            assert file.read(2) == data[7:9]
            assert file.tell() == 9
        info = storage.stat(place)
        assert (info.place, info.size_bytes) == (place, len(data))
        assert info == storage.list_files(root)[0]

    def test_an_empty_file(self, root):
        place = storage.join(root, "empty")
        write(place, b"")
        assert storage.stat(place).size_bytes == 0
        with storage.open_input(place) as file:
            assert file.read() == b""

    @pytest.mark.parametrize("size_bytes", [10, 20 << 20], ids=["small", "in parts"])
    def test_an_error_leaves_nothing(self, root, size_bytes):
        place = storage.join(root, "x")
        with suppress(ZeroDivisionError), storage.open_output(place) as file:
            file.write(bytes(size_bytes))
            raise ZeroDivisionError
        with pytest.raises(FileNotFoundError):
            storage.stat(place)

    def test_nothing_is_overwritten(self, root):
        place = storage.join(root, "x")
        write(place, b"first")
        with pytest.raises(FileExistsError), storage.open_output(place):
            pass
        with storage.open_input(place) as file:
            assert file.read() == b"first"

    def test_what_is_not_there(self, root):
        place = storage.join(root, "x")
        for function in (storage.stat, storage.open_input):
            with pytest.raises(FileNotFoundError, match="x"):
                function(place)
        storage.remove(place)

    def test_removing(self, root):
        place = storage.join(root, "x")
        write(place, b"data")
        storage.remove(place)
        assert storage.list_files(root) == []

    def test_listing_and_patterns(self, root):
        names = ["a.parquet", "b.csv", "d=1/a.parquet", "d=1/e/f.parquet", "d=2/[x].parquet"]
        for name in names:
            place = storage.join(root, name)
            if not storage.is_url(place):
                Path(place).parent.mkdir(parents=True, exist_ok=True)
            write(place, b"rows")

        def found(pattern):
            prefix = storage.join(root, "")
            return [info.place[len(prefix) :].lstrip("/") for info in storage.glob_files(storage.join(root, pattern))]

        assert [info.place for info in storage.list_files(root)] == [storage.join(root, name) for name in names]
        assert found("*.parquet") == ["a.parquet"]
        assert found("*") == ["a.parquet", "b.csv"]
        assert found("[ab].*") == ["a.parquet", "b.csv"]
        assert found("[!a].*") == ["b.csv"]
        assert found("d=?/*.parquet") == ["d=1/a.parquet", "d=2/[x].parquet"]
        assert found("**/*.parquet") == ["a.parquet", "d=1/a.parquet", "d=1/e/f.parquet", "d=2/[x].parquet"]
        assert found("d=1/**") == ["d=1/a.parquet", "d=1/e/f.parquet"]
        assert found("a.parquet") == ["a.parquet"]

    def test_parquet_goes_both_ways(self, root):
        table = pa.table({"x": range(100_000)})
        place = storage.join(root, "x.parquet")
        with storage.open_output(place) as file, pq.ParquetWriter(file, table.schema) as writer:
            writer.write_table(table)
        with storage.open_input(place) as file, pq.ParquetFile(file) as parquet:
            assert parquet.read(use_threads=False).equals(table)


class TestUrls:
    @pytest.mark.parametrize(
        ("place", "parts"),
        [("s3://b/k/x.npy", ("s3", "b", "k/x.npy")), ("GS://b", ("gs", "b", "")), ("az://b/k/", ("az", "b", "k"))],
    )
    def test_parts(self, place, parts):
        url = storage.parse_url(place)
        assert (url.scheme, url.bucket, url.key) == parts

    @pytest.mark.parametrize("place", ["http://b/k", "s3:///k", "s3://b/a//k", "s3://b/../k", "x.npy"])
    def test_what_is_none(self, place):
        with pytest.raises(ValueError, match=r"expected|do not resolve"):
            storage.parse_url(place)

    def test_paths_are_no_urls(self, tmp_path):
        assert not storage.is_url(tmp_path)
        assert not storage.is_url("c:/x")
        assert storage.is_url("s3://b/x")


class TestErrorsOfStores:
    def test_a_bucket_that_is_not_there(self, bucket):
        for function in (storage.list_files, lambda place: write(place, b"x")):
            with pytest.raises(FileNotFoundError, match="there is no bucket 'nowhere-at-all' at http"):
                function("s3://nowhere-at-all/x")

    def test_no_credentials(self, bucket, monkeypatch):
        for name in CREDENTIALS:
            monkeypatch.delenv(name, raising=False)
        with socket.create_server(("127.0.0.1", 0)) as nobody:  # in place of a cloud machine's own service
            address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", address)
        with pytest.raises(PermissionError, match=r"no credentials .*AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
            storage.stat(f"{bucket}/x")

    @pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    def test_half_of_the_credentials(self, bucket, monkeypatch, name):
        monkeypatch.delenv(name)
        with pytest.raises(PermissionError, match=f"is set and {name} is not; set {name} as well"):
            storage.stat(f"{bucket}/x")

    def test_an_endpoint_without_a_scheme(self, bucket, monkeypatch):
        monkeypatch.setenv("AWS_ENDPOINT_URL", "127.0.0.1:5977")
        with pytest.raises(
            OSError, match=r"AWS_ENDPOINT_URL must start with http:// or https://, got '127\.0\.0\.1:5977'"
        ):
            storage.list_files(bucket)

    def test_a_panic_of_the_library_is_an_error(self, bucket, monkeypatch):
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://[bad")
        with pytest.raises(OSError, match=r"the library obstore failed at http://\[bad: .*InvalidUri"):
            storage.stat(f"{bucket}/x")

    def test_azure_without_an_account(self, monkeypatch):
        for name in [name for name in os.environ if name.startswith("AZURE_")]:
            monkeypatch.delenv(name)
        with pytest.raises(PermissionError, match="AZURE_STORAGE_ACCOUNT_NAME"):
            storage.stat("az://container/x")

    def test_nobody_answers(self, bucket, monkeypatch):
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        with pytest.raises(ConnectionError, match=f"{address} does not answer"):
            storage.stat(f"{bucket}/x")

    def test_an_object_that_is_replaced_while_it_is_read(self, bucket):
        place = f"{bucket}/x"
        write(place, bytes(3 << 20))
        with storage.open_input(place) as file:
            file.read(10)
            storage.remove(place)
            write(place, b"1" * (3 << 20))
            with pytest.raises(OSError, match="was changed while it was read"):
                file.read()
