"""Let programs in processes and environments of their own take turns at running a trial.

Plain Python, so that any peer can import it. A peer that can run many trials in one process calls
:func:`serve`; whoever times it makes a :class:`Peer` and asks for one trial at a time, and in
between the peer's process sleeps. A peer that needs a new process for each trial calls
:func:`answer`, and :func:`one_trial` runs it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence

__all__ = ["Peer", "answer", "one_trial", "serve"]

_MARK = "turn: "  # what packages print by themselves does not begin like this


def answer(result: dict) -> None:
    """Hand a result to whoever asked for it."""
    print(_MARK + json.dumps(result), flush=True)


def serve(trial: Callable[[], dict], about: dict) -> None:
    """Say what was set up, then run a trial for each line of the standard input."""
    answer(about)
    for _ in sys.stdin:
        answer(trial())


def one_trial(command: Sequence[str]) -> dict:
    """What a program that runs one trial answers."""
    peer = Peer(command)
    peer.close()
    return peer.about


class Peer:
    """A program that waits to be asked for trials; ``about`` is what it says of its set-up."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.about = self._answer()

    def trial(self) -> dict:
        """Have it run one trial."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        self._process.communicate()

    def _answer(self) -> dict:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(_MARK):
                return json.loads(line.removeprefix(_MARK))
        _, errors = self._process.communicate()
        raise RuntimeError(f"{self._process.args} ended:\n{errors}")
