"""A real HTTP server that speaks S3, on this machine, for tests.

python -m tests.object_store: runs it until its standard input ends, and prints its port.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def s3_server() -> Iterator[str]:
    """Run a server, and give its address."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.object_store"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        assert port, "the server did not start"
        yield f"http://127.0.0.1:{port}"
        assert server.stdin is not None
        server.stdin.close()  # which ends it, as our own end would


def environment(endpoint: str) -> dict[str, str]:
    """The variables by which clients find the server."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
        "AWS_REGION": "us-east-1",
    }


def make_bucket(endpoint: str) -> str:
    """Make a new bucket, and return its URL."""
    name = f"bucket-{secrets.token_hex(8)}"
    with urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{name}", method="PUT")):
        return f"s3://{name}"


def main() -> None:
    """Serve."""
    import threading

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *args: object) -> None:
            """Say nothing."""

    # One request at a time: moto looks whether an object exists and then writes it, with room for another in between.
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=False, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
