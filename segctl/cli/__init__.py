"""The command line: parse, call, print.

In: arguments, the environment, standard input. Out: data on stdout, everything else on stderr, an exit code 0 to 5.
Every other room may be used from here, each command's module is loaded when that command is called.
Never in it: logic that another caller could want, or a traceback that nobody asked for.
"""
