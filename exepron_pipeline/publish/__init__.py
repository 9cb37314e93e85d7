"""What analysts get: the snapshot, the same tables as Parquet, and the one way to open them.

Here: copying, leaving out, swapping, reading. Not here: what the tables hold (``land``, ``marts``).
"""
