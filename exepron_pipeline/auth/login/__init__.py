"""A person signs in: by browser, by pasting what a browser ended at, or on another device.

Here: the way from a question to tokens that may be believed. Not here: keeping them (``auth/keeper.py``), asking
for them (``auth/client.py``), the words on the terminal (``cli/login.py``).
"""
