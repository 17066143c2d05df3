"""A network with its random connections: build it, look at its weights, keep it in a file."""

import dataclasses
import difflib
import functools
import inspect
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from wmtutor._validation import check_seed
from wmtutor.flexible.parameters import TOTAL_WEIGHT, NetworkParameters, ring_weight_profile

__all__ = ["FlexibleNetwork", "build_network", "load_network"]

#: Changes when a file written before can no longer be read.
FILE_FORMAT = "wmtutor flexible network 1"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FlexibleNetwork(NetworkParameters):
    """A network of rings and a random layer: its parameters and who is connected to whom.

    Made by :func:`build_network`. It has the attributes of :class:`NetworkParameters` and those
    below. Weights are kept as a mask, a gain and an offset per target; the methods write them out.

    Attributes
    ----------
    mask : ndarray of uint8, shape (N_rings * N_sensory, N_random)
        1 where a sensory and a random cell are connected. Cell ``k`` of ring ``r`` has row
        ``r * N_sensory + k``. Used both ways.
    ring_profile : ndarray of float, shape (N_sensory,)
        Weights from cell 0 of a ring to all cells of that ring.
    """

    mask: np.ndarray

    def __post_init__(self) -> None:
        super().__post_init__()
        given = np.asarray(self.mask)
        if given.shape != (self.N_sensory_total, self.N_random):
            raise ValueError(
                f"mask: has shape {given.shape}, but {self.N_rings} rings of {self.N_sensory} "
                f"cells and {self.N_random} random cells need "
                f"{(self.N_sensory_total, self.N_random)}"
            )
        if given.dtype != bool and not ((given == 0) | (given == 1)).all():
            raise ValueError("mask: expected zeros and ones")
        mask = np.array(given, dtype=np.uint8, order="C")
        mask.flags.writeable = False
        object.__setattr__(self, "mask", mask)

    @property
    def N_sensory_total(self) -> int:
        """Number of sensory cells of all rings."""
        return self.N_rings * self.N_sensory

    @property
    def parameters(self) -> NetworkParameters:
        """The parameters without the connections."""
        return NetworkParameters(**self._values())

    def _values(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(NetworkParameters)}

    @cached_property
    def ring_profile(self) -> np.ndarray:
        profile = ring_weight_profile(
            self.N_sensory,
            baseline=self.ring_baseline,
            excit_weight=self.ring_excit_weight,
            excit_kappa=self.ring_excit_kappa,
            inhib_weight=self.ring_inhib_weight,
            inhib_kappa=self.ring_inhib_kappa,
            self_excitation=self.self_excitation,
        )
        profile.flags.writeable = False
        return profile

    @cached_property
    def mask_by_random(self) -> np.ndarray:
        """The mask with a row for each random cell; shape (N_random, N_rings * N_sensory)."""
        mask = np.ascontiguousarray(self.mask.T)
        mask.flags.writeable = False
        return mask

    def _gain_and_offset(
        self, connections: np.ndarray, strength: float, balance: float, sources: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Weights are ``gain * mask + offset``, both one number for each target.

        A target without connections has no weights at all: there is nothing to share or balance.
        """
        connected = connections > 0
        gain = np.where(
            connected, TOTAL_WEIGHT * strength / np.where(connected, connections, 1), 0.0
        )
        offset = np.where(connected, balance * TOTAL_WEIGHT * strength / max(sources, 1), 0.0)
        return gain, offset

    @cached_property
    def feedforward_gain_and_offset(self) -> tuple[np.ndarray, np.ndarray]:
        """What a connection and the balance give to each random cell; shape (N_random,) each."""
        connections = self.mask.sum(axis=0, dtype=np.int64)
        return self._gain_and_offset(connections, self.alpha, self.balance_ff, self.N_sensory_total)

    @cached_property
    def feedback_gain_and_offset(self) -> tuple[np.ndarray, np.ndarray]:
        """The same for the sensory cells; shape (N_rings * N_sensory,) each."""
        connections = self.mask.sum(axis=1, dtype=np.int64)
        return self._gain_and_offset(connections, self.beta, self.balance_fb, self.N_random)

    def ring_weights(self) -> np.ndarray:
        """The weights within a ring, which are the same for all rings.

        Returns
        -------
        ndarray of float, shape (N_sensory, N_sensory)
            Row: the cell that fires; column: its target.

        Examples
        --------
        >>> weights = build_network(seed=1).ring_weights()
        >>> bool((weights == weights.T).all()), float(abs(np.diag(weights)).max())
        (True, 0.0)
        """
        k = np.arange(self.N_sensory)
        return self.ring_profile[(k[np.newaxis, :] - k[:, np.newaxis]) % self.N_sensory]

    def feedforward_weights(self) -> np.ndarray:
        """The weights from sensory to random cells, with the balance.

        ``1000 alpha M_ij / sum_i M_ij``, and to every weight of target ``j``, connected or not,
        ``balance_ff`` times their sum over the number of sensory cells.

        Returns
        -------
        ndarray of float, shape (N_rings * N_sensory, N_random)
            Row: the sensory cell that fires; column: its target. 34 MB for the default network.

        Examples
        --------
        >>> weights = build_network(seed=1).feedforward_weights()
        >>> round(float(weights.max()), 2), round(float(weights.min()), 3)
        (1.04, -0.513)
        """
        gain, offset = self.feedforward_gain_and_offset
        return gain * self.mask + offset

    def feedback_weights(self) -> np.ndarray:
        """The weights from random to sensory cells, with the balance.

        ``1000 beta M_ij / sum_j M_ij``, and to every weight of target ``i``, connected or not,
        ``balance_fb`` times their sum over the number of random cells.

        Returns
        -------
        ndarray of float, shape (N_random, N_rings * N_sensory)
            Row: the random cell that fires; column: its target. 34 MB for the default network.

        Examples
        --------
        >>> weights = build_network(seed=1).feedback_weights()
        >>> bool(abs(weights.sum(axis=0)).max() < 1e-10)
        True
        """
        gain, offset = self.feedback_gain_and_offset
        return gain * self.mask_by_random + offset

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a file, about half a megabyte for the default one.

        The file appears whole or not at all: it is written beside its place and then moved there.

        Parameters
        ----------
        path : path-like
            Where to; an existing file is replaced. NumPy's ``.npz`` is the usual ending.

        Raises
        ------
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> network = build_network(N_rings=2, N_sensory=64, N_random=32, seed=1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     network.save(Path(folder) / "network.npz")
        ...     again = load_network(Path(folder) / "network.npz")
        >>> bool((again.mask == network.mask).all())
        True
        """
        path = Path(path)
        if not path.parent.is_dir():
            raise FileNotFoundError(f"path={str(path)!r}: there is no folder {str(path.parent)!r}")
        handle, name = tempfile.mkstemp(prefix=path.name, suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez_compressed(
                    file,
                    format=np.array(FILE_FORMAT),
                    parameters=np.array(json.dumps(self._values())),
                    mask=np.packbits(self.mask),
                )
            # A temporary file is private; the network should be as open as the user's other files.
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(name, 0o666 & ~mask)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def __repr__(self) -> str:
        return (
            f"<FlexibleNetwork: {self.N_rings} rings of {self.N_sensory} cells, "
            f"{self.N_random} random cells, {int(self.mask.sum(dtype=np.int64))} connected pairs>"
        )


Function = TypeVar("Function", bound=Callable[..., Any])


def accept_network_parameters(function: Function) -> Function:
    """Show the fields of NetworkParameters in a function's signature; refuse unknown names.

    The function takes them as ``**network_parameters``, so that it can tell those that the caller
    gave from those left out. Help and completion show them all with their defaults.
    """
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    network = [
        inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default,
                          annotation=f.type)
        for f in dataclasses.fields(NetworkParameters)
    ]  # fmt: skip
    known = [parameter.name for parameter in own + network]

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for name in kwargs:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else f"; it takes {', '.join(known)}"
                raise TypeError(f"{function.__name__}() has no parameter {name!r}{hint}")
        return function(*args, **kwargs)

    call.__signature__ = signature.replace(parameters=own + network)  # type: ignore[attr-defined]
    return cast(Function, call)


@accept_network_parameters
def build_network(
    *, seed: int | np.random.SeedSequence | None = None, **network_parameters: Any
) -> FlexibleNetwork:
    """Draw the connections of a network.

    One network serves many trials. Building the default one takes some hundredths of a second. To
    change a strength and keep the connections: ``dataclasses.replace(network, alpha=2.5)``.

    Parameters
    ----------
    seed : int, SeedSequence or None
        Seed of the connections. None takes fresh entropy.
    **network_parameters
        The fields of :class:`NetworkParameters`, described there.

    Returns
    -------
    FlexibleNetwork

    Raises
    ------
    TypeError
        For an unknown parameter, or one of the wrong kind.
    ValueError
        For a parameter out of its range.

    References
    ----------
    Bouchacourt & Buschman (2019), Neuron 103(1):147-160.

    Examples
    --------
    >>> build_network(seed=1)
    <FlexibleNetwork: 8 rings of 512 cells, 1024 random cells, 1468570 connected pairs>
    """
    checked = NetworkParameters(**network_parameters)
    generator = np.random.default_rng(check_seed(seed))
    pairs = (checked.N_rings * checked.N_sensory, checked.N_random)
    # 24 random bits a pair, so the probability is met to 6e-8.
    mask = generator.random(pairs, dtype=np.float32) < checked.connection_probability
    return FlexibleNetwork(**dataclasses.asdict(checked), mask=mask)


def load_network(path: str | os.PathLike[str]) -> FlexibleNetwork:
    """Read a network that :meth:`FlexibleNetwork.save` wrote.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    FlexibleNetwork

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file holds something else, or is damaged.

    Examples
    --------
    >>> load_network("no_such_network.npz")
    Traceback (most recent call last):
        ...
    FileNotFoundError: [Errno 2] No such file or directory: 'no_such_network.npz'
    """
    shown = f"path={os.fspath(path)!r}"
    refusal = f"{shown}: not a network saved by wmtutor, or a damaged file"
    with open(path, "rb") as file:
        # NumPy, zipfile, zlib and json each have their own ways to fail on a file that is not ours.
        try:
            with np.load(file, allow_pickle=False) as content:
                file_format = str(content["format"])
                values, packed = str(content["parameters"]), content["mask"]
        except Exception as error:
            raise ValueError(refusal) from error
    if file_format != FILE_FORMAT:
        raise ValueError(
            f"{shown}: its format is {file_format!r}; this version reads {FILE_FORMAT!r}"
        )
    try:
        parameters = NetworkParameters(**json.loads(values))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{refusal} ({error})") from error
    shape = (parameters.N_rings * parameters.N_sensory, parameters.N_random)
    if packed.dtype != np.uint8 or packed.size != -(-shape[0] * shape[1] // 8):
        raise ValueError(refusal)
    mask = np.unpackbits(packed, count=shape[0] * shape[1]).reshape(shape)
    return FlexibleNetwork(**dataclasses.asdict(parameters), mask=mask)
