"""The program of a local worker process: `python -P …/workers/bootstrap.py FD DRIVER_PID`.

It finds our own packages beside itself before the driver's `sys.path` counts: a folder of the user's may be called
`workers` or `tensor` too.
"""

import os.path
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120  (pathlib is slow)

from workers.process import main

main(sys.argv[1:])
