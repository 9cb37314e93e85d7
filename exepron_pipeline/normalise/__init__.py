"""Pages of bytes to Arrow tables that follow the contract, and records that do not fit set aside.

Here: types, values, nested lists, personal data. Not here: requests (``extract``) and tables (``land``).
"""

from exepron_pipeline.normalise.batches import DecodedPage, Decoder
from exepron_pipeline.normalise.personal import personal_key
from exepron_pipeline.normalise.records import Reject

__all__ = ["DecodedPage", "Decoder", "Reject", "personal_key"]
