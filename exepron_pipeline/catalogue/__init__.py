"""What Exepron offers: entity sets, their columns, keys, cursors and paths, with the evidence for each.

Here: one YAML format (the built-in ``exepron.yaml`` and a user's own file) and one typed model.
Not here: how a service is asked (``odata``, ``extract``), or what it turned out to offer.
"""

from exepron_pipeline.catalogue.load import load_catalogue
from exepron_pipeline.catalogue.model import Catalogue, Child, Column, EntitySet, Source

__all__ = ["Catalogue", "Child", "Column", "EntitySet", "Source", "load_catalogue"]
