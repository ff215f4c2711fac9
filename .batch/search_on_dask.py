"""Shards of a search on a Dask cluster.

    python search_on_dask.py SHARDS FOLDER COMMAND...

runs COMMAND --shard i/SHARDS for every i and leaves FOLDER/shard-i.json. Dask gives the shard of a worker that dies to
another one. Without an address in DASK_SCHEDULER_ADDRESS the cluster is this computer.
"""

import os
import subprocess
import sys
from pathlib import Path

from dask.distributed import Client, LocalCluster, wait


def search(index: int, count: int, folder: str, command: list[str]) -> str:
    done = subprocess.run([*command, "--shard", f"{index}/{count}"], check=True, stdout=subprocess.PIPE)
    path = Path(folder, f"shard-{index}.json")
    part = path.with_suffix(".part")
    part.write_bytes(done.stdout)
    part.rename(path)
    return str(path)


def main() -> None:
    count, folder, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    address = os.environ.get("DASK_SCHEDULER_ADDRESS")
    cluster = address or LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with Client(cluster) as client:
        shards = [
            client.submit(search, index, count, folder, command, pure=False, retries=2)
            for index in range(1, count + 1)
        ]
        wait(shards)
        for shard in shards:
            print(shard.result())


if __name__ == "__main__":
    main()
