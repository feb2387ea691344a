"""The port on which Prometheus finds a registry."""

from prometheus_client import CollectorRegistry, start_http_server

from streams.engine.errors import PortRefused

__all__ = ["MetricsServer"]


class MetricsServer:
    """Serves a registry over HTTP from a thread of its own, until it is closed."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry) -> None:
        try:
            self._server, self._thread = start_http_server(port, host, registry)
        except OSError as error:
            raise PortRefused(
                f"Metrics cannot be served at {host}:{port}: {error.strerror or error}. Nothing was read or written. "
                "Give this worker a metrics port of its own (0 takes any that is free), or none."
            ) from error
        shown = f"[{host}]" if ":" in host else host
        self.address = f"http://{shown}:{self._server.server_port}/metrics"

    def close(self) -> None:
        """Stop serving; returns within half a second."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
