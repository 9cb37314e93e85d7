"""Forgetting a person: every place of the data folder that may name them. Read ``steps.py`` first.

Here: what is stored. Not here: what comes again later (`exepron_pipeline.normalise.forgotten`).
"""

from exepron_pipeline.publish.forget.steps import Erased, forget

__all__ = ["Erased", "forget"]
