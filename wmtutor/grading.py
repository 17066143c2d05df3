"""What grading adds to nbgrader: cells put right, submissions contained, points for evidence.

The settings of a course made by ``make course`` name the two steps of this module. It needs
nbgrader, which nothing else in the package does.

:class:`RestoreCells` trusts nothing that a submission says about its own cells. In nbgrader (0.9.6)
a test cell that was pasted twice, or metadata of another version, ends the grading of the class.

:class:`ContainedExecute` runs a submission. nbgrader gives a test cell all its points unless an
error shows in its output. A cell that never ran shows none: one tag is enough, or a kernel that has
gone. Here a test cell that does not say "Correct." is an error.

A submission runs with the rights of whoever grades. Where bubblewrap is installed (``bwrap``,
Linux), its kernel sees the file system read-only but for the folder of the submission, a ``/tmp``
of its own, no other submission, no gradebook, no other process. Where ``prlimit`` is, memory and
file sizes have limits; without it the step says so in nbgrader's log.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from nbgrader.api import Gradebook
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution
from traitlets import Bool, Integer, Unicode

__all__ = ["ContainedExecute", "ContainedKernelManager", "RestoreCells"]


class RestoreCells(NbGraderPreprocessor):
    """Gives each cell of a submission the metadata of the assignment, and adds lost test cells.

    To be run before nbgrader's ``OverwriteCells``, which puts the sources of locked cells right.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Look up what the gradebook knows of each cell by its name."""
        told = resources["nbgrader"]
        with Gradebook(told["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(told["notebook"], told["assignment"])
            points = {cell.name: cell.max_score for cell in notebook.grade_cells}
            solutions = {cell.name for cell in notebook.solution_cells}
            known = {
                cell.name: {
                    "schema_version": 3,
                    "grade_id": cell.name,
                    "cell_type": cell.cell_type,
                    "checksum": cell.checksum,
                    "grade": cell.name in points,
                    "solution": cell.name in solutions,
                    "locked": cell.locked,
                    "task": False,
                    **({"points": points[cell.name]} if cell.name in points else {}),
                }
                for cell in notebook.source_cells
            }
            sources = {cell.name: cell.source for cell in notebook.source_cells}
        seen = set()
        for cell in nb.cells:
            claimed = cell.metadata.pop("nbgrader", None)
            name = claimed.get("grade_id") if isinstance(claimed, dict) else None
            if isinstance(name, str) and name in known and name not in seen:
                cell.metadata = NotebookNode(nbgrader=NotebookNode(known[name]))
                seen.add(name)
        self._add_lost_tests(nb, known, sources)
        return nb, resources

    def _add_lost_tests(
        self, nb: NotebookNode, known: dict[str, dict[str, Any]], sources: dict[str, str]
    ) -> None:
        place = 0
        for name, metadata in known.items():
            places = [
                index
                for index, cell in enumerate(nb.cells)
                if cell.metadata.get("nbgrader", {}).get("grade_id") == name
            ]
            if places:
                place = places[0] + 1
            elif metadata["grade"] and metadata["locked"]:
                self.log.warning("test cell %s was missing; it is put back", name)
                cell = new_code_cell(sources[name])
                cell.metadata = NotebookNode(nbgrader=NotebookNode(metadata))
                nb.cells.insert(place, cell)
                place += 1


class ContainedKernelManager(AsyncKernelManager):
    """Starts a kernel in a sandbox of bubblewrap and under the limits of prlimit."""

    hidden_folder = ""
    sandbox = False
    memory_limit = 0
    file_limit = 0

    async def _async_pre_start_kernel(self, **arguments: Any) -> tuple[list[str], dict[str, Any]]:
        command, arguments = await super()._async_pre_start_kernel(**arguments)
        folder = Path(arguments.get("cwd") or os.getcwd()).resolve()
        return [*self._limits(), *self._walls(folder), *command], arguments

    def _limits(self) -> list[str]:
        if not shutil.which("prlimit"):
            self.log.warning("prlimit is not installed: no limit of memory or file size")
            return []
        return [
            "prlimit", f"--as={self.memory_limit}", f"--fsize={self.file_limit}", "--core=0", "--",
        ]  # fmt: skip

    def _walls(self, folder: Path) -> list[str]:
        if not self.sandbox:
            self.log.warning("submissions run without a sandbox, with all rights of this account")
            return []
        if not shutil.which("bwrap"):
            raise RuntimeError(
                "bubblewrap (bwrap) is not installed, and without it a submission can write "
                "wherever this account can. Install it, grade in a container, or set "
                "c.ContainedExecute.sandbox = False in nbgrader_config.py."
            )
        connection = Path(self.connection_file).resolve()
        walls = [
            # An interrupt is for the kernel, which asks for it; bubblewrap would end by it.
            "env", "--ignore-signal=INT",
            "bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
            "--tmpfs", "/tmp", "--tmpfs", "/var/tmp", "--tmpfs", "/run",
            "--unshare-pid", "--unshare-ipc", "--die-with-parent",
            # In its own world of processes the kernel would take its parent for dead.
            "--unsetenv", "JPY_PARENT_PID",
        ]  # fmt: skip
        if self.hidden_folder:
            walls += ["--tmpfs", self.hidden_folder]
        # What lies in a folder that is hidden by now, but must be seen.
        for path in dict.fromkeys((Path(sys.prefix), Path(__file__).parents[1], connection.parent)):
            walls += ["--ro-bind", str(path), str(path)]
        walls += ["--bind", str(folder), str(folder), "--chdir", str(folder)]
        walls += ["--setenv", "HOME", "/tmp", "--setenv", "MPLCONFIGDIR", "/tmp/matplotlib"]
        walls += ["--setenv", "IPYTHONDIR", "/tmp/ipython"]
        # Compiled simulators: a copy, so that nobody compiles for half a minute or changes ours.
        for cache in Path(__file__).parent.glob("**/__pycache__"):
            copy = Path(tempfile.mkdtemp(prefix="cache-", dir=self._scratch()))
            shutil.copytree(cache, copy, dirs_exist_ok=True)
            walls += ["--bind", str(copy), str(cache)]
        return [*walls, "--"]

    def _scratch(self) -> str:
        if not hasattr(self, "_scratch_folder"):
            self._scratch_folder = tempfile.TemporaryDirectory(prefix="wmtutor-grading-")
        return self._scratch_folder.name


class ContainedExecute(Execute):
    """nbgrader's step of running a submission, contained, with points for evidence alone."""

    sandbox = Bool(True, help="Run each kernel in a sandbox of bubblewrap.").tag(config=True)
    hidden_folder = Unicode(
        "", help="A course, in which a submission sees nothing but its own folder."
    ).tag(config=True)
    memory_limit = Integer(6 * 1024**3, help="Bytes of address space of a kernel.").tag(config=True)
    file_limit = Integer(100 * 1024**2, help="Bytes of a file that it writes.").tag(config=True)
    timeout = Integer(300, help="Seconds for a cell.", allow_none=True).tag(config=True)

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        limits = {
            "sandbox": self.sandbox,
            "hidden_folder": self.hidden_folder,
            "memory_limit": self.memory_limit,
            "file_limit": self.file_limit,
        }
        self.kernel_manager_class = type("KernelManager", (ContainedKernelManager,), limits)

    def preprocess(
        self, nb: NotebookNode, resources: Any = None, km: Any = None
    ) -> tuple[NotebookNode, Any]:
        """Run the notebook; see to it that only what was found correct can earn points."""
        try:
            super().preprocess(nb, resources, km)
        except DeadKernelError:
            self.log.warning("the kernel ended before the notebook did; later cells earn nothing")
        for cell in nb.cells:
            if cell.cell_type == "code" and is_grade(cell) and not is_solution(cell):
                self._ask_for_evidence(cell)
        return nb, resources

    def _ask_for_evidence(self, cell: NotebookNode) -> None:
        for output in cell.outputs:
            if output.output_type == "error":
                return
            text = output.get("data", {}).get("text/plain", "")
            if output.output_type == "execute_result" and text.startswith("Correct. "):
                # As a display: nbgrader looks for a number of points in results.
                output.output_type = "display_data"
                del output["execution_count"]
                return
        reason = "this test did not run to its end, so it earns nothing"
        cell.outputs = [new_output("error", ename="NoEvidence", evalue=reason, traceback=[reason])]
