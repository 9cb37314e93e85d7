"""Arrow to DuckDB: one transaction holds rows, history, tombstones, counts, rejects and watermark.

Here: the writer's file, its tables and what changes them. Not here: where the rows come from
(``extract``, ``normalise``) and what analysts read (``marts``, ``publish``). Read ``landing.py`` first.
"""
