"""What a site is made of: frozen types with their own invariants.

In: plain values. Out: Site and its parts, Decision, Diagnostic, and two number lines (addresses, traffic) with
their algebra. Everything here is a value; equal parts make equal wholes.
Never in it: I/O, the clock, the kernel, or an import of another room.
"""
