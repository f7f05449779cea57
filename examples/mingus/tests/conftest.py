"""Loopback fakes of the services that Mingus talks to."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mingus import create_app


class FakeService(ThreadingHTTPServer):
    """Answers from a table of (method, path) and keeps what it was asked."""

    def __init__(self, answers):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.asked = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def _answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        status, content = self.server.answers.get((self.command, self.path), (404, {}))
        sent = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = _answer

    def log_message(self, *_):
        pass


@pytest.fixture
def service():
    """Makes fake services; all are ended with the test."""
    made = []

    def make(answers):
        server = FakeService(answers)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made.append(server)
        return server

    yield make
    for server in made:
        server.shutdown()
        server.server_close()


@pytest.fixture
def client():
    """A signed-out client of an application without limits."""
    return create_app({"TESTING": True, "RATELIMIT_ENABLED": False}).test_client()
