"""Faults that damage a good answer on its way.

Here belongs what happens to bytes. Not here: what they mean (``pages.py``, ``values.py``).
"""

import asyncio
import gzip
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from exepron_pipeline.sandbox.exchange import Exchange
from exepron_pipeline.sandbox.faults.fault import Fault
from exepron_pipeline.sandbox.identity.subjects import Visit

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_DRIPS, _PAUSE = 20, 0.1


class _CutOff(Response):
    """Promises all bytes, sends half of them, and hangs up."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = self.body[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


class _Dripping(Response):
    """Sends its bytes in small parts, with pauses: two seconds in all."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        step = len(self.body) // _DRIPS + 1
        for start in range(0, len(self.body), step):
            part = bytes(self.body[start : start + step])
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(_PAUSE)
        await send({"type": "http.response.body", "body": b""})


def _sent_by(kind: type[Response]) -> Callable[[Exchange | Visit], None]:
    def act(subject: Exchange | Visit) -> None:
        if subject.response is not None:
            subject.response = kind(subject.response.body, media_type="application/json")

    return act


def _changed(change: Callable[[bytes], bytes], **headers: str) -> Callable[[Exchange], None]:
    def act(exchange: Exchange) -> None:
        if exchange.response is not None:
            body = change(bytes(exchange.response.body))
            exchange.response = Response(body, headers=headers, media_type="application/json; charset=utf-8")

    return act


def _broken_gzip(body: bytes) -> bytes:
    packed = gzip.compress(body)
    return packed[: len(packed) // 2] + b"\x00" * 16


def _is_refreshed(visit: Visit) -> bool:
    return visit.grant == "refresh_token" and visit.response is not None and visit.response.status_code == 200


FAULTS = (
    Fault("connection-cut", "the connection ends in mid-body", "response", _sent_by(_CutOff), when="2"),
    Fault(
        "truncated-json", "the body ends in mid-document, and its length says so", "response",
        _changed(lambda body: body[: len(body) // 2]), lambda exchange: len(exchange.response.body) > 1, when="2",
    ),
    Fault(
        "broken-gzip", "a compressed body that cannot be unpacked", "response",
        _changed(_broken_gzip, **{"Content-Encoding": "gzip"}), when="2",
    ),
    Fault("byte-order-mark", "a byte order mark before the JSON", "response", _changed(_BYTE_ORDER_MARK.__add__)),
    Fault("slow-answer", "the body comes in small parts over two seconds", "response", _sent_by(_Dripping), when="2"),
    Fault(
        "refresh-answer-lost", "a refresh token is rotated, and the answer with the new one never arrives", "answer",
        _sent_by(_CutOff), _is_refreshed, when="1",
    ),
)  # fmt: skip
