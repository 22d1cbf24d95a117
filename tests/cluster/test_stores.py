"""The contract of stores, on a file system and on an object store, and what becomes of answers that are lost."""

import http.client
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cluster.stores import open_store


@pytest.fixture(params=["path", "url"])
def store(request, tmp_path, bucket):
    store = open_store(tmp_path / "out" if request.param == "path" else f"{bucket}/out/")
    store.make(["", "_shoal", "_shoal/temporary", "inner"])
    return store


class TestContract:
    def test_the_first_content_stays(self, store):
        assert store.put_if_absent("inner/x", b"first")
        assert not store.put_if_absent("inner/x", b"second")
        assert store.read("inner/x") == b"first"
        assert store.size_bytes("inner/x") == 5

    def test_of_many_writers_one_wins(self, store):
        with ThreadPoolExecutor(8) as threads:
            won = list(threads.map(lambda index: store.put_if_absent("x", b"%d" % index), range(16)))
        assert won.count(True) == 1
        assert store.read("x") == b"%d" % won.index(True)

    def test_the_last_content_stays(self, store):
        store.replace("x", b"first")
        store.replace("x", b"second")
        assert store.read_all(["x", "x"]) == [b"second", b"second"]

    def test_publishing_may_be_done_again(self, store):
        store.put_if_absent("inner/x.staged", b"data")
        assert store.publish("inner/x.staged", "x")
        store.settle("")
        assert not store.publish("inner/x.staged", "x")
        with store.open("x") as file:
            assert file.read() == b"data"
        assert store.entries("inner") == {}

    def test_what_is_not_there(self, store):
        assert store.size_bytes("x") is None
        for function in (store.read, store.open):
            with pytest.raises(FileNotFoundError):
                function("x")
        store.remove(["x"])
        assert store.entries("nowhere") == {}

    def test_entries(self, store):
        store.put_if_absent("inner/a", b"a")
        store.put_if_absent("b", b"bb")
        assert store.entries("inner") == {"a": 1}
        assert store.entries("")["b"] == 2
        assert "inner" in store.entries("")
        store.remove(["b"])
        assert "b" not in store.entries("")


def test_the_library_of_object_stores_is_loaded_where_a_url_is_used_alone():
    program = "import sys, cluster.folder, cluster.results; sys.exit('obstore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


class Flaky:
    """A server in front of another: does what PUTs ask for, and then says what a plan says instead of the answer."""

    def __init__(self, endpoint: str, answers: list[int | None]) -> None:
        host = endpoint.removeprefix("http://")

        class Handler(BaseHTTPRequestHandler):
            def forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = answers.pop(0) if self.command == "PUT" and answers else 0
                status, data, said = 409, b"<Error><Code>ConditionalRequestConflict</Code></Error>", Message()
                if answer != 409:  # with which the store says that it decided nothing
                    behind = http.client.HTTPConnection(host)
                    behind.request(self.command, self.path, body, dict(self.headers.items()))
                    response = behind.getresponse()
                    status, data, said = response.status, response.read(), response.headers
                    behind.close()
                if answer is None:  # the line is cut
                    self.close_connection = True
                    return
                self.send_response(answer or status)
                for name in ("ETag", "Last-Modified", "Content-Type", "Content-Range"):
                    if name in said:
                        self.send_header(name, said[name])
                self.send_header("Content-Length", said["Content-Length"] if self.command == "HEAD" else str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            do_GET = do_PUT = do_HEAD = do_POST = forward  # noqa: N815  (the library's names)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> str:
        self._thread.start()
        return self.endpoint

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class TestLostAnswers:
    @pytest.mark.parametrize("answers", [[None], [500], [409], [409, None], [None, 409]], ids=str)
    def test_an_answer_that_is_lost_loses_no_content(self, bucket, s3_endpoint, monkeypatch, answers):
        with Flaky(s3_endpoint, list(answers)) as endpoint:
            monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
            store = open_store(bucket)
            created = store.put_if_absent("x", b"mine")
            # Where it cannot be sure, it says no, and leaves it to whoever reads what is there.
            assert created == (answers == [409])
            assert store.read("x") == b"mine"

    def test_what_another_wrote_is_found(self, bucket, s3_endpoint, monkeypatch):
        open_store(bucket).put_if_absent("x", b"the other's")
        with Flaky(s3_endpoint, [None, 500]) as endpoint:
            monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
            store = open_store(bucket)
            assert not store.put_if_absent("x", b"mine")
            assert store.read("x") == b"the other's"

    def test_a_commit_whose_answer_is_lost_is_a_commit(self, bucket, s3_endpoint, monkeypatch):
        from cluster.folder import JobFolder
        from tests.cluster.committer import IDENTITY, leftovers, stage

        answers: list[int | None] = []
        with Flaky(s3_endpoint, answers) as endpoint:
            monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
            job = JobFolder.open(f"{bucket}/out", IDENTITY, shards=1)
            record = stage(job, 0, b"mine")
            answers.append(None)
            assert job.commit(record) == record
            assert JobFolder.load(job.place).committed() == {0: record}
            assert leftovers(job.place) == []
