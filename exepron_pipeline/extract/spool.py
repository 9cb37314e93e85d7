"""Raw pages as they came, for a while: evidence for rejected records. Not here: what is in them."""

import itertools
import os
import shutil
import time
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa

from exepron_pipeline.auth.private import private_folder
from exepron_pipeline.errors import WarehouseError

FOLDER = "spool"
_PACKED = "lz4"  # an eighth of the time of gzip's fastest, which would cost more than decoding does
_DAY = 86_400  # seconds


class Spool:
    """The pages of one read, under ``state/spool/<load_id>/<entity_set>/<account>/``, for the owner only.

    Safe to share between threads.

    Args:
        state_dir: The state folder.
        load_id: Of the run.
        entity_set: Its name.
        account_id: Whose records.

    """

    def __init__(self, state_dir: Path, load_id: str, entity_set: str, account_id: str) -> None:
        self._root = state_dir / FOLDER
        names = (quote(name, safe="").replace(".", "%2E") for name in (load_id, entity_set, account_id))
        self.folder = self._root.joinpath(*names)
        self._numbers = itertools.count(1)

    def keep(self, body: bytes) -> str:
        """Write a page and return its reference: the file's path below the spool.

        Raises:
            WarehouseError: The disk does not take it.

        """
        path = self.folder / f"{next(self._numbers):05}.json.{_PACKED}"
        try:
            private_folder(self.folder)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(pa.Codec(_PACKED).compress(body, asbytes=True))
        except OSError as error:
            hint = "Check the owner of the data folder and the free space."
            raise WarehouseError(f"{path} cannot be written ({error.strerror}).", hint=hint) from error
        return str(path.relative_to(self._root))


def open_page(state_dir: Path, reference: str) -> bytes:
    """Return a kept page; FileNotFoundError once it has been dropped."""
    with pa.input_stream(state_dir / FOLDER / reference, compression=_PACKED) as stream:
        return bytes(stream.read())


def drop_old(state_dir: Path, days: float) -> int:
    """Delete the pages of loads that are older than ``days``; return how many loads went."""
    root, limit = state_dir / FOLDER, time.time() - days * _DAY
    folders = [folder for folder in root.iterdir() if folder.is_dir()] if root.is_dir() else []
    old = [folder for folder in folders if folder.stat().st_mtime < limit]
    for folder in old:
        shutil.rmtree(folder)
    return len(old)
