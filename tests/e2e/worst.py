"""What clients that mean no good have in common.

    SCRIPT ACTION PORT USER PASSWORD READY UNTIL [ARGUMENT…]

Each does its worst, makes the file READY, holds on until the file UNTIL is
there, and prints what it saw on one line.
"""
import os
import sys
import time

PATIENCE = 180
action, port, user, password, ready, until, *arguments = sys.argv[1:]


def hold(meanwhile=None):
    end = time.monotonic() + PATIENCE
    open(ready, "w").close()
    while not os.path.exists(until) and time.monotonic() < end:
        if meanwhile:
            meanwhile()
        else:
            time.sleep(0.05)
