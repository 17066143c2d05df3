"""Live networks in a notebook: JupyterLab, Notebook 7, VS Code, Colab (through anywidget)."""

from typing import Any, ClassVar

import anywidget
import numpy as np
import traitlets

from wmtutor._validation import (
    AMPERE,
    DEGREE,
    HERTZ,
    NUMBER,
    SECOND,
    Unit,
    check_choice,
    check_count,
    check_quantity,
)
from wmtutor.bump.parameters import PRESETS
from wmtutor.live.bundle import notebook_module, style
from wmtutor.live.parameters import bump_parameters, flexible_parameters
from wmtutor.monitors import SpikeMonitor

__all__ = ["LiveBump", "LiveFlexible"]

_MOST_SEED = 2**32 - 1


class _LiveNetwork(anywidget.AnyWidget):
    """What both networks share: the browser computes, Python listens and gives orders.

    Attributes
    ----------
    seed : int
        Setting it starts the network again from this seed.
    playing : bool
        Whether the network runs; setting it starts or pauses it.
    t : float
        Model time in seconds, told five times a second.
    num_spikes : int
        Spikes since the start: of excitatory cells in the bump network, of all in the flexible.
    angle_deg, strength : list of float
        What each memory says: direction, and length of the activity vector.
    present : list of bool
        Whether each is there.
    settings : dict
        Parameters changed, from Python or with a slider; see the class. Taking a name out sets
        its parameter back.
    """

    _esm = notebook_module()
    _css = style()

    options = traitlets.Dict().tag(sync=True)
    seed = traitlets.Int(1, min=0, max=_MOST_SEED).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    t = traitlets.Float(0.0).tag(sync=True)
    num_spikes = traitlets.Int(0).tag(sync=True)
    angle_deg = traitlets.List(trait=traitlets.Float()).tag(sync=True)
    strength = traitlets.List(trait=traitlets.Float()).tag(sync=True)
    present = traitlets.List(trait=traitlets.Bool()).tag(sync=True)
    settings = traitlets.Dict().tag(sync=True)

    #: What a setting may be: its unit, and its lowest and highest size; balances are negative.
    _limits: ClassVar[dict[str, tuple[Unit, float, float]]] = {}

    def __init__(self, kind: str, parameters: dict[str, Any], seed: int) -> None:
        check_count("seed", seed, low=0, high=_MOST_SEED)
        super().__init__(options={"kind": kind, "parameters": parameters}, seed=seed)
        self._recordings: dict[int, dict[str, Any]] = {}
        self.on_msg(self._hear)

    @traitlets.validate("settings")
    def _check_settings(self, proposal: Any) -> dict[str, float]:
        checked = {}
        for name, value in proposal["value"].items():
            if name not in self._limits:
                raise ValueError(f"settings: no {name!r}; choose from {', '.join(self._limits)}")
            unit, low, high = self._limits[name]
            label, negative = f"settings[{name!r}]", name.startswith("balance")
            checked[name] = check_quantity(label, value, unit, low=low, high=high, signed=negative)
            if negative and checked[name] > 0:
                raise ValueError(
                    f"{label}={value!r}: inhibition is negative; did you mean {-value}?"
                )
        return checked

    @property
    def _parameters(self) -> dict[str, Any]:
        return self.options["parameters"]

    def record(self, seconds: float, *, seed: int | None = None) -> "Recording":
        """Run a whole trial in the browser, from the start and with the story's cues.

        The browser answers while the kernel is free, which is after the cell: ask the recording in
        the next one.

        Parameters
        ----------
        seconds : float
            Length of the trial in seconds of model time.
        seed : int, optional
            By default the widget's.

        Returns
        -------
        Recording
        """
        seconds = check_quantity("seconds", seconds, SECOND, low=1e-3, high=60.0, zero=False)
        seed = self.seed if seed is None else check_count("seed", seed, low=0, high=_MOST_SEED)
        number = len(self._recordings) + 1
        order = {
            "do": "trial", "id": number, "seed": seed, "seconds": seconds, "keepSpikes": True,
            "story": self._parameters["story"],
        }  # fmt: skip
        self._recordings[number] = {"seconds": seconds, "order": order}
        self.send(order)
        return Recording(self, number)

    def _hear(self, _: Any, content: Any, buffers: list[Any]) -> None:
        if content.get("is") == "ready":
            for recording in self._recordings.values():
                if "cells" not in recording:
                    self.send(recording["order"])
        elif content.get("is") == "trial":
            found = self._recordings[content["id"]]
            # Two front ends may answer; one with other settings has another number of spikes.
            lots = found.setdefault("answers", {}).setdefault(content["numSpikes"], {})
            lots[content["from"]] = [np.frombuffer(bytes(buffer), np.int32) for buffer in buffers]
            if sum(len(cells) for cells, _ in lots.values()) == content["numSpikes"]:
                del found["answers"]
                cells, steps = zip(*(lots[first] for first in sorted(lots)), strict=True)
                found.update(cells=np.concatenate(cells), steps=np.concatenate(steps))
        elif content.get("is") == "failed":
            self._recordings[content["id"]]["failed"] = content["text"]


