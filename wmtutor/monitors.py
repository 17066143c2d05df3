"""What a simulation hands back: spikes, population rates and voltages.

The attribute names are those of Brian2's monitors, so that code written for one reads the other.
All values are NumPy arrays in SI units.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wmtutor._validation import SECOND, check_choice, check_count, check_quantity, check_vector

__all__ = ["PopulationRateMonitor", "SpikeMonitor", "StateMonitor", "StateMonitorView"]


def _read_only(array: np.ndarray) -> np.ndarray:
    array = array.view()
    array.flags.writeable = False
    return array


@dataclass(frozen=True, eq=False)
class SpikeMonitor:
    """Every spike of a population.

    Attributes
    ----------
    t : ndarray of float, shape (num_spikes,)
        Spike times in seconds, in ascending order.
    i : ndarray of int, shape (num_spikes,)
        The cell that fired each spike.
    N : int
        Number of cells in the population.
    duration : float
        Length of the run in seconds.
    num_spikes : int
        Number of spikes.
    count : ndarray of int, shape (N,)
        Number of spikes of each cell.

    Examples
    --------
    >>> import numpy as np
    >>> monitor = SpikeMonitor(np.array([0.01, 0.02, 0.03]), np.array([2, 0, 2]), N=3, duration=0.1)
    >>> monitor.count
    array([1, 0, 2])
    >>> monitor.spike_trains()[2]
    array([0.01, 0.03])
    """

    t: np.ndarray
    i: np.ndarray
    N: int
    duration: float
    count: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        t = np.asarray(self.t, dtype=float)
        i = np.asarray(self.i, dtype=np.int64)
        if t.ndim != 1 or t.shape != i.shape:
            raise ValueError(
                f"t and i: expected two arrays of one length, got {t.shape}, {i.shape}"
            )
        if i.size and (i.min() < 0 or i.max() >= self.N):
            raise ValueError(f"i: cells must lie in 0 .. {self.N - 1}")
        if (np.diff(t) < 0).any():
            order = np.argsort(t, kind="stable")
            t, i = t[order], i[order]
        object.__setattr__(self, "t", _read_only(t))
        object.__setattr__(self, "i", _read_only(i))
        object.__setattr__(self, "count", _read_only(np.bincount(i, minlength=self.N)))

    @property
    def num_spikes(self) -> int:
        """Number of spikes of all cells."""
        return int(self.t.size)

    def spike_trains(self) -> dict[int, np.ndarray]:
        """The spike times of each cell, silent cells included.

        Returns
        -------
        dict of int to ndarray
            Ascending spike times in seconds, by cell.
        """
        order = np.argsort(self.i, kind="stable")
        trains = np.split(self.t[order], np.cumsum(self.count)[:-1])
        return dict(enumerate(trains))

    def __repr__(self) -> str:
        return f"<SpikeMonitor: {self.num_spikes} spikes of {self.N} cells in {self.duration:g} s>"


@dataclass(frozen=True, eq=False)
class PopulationRateMonitor:
    """The mean rate of a population in every time step.

    Attributes
    ----------
    t : ndarray of float, shape (steps,)
        Start of each step in seconds.
    rate : ndarray of float, shape (steps,)
        Spikes in the step, divided by the number of cells and by the step, in Hz.
    """

    t: np.ndarray
    rate: np.ndarray
    dt: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "t", _read_only(np.asarray(self.t, dtype=float)))
        object.__setattr__(self, "rate", _read_only(np.asarray(self.rate, dtype=float)))

    def smooth_rate(
        self, window: "str | np.ndarray" = "gaussian", width: float | None = None
    ) -> np.ndarray:
        """The rate averaged over a moving window.

        As in Brian2, the run is taken as silent outside its ends, so the first and last
        half window are biased towards zero.

        Parameters
        ----------
        window : {"gaussian", "flat"} or ndarray
            "flat" is a box, widened to an odd number of steps; "gaussian" is a bell cut at two
            standard deviations; an array of odd length is used as it is, after normalisation.
        width : float
            Width of the box, or standard deviation of the bell, in seconds.

        Returns
        -------
        ndarray of float, shape (steps,)
            Smoothed rate in Hz.

        Raises
        ------
        TypeError, ValueError
            For an unknown window, a missing or superfluous width, or one longer than the run.

        Examples
        --------
        >>> import numpy as np
        >>> monitor = PopulationRateMonitor(np.arange(5) * 1e-3, np.array([0, 0, 9.0, 0, 0]), 1e-3)
        >>> monitor.smooth_rate("flat", width=3e-3)
        array([0., 3., 3., 3., 0.])
        """
        from scipy.ndimage import convolve1d

        if isinstance(window, str):
            check_choice("window", window, ("flat", "gaussian"))
            if width is None:
                raise TypeError(f'width: the window "{window}" needs a width in s, e.g. 5*ms')
            longest = max(self.dt * len(self.t), self.dt)
            width = check_quantity("width", width, SECOND, low=1e-9, high=longest, zero=False)
            if window == "flat":
                weights = np.ones(2 * int(width / 2 / self.dt + 1e-9) + 1)
            else:
                half = int(np.round(2 * width / self.dt))
                weights = np.exp(-0.5 * (np.arange(-half, half + 1) * self.dt / width) ** 2)
        else:
            if width is not None:
                raise TypeError("width: only goes with a window given by name")
            weights = check_vector("window", window, low=0.0)
            if weights.size % 2 == 0 or weights.sum() == 0:
                raise ValueError(
                    f"window: expected an odd number of weights that do not all vanish, "
                    f"got {weights.size}"
                )
        return convolve1d(self.rate, weights / weights.sum(), mode="constant")

    def __repr__(self) -> str:
        mean = self.rate.mean() if self.rate.size else float("nan")
        return f"<PopulationRateMonitor: {self.rate.size} steps, mean {mean:.3g} Hz>"


@dataclass(frozen=True, eq=False)
class StateMonitorView:
    """One recorded cell of a :class:`StateMonitor`: ``.t`` (s) and ``.v`` (volt)."""

    t: np.ndarray
    v: np.ndarray


@dataclass(frozen=True, eq=False)
class StateMonitor:
    """Voltages of some cells.

    ``monitor[cell]`` gives one cell by its number in the population.

    Attributes
    ----------
    t : ndarray of float, shape (samples,)
        Sample times in seconds.
    v : ndarray of float, shape (cells, samples)
        Membrane potentials in volt at the start of the step, as Brian2 records them.
    record : ndarray of int, shape (cells,)
        The numbers of the recorded cells, ascending.
    """

    t: np.ndarray
    v: np.ndarray
    record: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "t", _read_only(np.asarray(self.t, dtype=float)))
        object.__setattr__(self, "v", _read_only(np.asarray(self.v)))
        object.__setattr__(self, "record", _read_only(np.asarray(self.record, dtype=np.int64)))
        if self.v.shape != (self.record.size, self.t.size):
            raise ValueError(
                f"v: expected shape {(self.record.size, self.t.size)}, got {self.v.shape}"
            )

    def __getitem__(self, cell: Any) -> StateMonitorView:
        cell = check_count("cell", cell, low=0)
        row = np.searchsorted(self.record, cell)
        if row == self.record.size or self.record[row] != cell:
            raise IndexError(
                f"cell {cell} was not recorded; .record lists the {self.record.size} that were. "
                f"Raise monitored_subset_size to record more"
            )
        return StateMonitorView(self.t, self.v[row])

    def __len__(self) -> int:
        return int(self.record.size)

    def __iter__(self) -> Iterator[StateMonitorView]:
        return (StateMonitorView(self.t, v) for v in self.v)

    def __repr__(self) -> str:
        return f"<StateMonitor: {self.record.size} cells, {self.t.size} samples>"
