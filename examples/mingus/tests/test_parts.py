"""The parts that talk in other ways: sealed fields, rates, certificates, the HTTP/2 feed, the web server."""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

from mingus.certificates import days_left
from mingus.feed import read_statement
from mingus.rates import fetch_rates
from mingus.vault import Vault


def test_a_vault_opens_only_what_it_sealed():
    mine, other = Vault(Vault.new_key()), Vault(Vault.new_key())
    assert mine.open(mine.seal("secret")) == "secret"
    with pytest.raises(ValueError):
        other.open(mine.seal("secret"))


def test_rates_come_from_every_source_that_answers(service):
    first = service({("GET", "/"): (200, {"EUR": 1.1})})
    second = service({("GET", "/"): (200, {"EUR": 9.9, "GBP": 1.3})})
    broken = service({("GET", "/"): (500, {})})
    assert fetch_rates([broken.url, first.url, second.url]) == {"EUR": 1.1, "GBP": 1.3}


def test_days_left_of_a_certificate():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "processor.example")])
    now = datetime(2025, 9, 2, tzinfo=timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    assert days_left(pem, now) == 30
    assert days_left(pem, now + timedelta(days=31)) == -1


def test_a_statement_is_read_over_http_2():
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        wire, _ = listener.accept()
        with wire:
            connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
            connection.initiate_connection()
            wire.sendall(connection.data_to_send())
            while True:
                received = wire.recv(65536)
                if not received:
                    return
                for event in connection.receive_data(received):
                    if isinstance(event, RequestReceived):
                        path = dict(event.headers)[":path"]
                        connection.send_headers(event.stream_id, [(":status", "200")])
                        connection.send_data(event.stream_id, path.encode(), end_stream=True)
                wire.sendall(connection.data_to_send())

    threading.Thread(target=serve, daemon=True).start()
    with listener:
        assert read_statement("127.0.0.1", listener.getsockname()[1], "42") == (200, b"/statements/42")


def test_gunicorn_serves_the_application():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--log-level", "error", "wsgi:app"],
        cwd=os.path.dirname(os.path.dirname(__file__)),
    )
    try:
        for _ in range(100):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                    assert answer.status == 200
                    return
            except OSError:
                assert server.poll() is None, "gunicorn ended early"
                time.sleep(0.1)
        pytest.fail("gunicorn did not answer within ten seconds")
    finally:
        server.terminate()
        server.wait(timeout=10)
