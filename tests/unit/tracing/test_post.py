import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from typing import NoReturn

import httpx
import pytest

from schemas.errors import Refused, SettingsError, Transient
from streams.tracing.post import Post


def posted(url: str, *answers: httpx.Response | Exception) -> list[httpx.Request]:
    """What is sent to a collector that answers so."""
    asked: list[httpx.Request] = []
    left = list(answers) or [httpx.Response(200)]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    Post(url, httpx.MockTransport(answer)).send(b"spans")
    return asked


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("http://tempo:4318/", "http://tempo:4318/v1/traces"),
        ("https://otlp.example/otlp/v1/traces", "https://otlp.example/otlp/v1/traces"),
    ],
)
def test_spans_are_posted_where_otlp_has_them_unless_the_address_says_otherwise(given: str, called: str):
    (request,) = posted(given)
    assert (request.method, str(request.url), request.content) == ("POST", called, b"spans")
    assert request.headers["content-type"] == "application/x-protobuf"


@pytest.mark.parametrize(
    "url",
    ["tempo:4318", "ftp://tempo", "https://user:secret@otlp.example", "https://user:secret/@otlp.example", "http://[::1",
     "https://user:12secret/@otlp.example", "https://otlp.example:key/?secret", "x"],
)  # fmt: skip
def test_an_address_that_cannot_be_called_is_said_at_the_start_and_no_secret_of_it(url: str):
    with pytest.raises(SettingsError, match="REVMARK_TRACES") as refused:
        Post(url)
    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    "answer", [httpx.Response(503), httpx.Response(302, headers={"location": "http://169.254.169.254/"}),
               httpx.ConnectError("no"), httpx.ReadTimeout("no")],
)  # fmt: skip
def test_whatever_is_not_taken_is_an_error_and_no_redirect_is_followed(answer: httpx.Response | Exception):
    with pytest.raises(Transient):
        posted("https://otlp.example", answer)


def test_without_tls_only_this_machine_and_its_network_are_called():
    with pytest.raises(Transient, match=r"public address"):
        Post("http://8.8.8.8:4318").send(b"spans")


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_metadata_service_is_never_called(scheme: str, host: str):
    with pytest.raises((Transient, Refused)):
        Post(f"{scheme}://{host}").send(b"spans")


def test_over_tls_a_name_that_leads_home_is_called_there():
    post = Post("https://127.0.0.1:1")
    for _ in range(2):
        with pytest.raises(Transient, match="ConnectError"):  # it went there, and nobody listens
            post.send(b"spans")


class Endless(httpx.AsyncByteStream):
    """An answer that never ends."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0)
            yield b"more"


def test_what_a_collector_answers_is_not_read_however_long_it_is():
    posted("http://127.0.0.1:4318", httpx.Response(200, stream=Endless()))  # it comes back


@pytest.mark.parametrize("over", ["a socket", "anything"])
def test_a_collector_that_takes_a_connection_and_says_nothing_is_given_up(over: str, monkeypatch: pytest.MonkeyPatch):
    async def silent(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    # Long enough for the connection to begin: one that is given up before leaves a coroutine that nobody has awaited.
    monkeypatch.setattr("streams.tracing.post.PATIENCE", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        post = Post(url, None if over == "a socket" else httpx.MockTransport(silent))
        with pytest.raises(Transient, match="did not take spans"):
            post.send(b"spans")


def test_a_name_is_looked_up_in_the_thread_that_posts_so_that_no_pool_is_waited_for_on_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
):
    asked_in = []

    def looked_up(*_: object, **__: object) -> NoReturn:
        asked_in.append(threading.current_thread())
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    with pytest.raises(Transient, match="ConnectError"):
        Post("https://otlp.example").send(b"spans")
    assert asked_in == [threading.current_thread()]
