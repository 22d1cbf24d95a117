"""The program that keeps a local cluster: `python -P …/head.py FOLDER CPUS`, beside a driver that has no other.

It starts the cluster, prints its address, and waits for the end of its standard input: the driver's end, however that
comes about. Then it takes the cluster down and removes all files of it. The driver itself could not: Ray's processes
die with the thread that started them, and when the driver is killed, some of them would stay.
"""

import shutil
import sys

import ray


def main(folder: str, cpus: str) -> None:
    """Keep a cluster with so many CPUs until the input ends."""
    ray.init(
        address="local",
        num_cpus=int(cpus),
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        _temp_dir=folder,
    )
    try:
        print(ray.get_runtime_context().gcs_address, flush=True)
        sys.stdin.read()
    finally:
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
