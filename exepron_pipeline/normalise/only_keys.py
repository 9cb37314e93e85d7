"""Decodes pages of keys: what else they hold is never kept, and shows that the service does not heed ``$select``."""

from collections.abc import Mapping
from dataclasses import replace

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
        if not self._unasked.isdisjoint(name.partition(".")[0] for name in page.unknown):
            raise UnheededError("The service sends whole records where keys are asked for ($select).")
        return replace(page, table=page.table.drop_columns([EXTRA]), unknown={})
