"""The programs that are measured, one file each, each run in an environment of its own. Not here: measuring."""
