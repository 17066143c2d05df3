"""Run the chapters' notebooks from top to bottom, each in a folder of its own: ``make notebooks``.

The build has run the same cells, but inside the book. Here a notebook is what a reader downloads:
it lies somewhere, and has to find the rest itself.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import nbclient
import nbformat

BUILT = Path(__file__).parents[1] / "_build" / "html" / "_notebooks"


def run(path: Path, timeout: float = 900) -> float:
    """Run a notebook in an empty folder. Gives the seconds it took; raises what a cell raised."""
    notebook = nbformat.read(path, as_version=4)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="chapter-") as folder:
        nbclient.NotebookClient(
            notebook, timeout=timeout, resources={"metadata": {"path": folder}}
        ).execute()
    return time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="chapters, such as ring (default: all)")
    names = parser.parse_args().names
    # Bars and frozen modules' remarks would go to the terminal, between the times.
    os.environ.setdefault("TQDM_DISABLE", "1")
    paths = [BUILT / f"{name}.ipynb" for name in names] or sorted(BUILT.glob("*.ipynb"))
    if not paths:
        print(f"No notebooks in {BUILT}: run 'make book' first.", file=sys.stderr)
        return 2
    failed, total = [], 0.0
    for path in paths:
        try:
            seconds = run(path)
        except nbclient.exceptions.CellExecutionError as error:
            failed.append(path.stem)
            print(f"{path.stem:20} FAILED\n{error}", flush=True)
        else:
            total += seconds
            print(f"{path.stem:20} {seconds:6.1f} s", flush=True)
    print(f"{len(paths) - len(failed)} of {len(paths)} notebooks ran, in {total:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
