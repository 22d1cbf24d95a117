"""The program that ends what a driver leaves behind: `python -I -S …/guard.py`, one beside each local backend.

Its standard input is a pipe from the driver: "+PID" when a worker was started, "-PID" when one was collected. The end
of the input is the end of the driver, however that came about. The kernel has ended the workers themselves by then;
what their code had started is still in their process groups, and ends here.
"""

import contextlib
import os
import signal
import sys

groups: set[int] = set()
for line in sys.stdin:
    sign, pid = line[0], int(line[1:])
    if sign == "+":
        groups.add(pid)
    else:
        groups.discard(pid)
for group in groups:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
