"""Run a learner's function where it can do no harm: in a child process, with limits.

The child is a fork of this process, so the function finds all the names of its notebook. What it
prints, changes, patches, allocates or ends is the child's. Numbers alone come back, as bytes.
Where there is no fork (Windows, a browser) the function runs in this process, without the limits.
"""

import builtins
import contextlib
import faulthandler
import io
import json
import os
import select
import signal
import struct
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["LONGEST", "MEMORY_LIMIT", "run_contained"]

#: Bytes that a function may take beyond what the notebook has already.
MEMORY_LIMIT = 2 * 1024**3
#: No function may take longer, whatever its question allows (seconds).
LONGEST = 120.0
#: Bytes that a function may write to a file.
_FILE_LIMIT = 100 * 1024**2
#: Bytes of an answer; far more than any question asks for.
_ANSWER_LIMIT = 512 * 1024**2
_MOST_FILES = 1 << 20

Message = dict[str, Any]


def run_contained(work: Callable[[int], Message], number: int, seconds: float) -> list[Message]:
    """Do pieces of work that a learner's function has a part in; no piece reaches this process.

    Parameters
    ----------
    work : callable
        Called as ``work(index)`` in the child. It returns a JSON dictionary with the key ``kind``,
        and an array of float under ``values`` if there is one. It should raise nothing.
    number : int
        Of pieces; the first is 0.
    seconds : float
        For all of them together.

    Returns
    -------
    list of dict
        One for each piece done. If the child came to an end before the last, the list ends with a
        message of the kind "time" (out of time) or "ended" (the process was ended).
    """
    if not hasattr(os, "fork") or sys.platform == "darwin":  # fork is unsafe on macOS
        return [_quietly(work, index) for index in range(number)]
    reading, writing = os.pipe()
    sys.stdout.flush()
    with warnings.catch_warnings():
        # Python 3.12 warns that other threads do not live on in the child. None is needed there.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _be_the_child(work, number, writing)
    os.close(writing)
    try:
        return _receive(reading, number, time.monotonic() + min(seconds, LONGEST))
    finally:
        os.close(reading)
        # The whole group: the function may have started processes of its own.
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(OSError):
                kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _quietly(work: Callable[[int], Message], index: int) -> Message:
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        return work(index)


def _be_the_child(work: Callable[[int], Message], number: int, writing: int) -> None:
    # os._exit whatever happens: this is a copy of the notebook's process, and must not live on.
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        # The notebook's files and connections are its own: whoever writes there speaks for it.
        os.closerange(3, writing)
        os.closerange(writing + 1, _MOST_FILES)
        sys.stdin = open(os.devnull)  # noqa: SIM115
        builtins.input = _no_input
        faulthandler.disable()  # what ends here is no fault of ours to report
        _limit()
        send, pack = os.write, struct.pack  # before the function can replace them
        for index in range(number):
            message = _quietly(work, index)
            values = message.pop("values", None)
            body = b"" if values is None else np.ascontiguousarray(values, dtype="<f8").tobytes()
            head = json.dumps(message).encode()
            _write_all(send, writing, pack("<QQ", len(head), len(body)) + head + body)
    finally:
        os._exit(0)


def _no_input(*prompt: Any) -> str:
    raise EOFError("nobody is there to answer input()")


def _limit() -> None:
    import resource

    with contextlib.suppress(OSError, ValueError):
        with open("/proc/self/statm") as statm:
            present = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (present + MEMORY_LIMIT,) * 2)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_LIMIT,) * 2)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _write_all(send: Callable[[int, bytes], int], writing: int, data: bytes) -> None:
    done = 0
    while done < len(data):
        done += send(writing, data[done : done + (1 << 16)])


def _receive(reading: int, number: int, deadline: float) -> list[Message]:
    messages: list[Message] = []
    try:
        while len(messages) < number:
            head_size, body_size = struct.unpack("<QQ", _read(reading, 16, deadline))
            if head_size + body_size > _ANSWER_LIMIT:
                raise EOFError
            message = json.loads(_read(reading, head_size, deadline))
            body = _read(reading, body_size, deadline)
            if body:
                message["values"] = np.frombuffer(body, dtype="<f8").copy()
            messages.append(message)
    except TimeoutError:
        messages.append({"kind": "time"})
    except (EOFError, ValueError):
        messages.append({"kind": "ended"})
    return messages


def _read(reading: int, size: int, deadline: float) -> bytes:
    pieces: list[bytes] = []
    while size > 0:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([reading], [], [], left)[0]:
            raise TimeoutError
        piece = os.read(reading, min(size, 1 << 20))
        if not piece:
            raise EOFError
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
