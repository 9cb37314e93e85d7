"""The spool: the one place between reading and landing. Pages are written into it as they arrive.

Each page is kept as Arrow until it is landed: landing streams it from here, so memory does not know how big
a set is, and a read that was interrupted goes on from here. Its raw bytes are kept for some days more, as
evidence for rejected records. Here: the files. Not here: what is noted of them (``notes.py``), and what a
page holds (``normalise``).

Nothing is flushed to the disk page by page: what a killed process wrote is there, and what a power cut tore
does not have its check sum, and is read again.
"""

import hashlib
import itertools
import shutil
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa

from exepron_pipeline.auth.private import private_folder
from exepron_pipeline.errors import TransientError, WarehouseError
from exepron_pipeline.extract.files import content_of, delete, name_of, sum_of, with_origin, write
from exepron_pipeline.extract.kept import Decoded, Kept, Refused
from exepron_pipeline.extract.notes import Noted, Notes
from exepron_pipeline.odata.spans import Span

FOLDER = "spool"
UNLANDED = "unlanded"
KEEP_DAYS = 7
"""So long raw pages are kept."""

CODEC, LEVEL, PACKED = "zstd", -3, "json.zst"
"""How raw pages are packed, and what they are called: a tenth less time than LZ4, and a tenth smaller."""

WORTH = 12
"""Pages, at least, of an interrupted read that is gone on with: of fewer the rest could not be cut evenly."""

_DAY = 86_400  # seconds


