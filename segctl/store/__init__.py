"""What lasts on disk between two runs. So far: answers on a site that hasn't changed.

In: plain values and a folder of ours. Out: what was kept, or nothing. Files are their user's alone, written whole
or not at all, and never followed through links; what can't be read back is as if it had never been kept.
Never in it: what the values mean, the kernel, a place outside that folder.
"""
