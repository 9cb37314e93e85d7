"""Decodes pages of keys: what else they hold is never kept, and shows that the service does not heed ``$select``."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa

from exepron_pipeline.errors import UnheededError
from exepron_pipeline.normalise.batches import DecodedPage, Decoder
from exepron_pipeline.normalise.contract import EXTRA


class KeysDecoder:
    """Calls a decoder of an entity set that has only the columns of key and cursor.

    Args:
        decoder: It.
        unasked: Fields of the whole set that were not asked for.

    """

    def __init__(self, decoder: Decoder, unasked: frozenset[str]) -> None:
        self._decode, self._unasked = decoder, unasked

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> DecodedPage:
        """Decode one page.

        Raises:
            ResponseError: The body is no list of records.
            UnheededError: The records hold fields that were not asked for.

        """
        page = self._decode(body, headers)
        if not self._unasked.isdisjoint(_names(page.table[EXTRA])):
            raise UnheededError("The service sends whole records where keys are asked for ($select).")
        return replace(page, table=page.table.drop_columns([EXTRA]))


def _names(extras: pa.ChunkedArray) -> list[str]:
    """Names of the first record's fields that are no columns."""
    found = extras.drop_null()
    return list(json.loads(found[0].as_py())) if len(found) else []
