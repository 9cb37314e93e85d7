"""The ladder of ``exepron doctor``: what a sync needs, from the settings up to each entity set.

Here: one file for each part of the ladder. Not here: printing (``cli/doctor.py``), and how anything works: each
rung uses the very functions that a sync uses.
"""