class Recording:
    """The spikes of a trial that the browser ran, as soon as it has sent them."""

    def __init__(self, widget: _LiveNetwork, number: int) -> None:
        self._widget, self._number = widget, number

    @property
    def ready(self) -> bool:
        """Whether the browser has answered."""
        return "cells" in self._widget._recordings[self._number]

    def _spikes(self, population: str) -> SpikeMonitor:
        p = self._widget._parameters
        if population == "excit" and "excit" in p:
            low, high = 0, p["excit"]["N"]
        elif population != "excit" and "N_rings" in p:
            border = p["N_rings"] * p["N_sensory"]
            low, high = (0, border) if population == "sensory" else (border, border + p["N_random"])
        else:
            raise AttributeError(
                f"spike_monitor_{population}: this network has none; the bump network has "
                "spike_monitor_excit, the flexible one spike_monitor_sensory and _random"
            )
        if not self.ready:
            failed = self._widget._recordings[self._number].get("failed")
            if failed:
                raise RuntimeError(f"the browser could not run this trial: {failed}")
            raise RuntimeError(
                "the browser has not answered yet: show the widget, and ask in a later cell"
            )
        found = self._widget._recordings[self._number]
        here = (found["cells"] >= low) & (found["cells"] < high)
        return SpikeMonitor(
            found["steps"][here] * p["dt"], found["cells"][here] - low, high - low, found["seconds"]
        )

    @property
    def spike_monitor_excit(self) -> SpikeMonitor:
        """The excitatory cells of the bump network."""
        return self._spikes("excit")

    @property
    def spike_monitor_sensory(self) -> SpikeMonitor:
        """The sensory cells of the flexible network."""
        return self._spikes("sensory")

    @property
    def spike_monitor_random(self) -> SpikeMonitor:
        """The random layer of the flexible network."""
        return self._spikes("random")


class LiveBump(_LiveNetwork):
    """The bump attractor, running in the browser.

    Parameters
    ----------
    preset : {"neurodynex", "neurodynex3", "compte2000"}
        Parameter set.
    seed : int
        Seed of voltages and external spikes, 0 to 2**32 - 1.
    shrink : int
        Take this fraction of the cells, for slow machines; see
        :func:`wmtutor.live.bump_parameters`.

    Notes
    -----
    ``settings`` takes ``G_inhib`` (inhibition as a share of the preset's), ``Jpos``, ``tau_NMDA``
    in seconds, ``extern_rate`` in Hz, and for cues ``stimulus_width_deg`` and
    ``stimulus_strength`` in ampere.

    Examples
    --------
    >>> network = LiveBump(seed=3)
    >>> network.settings = {"G_inhib": 0.8}
    >>> network.seed
    3
    """

    _limits: ClassVar = {
        "G_inhib": (NUMBER, 0.0, 3.0), "Jpos": (NUMBER, 1.0, 2.5),
        "tau_NMDA": (SECOND, 0.001, 0.5), "extern_rate": (HERTZ, 0.0, 5000.0),
        "stimulus_width_deg": (DEGREE, 1.0, 360.0), "stimulus_strength": (AMPERE, 0.0, 2e-9),
    }  # fmt: skip

    def __init__(self, preset: str = "neurodynex", *, seed: int = 1, shrink: int = 1) -> None:
        check_choice("preset", preset, PRESETS)
        check_count("shrink", shrink, low=1, high=8)
        super().__init__("bump", bump_parameters(preset, shrink=shrink), seed)

    def cue(self, angle_deg: float) -> None:
        """Show a cue at an angle in degrees."""
        angle = check_quantity("angle_deg", angle_deg, DEGREE, high=720, signed=True)
        self.send({"do": "cue", "angle": angle % 360})


class LiveFlexible(_LiveNetwork):
    """The flexible model, running in the browser.

    Parameters
    ----------
    seed : int
        Seed of the spikes, 0 to 2**32 - 1.
    **network
        Parameters of the network, as in :func:`wmtutor.flexible.build_network`.

    Notes
    -----
    ``settings`` takes ``alpha``, ``beta``, ``balance_ff``, ``balance_fb``,
    ``connection_probability``, ``stimulus_strength`` and ``stimulus_width_deg``.

    Examples
    --------
    >>> network = LiveFlexible(seed=3, N_rings=4)
    >>> network.settings = {"beta": 0.1}
    """

    _limits: ClassVar = {
        "alpha": (NUMBER, 0.0, 10.0), "beta": (NUMBER, 0.0, 2.0),
        "balance_ff": (NUMBER, 0.0, 2.0), "balance_fb": (NUMBER, 0.0, 2.0),
        "connection_probability": (NUMBER, 0.01, 1.0),
        "stimulus_strength": (NUMBER, 0.0, 50.0), "stimulus_width_deg": (DEGREE, 1.0, 90.0),
    }  # fmt: skip

    def __init__(self, *, seed: int = 1, **network: Any) -> None:
        super().__init__("flexible", flexible_parameters(**network), seed)

    def cue(self, ring: int, angle_deg: float) -> None:
        """Show an item to a ring, at an angle in degrees."""
        check_count("ring", ring, low=0, high=self._parameters["N_rings"] - 1)
        angle = check_quantity("angle_deg", angle_deg, DEGREE, high=720, signed=True)
        self.send({"do": "cue", "ring": ring, "angle": angle % 360})
