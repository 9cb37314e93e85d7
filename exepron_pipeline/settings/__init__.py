"""What a user may set. Here: names, defaults, checks of single values, and where values come from.

Not here: whether the service accepts them (``auth``, ``odata``), and what the entity sets are (``catalogue``).
"""

from exepron_pipeline.settings.connection import Connection, WebAddress
from exepron_pipeline.settings.load import load_settings
from exepron_pipeline.settings.model import Settings
from exepron_pipeline.settings.sources import is_configured

__all__ = ["Connection", "Settings", "WebAddress", "is_configured", "load_settings"]
