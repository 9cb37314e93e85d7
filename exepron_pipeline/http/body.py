"""Bodies: from the bytes on the wire to the bytes that were meant.

Here: gzip and the size limit. Not here: what a body says (``problems.py``, ``odata``). The HTTP library's
own decoder takes a gzip stream that ends too early for a whole one; this one does not.
"""

import zlib
from collections.abc import Iterable

from exepron_pipeline.errors import NetworkError, ResponseError

_GZIP_WINDOW = zlib.MAX_WBITS | 16


def read_body(chunks: Iterable[bytes], encoding: str, limit: int, place: str) -> bytes:
    """Return the decoded body.

    Args:
        chunks: The bytes of the body as they come.
        encoding: The header ``Content-Encoding``; only gzip is ever asked for.
        limit: Most bytes that a decoded body may have.
        place: The address, for messages.

    Raises:
        NetworkError: The gzip stream is broken or ends too early.
        ResponseError: The body is larger than ``limit``, or in another encoding.

    """
    if encoding in {"", "identity"}:
        return _joined(chunks, limit, place)
    if encoding in {"gzip", "x-gzip"}:
        try:
            return _joined(_inflated(chunks, limit, place), limit, place)
        except zlib.error as error:
            raise NetworkError(f"The compressed answer from {place} is broken ({error}).") from None
    raise ResponseError(f"The answer from {place} is encoded as {encoding!r}; only gzip was offered.")


def _joined(chunks: Iterable[bytes], limit: int, place: str) -> bytes:
    parts, size = [], 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > limit:
            hint = "Lower EXEPRON_PAGE_SIZE."
            raise ResponseError(
                f"The answer from {place} is larger than {limit >> 20} MiB, unpacked.", hint=hint
            )
    return b"".join(parts)


def _inflated(chunks: Iterable[bytes], limit: int, place: str) -> Iterable[bytes]:
    """Unpack gzip members, at most ``limit`` bytes and one at a time."""
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    begun = False
    for chunk in chunks:
        packed = chunk
        while packed:
            if inflater.eof:
                if not packed.strip(b"\0"):  # RFC 1952 lets zeros pad the last member
                    break
                inflater = zlib.decompressobj(_GZIP_WINDOW)
            begun = True
            yield inflater.decompress(packed, limit + 1)
            packed = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    if begun and not inflater.eof:
        raise NetworkError(f"The compressed answer from {place} ended too early.")
