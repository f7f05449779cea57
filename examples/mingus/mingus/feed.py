"""Account statements from the bank's feed, which speaks HTTP/2 without TLS inside the data centre."""

import socket

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded


def read_statement(host, port, account, timeout_seconds=5):
    """The statement's status and body as (int, bytes)."""
    with socket.create_connection((host, port), timeout=timeout_seconds) as wire:
        connection = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        connection.initiate_connection()
        headers = [(":method", "GET"), (":scheme", "http"), (":authority", host), (":path", f"/statements/{account}")]
        connection.send_headers(1, headers, end_stream=True)
        wire.sendall(connection.data_to_send())
        status, body = 0, b""
        while True:
            received = wire.recv(65536)
            if not received:
                return status, body
            for event in connection.receive_data(received):
                if isinstance(event, ResponseReceived):
                    status = int(dict(event.headers)[":status"])
                elif isinstance(event, DataReceived):
                    body += event.data
                    connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, StreamEnded):
                    return status, body
            wire.sendall(connection.data_to_send())
