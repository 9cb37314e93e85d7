"""The life of the simulated companies: people, networks, plans, working days.

Here belongs what happens in an account, day by day. Not here: how it is asked over HTTP (the modules
above) and where its rows are kept (``store.py``). The way in is ``portfolio.py``, one level up.

One day runs through ``day.py``: ``pipeline`` moves projects, ``execution`` works, ``bookings`` and ``setbacks``
draw the consequences, ``desk`` edits. ``plan`` and ``forecast`` hold the critical-chain arithmetic.
"""
