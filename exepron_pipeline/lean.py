"""Programs without pandas: half a second less a run. Here: keeping it out. Not here: who needs it (``frames.py``)."""

import sys
from importlib.abc import MetaPathFinder


class _WithoutPandas(MetaPathFinder):
    """pyarrow loads pandas at its first Python list, and dataset, though neither needs it here."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        del path, target
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname, name=fullname)


def keep_out_pandas() -> None:
    """Let this process do without pandas: for programs that never hand out a data frame."""
    sys.meta_path.insert(0, _WithoutPandas())
