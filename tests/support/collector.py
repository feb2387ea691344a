"""A small OTLP/HTTP collector: it keeps the spans that are posted to it."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

__all__ = ["Collector", "collecting"]


class Collector:
    """What has been posted, by trace. Any thread may ask."""

    def __init__(self) -> None:
        self.url = ""
        self.posted_to: set[str] = set()
        self._lock = threading.Lock()
        self._traces: defaultdict[bytes, dict[bytes, tuple[str, Span]]] = defaultdict(dict)

    def take(self, path: str, body: bytes) -> None:
        """Keep a post."""
        request = ExportTraceServiceRequest.FromString(body)
        with self._lock:
            self.posted_to.add(path)
            for each in request.resource_spans:
                about = {one.key: one.value.string_value for one in each.resource.attributes}
                for scope in each.scope_spans:
                    for span in scope.spans:
                        self._traces[span.trace_id][span.span_id] = (about["service.name"], span)

    def traces(self) -> list[dict[bytes, tuple[str, Span]]]:
        """The spans of each trace by their ids, with the process they come from."""
        with self._lock:
            return [dict(spans) for spans in self._traces.values()]


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port of this machine."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.path, self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)  # it listens from here on
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    collector.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
