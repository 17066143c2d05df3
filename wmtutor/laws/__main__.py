"""``python -m wmtutor.laws``: measure laws and write their trials where the book reads them."""

import argparse
import sys

from wmtutor.laws import ALL_LAWS, write_trials


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, measure the laws that it names, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m wmtutor.laws",
        description="Measure laws of both models; the book's tables are made by this command.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="laws to measure; default: all")
    parser.add_argument("--folder", default="book/data/laws", help="default: %(default)s")
    parser.add_argument("--jobs", type=int, default=-1, help="processes; default: one a core")
    parser.add_argument("--list", action="store_true", help="list the laws and stop")
    chosen = parser.parse_args(arguments)
    if chosen.list:
        for name, law in ALL_LAWS.items():
            print(f"{name:28} {law.question}")
        return 0
    unknown = [name for name in chosen.names if name not in ALL_LAWS]
    if unknown:
        parser.error(f"no law is called {unknown[0]!r}; choose from: {', '.join(ALL_LAWS)}")
    for name in chosen.names or ALL_LAWS:
        try:
            print(write_trials(name, chosen.folder, n_jobs=chosen.jobs))
        except (RuntimeError, ValueError) as problem:
            print(problem, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
