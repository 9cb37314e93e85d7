"""Files of the spool: Arrow tables that know where each row came from, check sums, and reading them as one stream.

Not here: which there are (``spool.py``).
"""

import os
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path

import pyarrow as pa

from exepron_pipeline.extract.notes import FILE as NOTES

PAGE, ARRIVED = "_page", "_arrived"
"""Columns of ours in kept tables: the number of the page, and a number of the row that grows with arrival."""

_ROWS_OF_A_PAGE = 2**32


def with_origin(table: pa.Table, number: int) -> pa.Table:
    """Add the columns ``_page`` and ``_arrived`` to a page's table."""
    rows, begin = table.num_rows, number * _ROWS_OF_A_PAGE
    numbered = table.append_column(PAGE, pa.repeat(pa.scalar(number, pa.int64()), rows))
    return numbered.append_column(ARRIVED, pa.arange(begin, begin + rows))


class Files:
    """Files of one schema as one table that whoever takes Arrow's streams can scan again and again.

    Only the file just scanned is in memory. Arrow's own data sets read ahead, by numbers of files and not of bytes:
    of a million rows that is half a gigabyte.

    Args:
        paths: The files, at least one.

    Raises:
        OSError: The first one cannot be read.

    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = self._shown = sorted(paths, key=_number)
        with pa.OSFile(str(paths[0])) as file:
            self.schema: pa.Schema = pa.ipc.open_file(file).schema

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Begin to scan, in the terms of Arrow's PyCapsule interface."""
        return pa.RecordBatchReader.from_batches(self.schema, self._batches()).__arrow_c_stream__(
            requested_schema
        )

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for path in self._shown:
            with pa.OSFile(str(path)) as file:
                reader = pa.ipc.open_file(file)
                yield from map(reader.get_batch, range(reader.num_record_batches))

    def slices(self, size: int) -> Iterator[tuple[int, int]]:
        """Show a few files at a time, until the next ones are asked for; afterwards all again.

        Args:
            size: Bytes of the files that are shown at once, unless a single one has more.

        Yields:
            The numbers of the first and the last page that are shown.

        """
        ends = list(accumulate((path.stat().st_size for path in self._paths), initial=0))
        begin = 0
        try:
            while begin < len(self._paths):
                end = max(begin + 1, bisect_right(ends, ends[begin] + size) - 1)
                self._shown, begin = self._paths[begin:end], end
                yield _number(self._shown[0]), _number(self._shown[-1])
        finally:
            self._shown = self._paths


def _number(path: Path) -> int:
    return int(path.name.partition(".")[0])


def name_of(number: int, child: str) -> str:
    """Name of the file of a page's records, or of the items of one nested list."""
    return f"{number:05}{'.' if child else ''}{child}.arrow"


def content_of(table: pa.Table) -> pa.Buffer:
    """A table as the content of a file; not packed, for it lives for seconds and is read three times."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def write(path: Path, content: pa.Buffer) -> int:
    """Write a file of mode 0600; return its check sum."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return zlib.crc32(content)


def sum_of(path: Path) -> int | None:
    """The check sum of a file; None when it cannot be read."""
    try:
        return zlib.crc32(path.read_bytes())
    except OSError:
        return None


def delete(folder: Path) -> None:
    """Delete a read, its notes last: as long as they are there, others can tell that it is over."""
    with suppress(OSError):  # what stays is deleted with the next read, or as an old one
        for path in sorted(folder.iterdir(), key=lambda path: path.name == NOTES):
            path.unlink()
        folder.rmdir()
