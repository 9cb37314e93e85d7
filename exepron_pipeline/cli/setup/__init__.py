"""What ``exepron init`` is made of: what is there already, the questions, and the test of each answer.

Here: one file for each. Not here: the command line (``cli/init.py``), how ``.env`` is written (``settings/dotenv.py``).
"""