class Spool:
    """The pages of one read, for the owner only; safe to share between threads.

    Raw ones are under ``state/spool/<load_id>/<entity_set>/<account>/``; Arrow files and notes under
    ``state/spool/unlanded/<entity_set>/<account>/<load_id>/``, until they are landed.

    Args:
        state_dir: The state folder.
        load_id: Of the run.
        entity_set: Its name.
        account_id: Whose records.
        scope: What the records depend on besides the question; only under the same is a read gone on with.
        patience: So long after its beginning an interrupted read may be gone on with.

    """

    def __init__(
        self,
        state_dir: Path,
        load_id: str,
        entity_set: str,
        account_id: str,
        *,
        scope: str = "",
        patience: timedelta = timedelta(0),
    ) -> None:
        load, name, account = map(_quoted, (load_id, entity_set, account_id))
        self._root = state_dir / FOLDER
        self.folder = self._root / load / name / account
        self._reads = self._root / UNLANDED / name / account
        self._arrow = self._reads / load
        self._scope, self._patience = scope, patience
        self._lock = threading.Lock()
        self._notes: Notes | None = None
        self._numbers = itertools.count(1)
        self._is_empty = True

    # -- one page ------------------------------------------------------------------------------------

    def keep(self, page: Decoded, body: bytes | None = None, covers: Span | None = None) -> Kept:
        """Write a page.

        Args:
            page: As it was decoded.
            body: Its raw bytes; None where they must not be stored.
            covers: The keys that it answers for, where that is known.

        Raises:
            WarehouseError: The disk does not take it.

        """
        number, self._is_empty = next(self._numbers), False
        with _problems_told(self._root):
            private_folder(self._arrow)
            kept = Kept(
                number=number,
                reference=None if body is None else self._keep_raw(number, body),
                rows=page.rows,
                first_key=page.first_key,
                last_key=page.last_key,
                keys_ascending=page.keys_ascending,
                envelope=page.envelope,
                rejects=tuple(Refused(each.key, each.reason, each.position) for each in page.rejects),
                covers=covers,
                sums={
                    child: write(self.file(number, child), content_of(with_origin(table, number)))
                    for child, table in {"": page.table, **page.children}.items()
                },
                unknown=page.unknown,
            )
            with self._lock:
                if self._notes:
                    self._notes.add(kept)
        return kept

    def file(self, number: int, child: str = "") -> Path:
        """Where the records of a page are, or the items of one nested list."""
        return self._arrow / name_of(number, child)

    def table(self, number: int) -> pa.Table:
        """The records of a page."""
        with pa.memory_map(str(self.file(number))) as source:
            return pa.ipc.open_file(source).read_all()

    def _keep_raw(self, number: int, body: bytes) -> str:
        private_folder(self.folder)
        path = self.folder / f"{number:05}.{PACKED}"
        write(path, pa.Codec(CODEC, compression_level=LEVEL).compress(body))
        return str(path.relative_to(self._root))

    # -- one read ------------------------------------------------------------------------------------

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep what is read for the time of the block; afterwards it is landed, and goes.

        When something passing ends the block, or the process is ended, it stays for the next read to go on with.
        """
        try:
            yield
        except Exception as error:
            if not isinstance(error, TransientError):
                self._drop()
            raise
        else:
            self._drop()
            self._drop_left()
        finally:
            if self._notes:
                self._notes.close()
                self._notes = None

    def begin(self, question: str, now: datetime) -> Noted:
        """Begin to read, or go on where an interrupted read of the same question stopped.

        Args:
            question: What is asked, as text; empty when nobody is to go on with it.
            now: When; aware.

        Returns:
            The pages that are there already, mostly none, and since when this is read.

        Raises:
            WarehouseError: The disk does not take it.

        """
        digest = hashlib.sha256(f"{self._scope}\n{question}".encode()).hexdigest()
        with self._lock, _problems_told(self._root):
            found = self._taken_up(digest, now) if question and self._is_empty else None
            if found:
                return found
            self._notes = self._notes or self._made()
            if question and self._is_empty:
                self._notes.begin(digest, now)
            else:
                self._notes.forget()  # its pages answer several questions
        return Noted(digest, now, [])

    def _made(self) -> Notes:
        private_folder(self._arrow)
        try:
            return Notes.made(self._arrow)
        except FileNotFoundError:  # another process took it for a left one, as nothing was in it yet
            private_folder(self._arrow)
            return Notes.made(self._arrow)

    def _taken_up(self, digest: str, now: datetime) -> Noted | None:
        """Make the folder of an interrupted read our own."""
        for folder in self._others():
            notes = Notes.found(folder)
            if notes is None:
                continue
            noted = notes.read()
            if noted and noted.question == digest and self._is_good(noted, folder, now):
                self._drop()
                folder.rename(self._arrow)
                self._notes = notes
                self._numbers = itertools.count(max(page.number for page in noted.pages) + 1)
                return noted
            notes.close()
        return None

    def _is_good(self, noted: Noted, folder: Path, now: datetime) -> bool:
        """True when it is young, of some length, all by key, and as it was written."""
        is_young = timedelta(0) <= now - noted.since <= self._patience
        can = len(noted.pages) >= WORTH and all(page.covers for page in noted.pages)
        return (
            is_young
            and can
            and all(
                sum_of(folder / name_of(page.number, child)) == known
                for page in noted.pages
                for child, known in page.sums.items()
            )
        )

    def _others(self) -> list[Path]:
        found = sorted(self._reads.iterdir()) if self._reads.is_dir() else []
        return [folder for folder in found if folder != self._arrow]

    def _drop(self) -> None:
        delete(self._arrow)
        if self._notes:
            self._notes.close()
            self._notes = None

    def _drop_left(self) -> None:
        """Delete what interrupted reads left that nobody went on with."""
        for folder in self._others():
            notes = Notes.found(folder)
            if notes:
                delete(folder)
                notes.close()
            else:
                with suppress(
                    OSError
                ):  # killed before it had notes, or after they were deleted; else not empty
                    folder.rmdir()


def open_page(state_dir: Path, reference: str) -> bytes:
    """Return a raw page; FileNotFoundError once it has been dropped."""
    return _unpacked(state_dir / FOLDER / reference)


def has_page(state_dir: Path, reference: str) -> bool:
    """Tell whether a raw page is still there."""
    return (state_dir / FOLDER / reference).exists()


def drop_old(state_dir: Path, days: float = KEEP_DAYS) -> int:
    """Delete the raw pages of loads that are older than ``days``, and what was never landed; return how many loads went."""
    root, limit = state_dir / FOLDER, time.time() - days * _DAY
    found = [folder for folder in root.glob("*") if folder.name != UNLANDED]
    old = [folder for folder in (*found, *root.glob(f"{UNLANDED}/*/*/*")) if folder.stat().st_mtime < limit]
    for folder in old:
        shutil.rmtree(folder)
    return sum(folder.parent == root for folder in old)


def drop_pages(state_dir: Path, entity_sets: Collection[str], texts: Collection[bytes]) -> int:
    """Delete what may name somebody: reads that were not landed, and raw pages; return how many pages went.

    Args:
        state_dir: The state folder.
        entity_sets: Whose pages go, all of them.
        texts: Pages of other entity sets go when one of these is in their bytes.

    """
    root = state_dir / FOLDER
    with _problems_told(root):
        for notes in root.glob(f"{UNLANDED}/*/*/*/"):
            shutil.rmtree(notes)
        named = {_quoted(each) for each in entity_sets}
        going = [
            page
            for page in root.glob(f"*/*/*/*.{PACKED}")
            if page.parts[-3] in named or any(text in _unpacked(page) for text in texts)
        ]
        for page in going:
            page.unlink()
    return len(going)


def _unpacked(page: Path) -> bytes:
    with pa.input_stream(page, compression=CODEC) as stream:
        return bytes(stream.read())


def _quoted(name: str) -> str:
    return quote(name, safe="").replace(".", "%2E")


@contextmanager
def _problems_told(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = "Check the owner of the data folder and the free space."
        where = error.filename or root
        raise WarehouseError(f"{where} cannot be written ({error.strerror}).", hint=hint) from error
