"""The command line: one small file for each verb, over the same functions that Python users call.

Here: arguments, what is printed, exit codes. Not here: any work. Each verb imports what it needs when
it runs, so that ``exepron --help`` stays quick.
"""
