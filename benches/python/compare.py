"""Runs both sides against one emulator and prints the ratios. Arguments: our Python, the official client's Python."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SECRET = "acs/ram/user/app"
RUNS = 9


def run(python: str, task: str, what: str, config: str, folder: str) -> str:
    """Run one task in a fresh process."""
    command = [python, str(HERE / task), what, config, SECRET]
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout


def seconds(command: list[str], folder: str) -> float:
    """Give how long a process takes from its start to its end."""
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def medians(commands: dict[str, list[str]], folder: str) -> dict[str, float]:
    """Time commands in turns, so that what disturbs one disturbs all."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            times[name].append(seconds(command, folder))
    return {name: statistics.median(all_of_it) for name, all_of_it in times.items()}


def compare(ours: str, official: str, folder: str) -> None:
    """Print a line for each promise."""
    # The official client takes relative names from the working directory.
    config = "on_the_cloud.properties"
    cached = float(run(ours, "kmsak_task.py", "cached", config, folder))
    cached_official = float(run(official, "official_task.py", "cached", config, folder))
    print(
        f"cached read     {cached * 1e9:9.0f} ns   official {cached_official * 1e9:9.0f} ns   "
        f"{cached_official / cached:5.1f} times faster (promised: 20)"
    )
    starts = medians(
        {
            "ours": [ours, str(HERE / "kmsak_task.py"), "first", config, SECRET],
            "official": [official, str(HERE / "official_task.py"), "first", config, SECRET],
        },
        folder,
    )
    print(
        f"first AccessKey {starts['ours'] * 1e3:9.0f} ms   official {starts['official'] * 1e3:9.0f} ms   "
        f"{starts['ours'] / starts['official']:5.2f} of its time (promised: 0.33)"
    )
    imports = medians({"empty": [ours, "-c", "pass"], "kmsak": [ours, "-c", "import kmsak"]}, folder)
    print(
        f"import kmsak    {(imports['kmsak'] - imports['empty']) * 1e3:9.1f} ms more than an empty interpreter "
        "(promised: 15)"
    )
    memory = int(run(ours, "kmsak_task.py", "memory", config, folder))
    memory_official = int(run(official, "official_task.py", "memory", config, folder))
    print(
        f"peak memory     {memory / 1024:9.1f} MiB  official {memory_official / 1024:9.1f} MiB  "
        f"{memory / memory_official:5.2f} of its memory (promised: 0.5)"
    )


def main() -> None:
    """Start the emulator and compare."""
    ours, official = sys.argv[1:]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [os.environ["KMSAK_BIN"], "emulator", "--dir", folder, "--test-keys"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as emulator,
    ):
        assert emulator.stdout is not None
        json.loads(emulator.stdout.readline())
        try:
            compare(ours, official, folder)
        finally:
            emulator.terminate()


if __name__ == "__main__":
    main()
