"""One timed run of the course package's own ``simulate_wm``, for ``benchmark_bump.py``.

Runs in ``.venv-neurodynex3`` (see ``make_neurodynex3_bump.py``), with the package as it installs
from PyPI: its own equations, monitors and Brian2, in Brian2's Cython target. Voltages are recorded
of one cell of each population, the fewest that it allows.
"""

import argparse
import time

from make_neurodynex3_bump import SETTINGS, run
from turns import answer

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sim-time", type=float, default=0.8, help="seconds")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    job = SETTINGS | {"seed": arguments.seed, "sim_time_ms": 1000 * arguments.sim_time}
    began = time.perf_counter()
    result = run(job)  # a millisecond or two of this is the figures of the run
    answer({"seconds": time.perf_counter() - began} | result)
