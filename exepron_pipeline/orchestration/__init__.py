"""Dagster, and nothing but Dagster: thin adapters over ``sync``, ``marts`` and ``publish``.

Here: assets, checks, jobs, schedules, sensors. Not here: any knowledge of the API or the warehouse;
the engine below never hears of Dagster.
"""
