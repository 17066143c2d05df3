"""Explorers: sliders beside a figure, for a page with no server and for a running notebook.

:func:`explorer` draws the figure at every slider position beforehand and joins sliders to pictures
inside the browser. The same call therefore serves a static web page, where nothing can be
computed, and a running notebook, where boxes for exact values simulate what is between positions.
"""

import base64
import contextlib
import html
import inspect
import io
import itertools
import json
import numbers
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import ipywidgets

from wmtutor._validation import (
    NUMBER,
    check_choice,
    check_count,
    check_flag,
    check_jobs,
    check_quantity,
    check_vector,
)

__all__ = ["Explorer", "Slider", "explorer"]

# Width of a picture on the page is the figure's own, as in a figure saved at 100 dots an inch.
_PAGE_DOTS_PER_INCH = 100


@dataclass(frozen=True)
class Slider:
    """One slider: the parameter it stands for, its positions and what its two ends mean.

    Parameters
    ----------
    label : str
        The parameter's name, as the reader sees it.
    values : sequence of numbers
        The slider's positions in ``unit``, ascending, at least two.
    unit : str
        Unit of ``values``, shown behind each of them.
    scale : float
        What to multiply a position with before the function gets it: ``nA`` for values in nA. With
        the default, 1, whole numbers stay whole.
    low_means, high_means : str
        What the left and the right end mean for the model, in a few words.
    default : float, optional
        The position that the slider starts at; the middle one if not given.
    format : str
        How a position is written, as in ``format``.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, the positions are fewer than two, repeated or not
        ascending, or ``default`` is not one of them.

    Examples
    --------
    >>> from wmtutor.units import nA
    >>> cue = Slider("Cue strength", [0.03, 0.05, 0.07], unit="nA", scale=nA, default=0.05)
    >>> cue.text(0.05)
    '0.05 nA'
    """

    label: str
    values: Sequence[float]
    unit: str = ""
    scale: float = 1.0
    low_means: str = ""
    high_means: str = ""
    default: float | None = None
    format: str = "g"

    def __post_init__(self) -> None:
        for name in ("label", "unit", "low_means", "high_means", "format"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"{name}={getattr(self, name)!r}: expected text")
        if not self.label.strip():
            raise ValueError("label='': say which parameter the slider stands for")
        where = f"slider {self.label!r}: "
        given = check_vector(f"{where}values", self.values, NUMBER)
        if given.size < 2:
            raise ValueError(f"{where}values has {given.size} positions; give at least two")
        for before, after in itertools.pairwise(given):
            if before == after:
                raise ValueError(f"{where}values has {after:g} twice; give each position once")
            if before > after:
                raise ValueError(f"{where}values go from {before:g} to {after:g}; sort them")
        whole = all(isinstance(value, numbers.Integral) for value in self.values)
        positions = tuple((int if whole else float)(value) for value in given)
        object.__setattr__(self, "values", positions)
        object.__setattr__(
            self, "scale", check_quantity(f"{where}scale", self.scale, NUMBER, zero=False)
        )
        if self.default is not None and self.default not in positions:
            listed = ", ".join(f"{value:g}" for value in positions)
            raise ValueError(f"{where}default={self.default!r}: must be one of {listed}")
        try:
            texts = [self.text(value) for value in positions]
        except ValueError as error:
            raise ValueError(f"{where}format={self.format!r}: {error}") from None
        if len(set(texts)) < len(texts):
            raise ValueError(f"{where}format={self.format!r} writes two positions alike: {texts}")

    def text(self, value: float) -> str:
        """A position as the reader sees it, with its unit."""
        return f"{value:{self.format}} {self.unit}".rstrip()

    def argument(self, value: float) -> float:
        """What the function is given for a position."""
        # 1 * 512 would be 512.0 for the default scale, and a cell count must stay whole.
        return value if self.scale == 1 else value * self.scale

    @property
    def start(self) -> int:
        """Number of the position that the slider starts at."""
        if self.default is None:
            return len(self.values) // 2
        return self.values.index(self.default)


class _Picture(NamedTuple):
    """An encoded picture, its size on the page, and the text that stands in for it."""

    data: bytes
    width: int
    height: int
    alt: str


class Explorer(ipywidgets.VBox):
    """Sliders, the picture they choose, and boxes for exact values. Made by :func:`explorer`.

    Attributes
    ----------
    sliders : dict of str to ipywidgets.SelectionSlider
        The slider of each parameter.
    stack : ipywidgets.Stack
        The pictures, nested one level for each slider.
    boxes : dict of str to ipywidgets.FloatText or IntText
        The boxes for exact values, in the sliders' units.
    button : ipywidgets.Button
        Simulates at the boxes' values.
    result, status : ipywidgets.HTML
        The picture that the button made, and what it has to say.
    """

    def __init__(
        self,
        draw: Callable[[tuple[float, ...]], _Picture],
        specs: Mapping[str, Slider],
        pictures: Mapping[tuple[float, ...], _Picture],
        title: str,
        caption: str,
    ) -> None:
        self._draw = draw
        self._specs = dict(specs)
        self._pictures = dict(pictures)
        self._title = title
        # Widgets of one kind share a layout and a style: each would otherwise be written into the
        # page once for every picture.
        self._layout = ipywidgets.Layout(width="auto", margin="0")
        self._style = ipywidgets.HTML().style
        self.sliders = {name: self._slider(spec) for name, spec in self._specs.items()}
        self.stack = self._stack(())
        self.boxes = {name: self._box(name, spec) for name, spec in self._specs.items()}
        self.button = ipywidgets.Button(description="Simulate")
        self.button.on_click(self._simulate)
        self.status = self._html("")
        self.result = self._html("")
        live = ipywidgets.VBox(
            [
                self._html("<p>Between the positions: type values and simulate them.</p>"),
                *self.boxes.values(),
                self.button,
                self.status,
                self.result,
            ]
        )
        live.add_class("wmtutor-live")
        parts = [self._html(f'<p class="wmtutor-title"><strong>{html.escape(title)}</strong></p>')]
        for name, spec in self._specs.items():
            parts.append(self._control(spec, self.sliders[name]))
        parts.append(self.stack)
        if caption:
            parts.append(self._html(f'<p class="wmtutor-caption">{html.escape(caption)}</p>'))
        super().__init__([*parts, live])
        self.add_class("wmtutor-explorer")

    def __repr__(self) -> str:
        # The default spells out every picture, and is the notebook's text version of this widget.
        return f"Explorer({self._title!r}, sliders: {', '.join(self._specs)})"

    @property
    def values(self) -> dict[str, float]:
        """What the function was given for the picture that the sliders show."""
        return {
            name: spec.argument(spec.values[self.sliders[name].index])
            for name, spec in self._specs.items()
        }

    def _html(self, value: str) -> ipywidgets.HTML:
        return ipywidgets.HTML(value, layout=self._layout, style=self._style)

    def _slider(self, spec: Slider) -> ipywidgets.SelectionSlider:
        slider = ipywidgets.SelectionSlider(
            options=[(spec.text(value), value) for value in spec.values],
            index=spec.start,
            layout=ipywidgets.Layout(width="auto", margin="0"),
        )
        slider.add_class("wmtutor-slider")
        return slider

    def _control(self, spec: Slider, slider: ipywidgets.SelectionSlider) -> ipywidgets.VBox:
        unit = f" ({html.escape(spec.unit)})" if spec.unit else ""
        label = f'<span class="wmtutor-label">{html.escape(spec.label)}{unit}</span>'
        ends = "".join(
            f"<span>{html.escape(text)}</span>" for text in (spec.low_means, spec.high_means)
        )
        # The space between the two ends is written here, not in a style sheet: notebooks have none.
        row = "display:flex;justify-content:space-between;gap:1em;line-height:1.3"
        control = ipywidgets.VBox(
            [
                self._html(label),
                slider,
                self._html(f'<div class="wmtutor-ends" style="{row}">{ends}</div>'),
            ],
            layout=ipywidgets.Layout(max_width="36em", margin="0 0 0.8em 0"),
        )
        control.add_class("wmtutor-control")
        return control

    def _stack(self, chosen: tuple[float, ...]) -> ipywidgets.Widget:
        """The pictures that are left to choose from when the first sliders have been set."""
        if len(chosen) == len(self._specs):
            return self._html(self._markup(chosen))
        name = list(self._specs)[len(chosen)]
        stack = ipywidgets.Stack(
            [self._stack((*chosen, value)) for value in self._specs[name].values],
            selected_index=self._specs[name].start,
            layout=self._layout,
        )
        # Linked in the browser: an observer here would need a kernel to run in.
        ipywidgets.jslink((self.sliders[name], "index"), (stack, "selected_index"))
        return stack

    def _markup(self, point: tuple[float, ...]) -> str:
        picture = self._pictures[point]
        texts = {n: s.text(v) for (n, s), v in zip(self._specs.items(), point, strict=True)}
        kind = "webp" if picture.data[:4] == b"RIFF" else "png"
        encoded = base64.b64encode(picture.data).decode("ascii")
        # Width and height reserve the place, so the page does not jump while a picture is decoded.
        return (
            f'<img class="wmtutor-picture" alt="{html.escape(picture.alt)}" '
            f'width="{picture.width}" height="{picture.height}" '
            'style="max-width:100%;height:auto;background:white" decoding="sync" '
            f'data-values="{html.escape(json.dumps(texts, ensure_ascii=False))}" '
            f'src="data:image/{kind};base64,{encoded}">'
        )

    def _box(self, name: str, spec: Slider) -> ipywidgets.Widget:
        kind = ipywidgets.IntText if isinstance(spec.values[0], int) else ipywidgets.FloatText
        box = kind(
            spec.values[spec.start],
            description=f"{spec.label} ({spec.unit})" if spec.unit else spec.label,
            style={"description_width": "initial"},
        )

        def follow(change: Mapping[str, Any]) -> None:
            box.value = spec.values[change["new"]]

        self.sliders[name].observe(follow, names="index")
        return box

    def _simulate(self, _button: ipywidgets.Button) -> None:
        """Show the picture at the boxes' values, drawing it if it is a new one."""
        point = tuple(box.value for box in self.boxes.values())
        where = ", ".join(
            f"{spec.label} {value:g} {spec.unit}".rstrip()
            for spec, value in zip(self._specs.values(), point, strict=True)
        )
        self.button.disabled = True
        self.status.value = f"<p>Simulating {html.escape(where)} …</p>"
        try:
            if point not in self._pictures:
                self._pictures[point] = self._draw(point)
        except Exception as error:
            # In a callback a traceback would go to a log that learners never open.
            message = html.escape(f"{type(error).__name__}: {error}")
            self.status.value = f"<p><strong>This did not run.</strong> {message}</p>"
            self.result.value = ""
        except BaseException:
            self.status.value = "<p>Stopped.</p>"
            raise
        else:
            self.status.value = f"<p>{html.escape(where)}</p>"
            self.result.value = self._markup(point)
        finally:
            self.button.disabled = False


def explorer(
    function: Callable[..., Any],
    sliders: Mapping[str, Slider],
    *,
    title: str,
    alt: str | Callable[..., str],
    caption: str = "",
    progress: bool = True,
    n_jobs: int = 1,
    image_format: str = "webp",
    dpi: int = 100,
) -> Explorer:
    """Draw a figure at every position of one to three sliders, and join them.

    The result needs no server: in a static page each slider move shows another of the pictures
    drawn here. In a running notebook the boxes below the picture take any value.

    Parameters
    ----------
    function : callable
        ``function(name=value, ...)`` for the names in ``sliders`` returns a Matplotlib figure, or
        a tuple that begins with one, such as ``(figure, axes)``. Seed your simulation in it: the
        reader should see the parameters change and not the noise.
    sliders : mapping of str to Slider
        One to three sliders, each under the name of the argument that it sets. The function is
        called once for each combination of positions; the last slider varies fastest.
    title : str
        What the explorer lets the reader do.
    alt : str or callable
        What each picture shows, for those who do not see it: a format string over the names in
        ``sliders``, as in ``"Raster at {rate}"``, or a function of the same arguments.
    caption : str
        A sentence below the picture.
    progress : bool
        Whether to show a progress bar while the pictures are drawn. The environment variable
        ``TQDM_DISABLE=1`` hides it too.
    n_jobs : int
        Number of processes, by joblib; -1 takes every core.
    image_format : {"webp", "png"}
        How pictures are stored. WebP takes about half of the page that PNG does.
    dpi : int
        Dots per inch of the stored pictures. On the page an inch of figure is 100 pixels wide, or
        less on a narrow screen.

    Returns
    -------
    Explorer
        A widget. Figures are closed, and Matplotlib's settings are left alone.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, there are no or more than three sliders, the function
        does not take their names, or ``alt`` gives two pictures the same text.
    Exception
        Whatever the function raises, with a note that names the slider positions.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> def line(slope):
    ...     figure = Figure(figsize=(4, 3))
    ...     figure.add_subplot().plot([0, 1], [0, slope])
    ...     return figure
    >>> slope = Slider("Slope", [1, 2, 3], low_means="flat", high_means="steep")
    >>> widget = explorer(line, {"slope": slope}, title="A line", alt="A line of slope {slope}")
    >>> widget
    Explorer('A line', sliders: slope)
    """
    if not callable(function):
        raise TypeError(f"function={function!r}: expected a function that returns a figure")
    if not isinstance(sliders, Mapping):
        raise TypeError(f"sliders={sliders!r}: expected a mapping of argument names to Slider")
    if not 1 <= len(sliders) <= 3:
        raise ValueError(f"sliders has {len(sliders)} entries; give one to three")
    for name, spec in sliders.items():
        if not isinstance(spec, Slider):
            raise TypeError(f"sliders[{name!r}]={spec!r}: expected a Slider")
    for name, text in (("title", title), ("caption", caption)):
        if not isinstance(text, str):
            raise TypeError(f"{name}={text!r}: expected text")
    check_flag("progress", progress)
    check_choice("image_format", image_format, ("webp", "png"))
    dpi = check_count("dpi", dpi, low=20, high=600)
    n_jobs = check_jobs(n_jobs)
    specs = dict(sliders)
    points = list(itertools.product(*(spec.values for spec in specs.values())))
    _check_signature(function, specs)
    describe = _describer(alt, specs, points)

    def draw(point: tuple[float, ...]) -> _Picture:
        arguments = _arguments(specs, point)
        try:
            return _draw(function, arguments, describe(point), dpi, image_format)
        except Exception as error:
            texts = (f"{spec.text(v)}" for spec, v in zip(specs.values(), point, strict=True))
            where = ", ".join(f"{n} = {t}" for n, t in zip(specs, texts, strict=True))
            error.add_note(f"While drawing the explorer's picture at {where}.")
            raise

    return Explorer(
        draw,
        specs,
        dict(zip(points, _draw_all(draw, points, progress, n_jobs), strict=True)),
        title,
        caption,
    )


def _arguments(specs: Mapping[str, Slider], point: tuple[float, ...]) -> dict[str, float]:
    return {n: s.argument(v) for (n, s), v in zip(specs.items(), point, strict=True)}


def _check_signature(function: Callable[..., Any], specs: Mapping[str, Slider]) -> None:
    """Refuse a mismatch of names before the first simulation rather than in the middle."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some compiled callables have none to look at
        return
    try:
        signature.bind(**dict.fromkeys(specs))
    except TypeError as error:
        raise TypeError(
            f"function cannot be called with the sliders' names {', '.join(specs)}: {error}"
        ) from None


def _describer(
    alt: str | Callable[..., str], specs: Mapping[str, Slider], points: Sequence[tuple[float, ...]]
) -> Callable[[tuple[float, ...]], str]:
    """A function from slider values to the text that stands in for their picture."""
    if callable(alt):
        write = alt

        def call(point: tuple[float, ...]) -> str:
            text = write(**_arguments(specs, point))
            if not isinstance(text, str) or not text.strip():
                raise TypeError(f"alt returned {text!r}: expected a text that is not empty")
            return text

        return call
    if not isinstance(alt, str):
        raise TypeError(f"alt={alt!r}: expected a format string or a function")
    pattern = alt

    def fill(point: tuple[float, ...]) -> str:
        # A value typed by hand is written in full, not rounded to the slider's format.
        return pattern.format(
            **{
                n: s.text(v) if v in s.values else f"{v:g} {s.unit}".rstrip()
                for (n, s), v in zip(specs.items(), point, strict=True)
            }
        )

    try:
        texts = [fill(point) for point in points]
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        fields = ", ".join(f"{{{name}}}" for name in specs)
        raise ValueError(f"alt={alt!r}: {error!r}; the fields are {fields}") from None
    if len(set(texts)) < len(texts):
        fields = ", ".join(f"{{{name}}}" for name in specs)
        raise ValueError(f"alt={alt!r} describes two pictures alike; use every one of {fields}")
    return fill


def _draw_all(
    draw: Callable[[tuple[float, ...]], _Picture],
    points: Sequence[tuple[float, ...]],
    progress: bool,
    n_jobs: int,
) -> list[_Picture]:
    """Every picture, in the order of the points whatever the number of processes."""
    drawn: Iterator[_Picture]
    if n_jobs == 1:
        drawn = map(draw, points)
    else:
        import joblib

        # Processes, not threads: Matplotlib's state belongs to one thread.
        drawn = joblib.Parallel(n_jobs=n_jobs, return_as="generator")(
            joblib.delayed(draw)(point) for point in points
        )
    # tqdm's bars for notebooks leave out what its others do: heed the variable that hides them. A
    # page build sets it, because a bar would be left in the page as an empty box.
    if not progress or os.environ.get("TQDM_DISABLE", "0") not in ("", "0"):
        return list(drawn)
    from tqdm.auto import tqdm

    return list(tqdm(drawn, total=len(points), desc="Drawing pictures", leave=False))


def _draw(
    function: Callable[..., Any],
    arguments: Mapping[str, float],
    alt: str,
    dpi: int,
    image_format: str,
) -> _Picture:
    """Call the function and turn its figure into a picture."""
    from matplotlib.figure import Figure

    with _closing_new_figures():
        returned = function(**arguments)
        figure = returned[0] if isinstance(returned, tuple) and returned else returned
        if not isinstance(figure, Figure):
            raise TypeError(
                f"function returned {type(returned).__name__}: expected a Matplotlib figure, "
                "or a tuple that begins with one"
            )
        width, height = (round(inches * _PAGE_DOTS_PER_INCH) for inches in figure.get_size_inches())
        return _Picture(_encode(figure, dpi, image_format), width, height, alt)


@contextlib.contextmanager
def _closing_new_figures() -> Iterator[None]:
    """Close the figures that were opened inside, whether or not they were returned."""
    from matplotlib import pyplot

    before = set(pyplot.get_fignums())
    try:
        yield
    finally:
        for number in set(pyplot.get_fignums()) - before:
            pyplot.close(number)


def _encode(figure: Any, dpi: int, image_format: str) -> bytes:
    """The figure as a small picture on white."""
    from PIL import Image

    buffer = io.BytesIO()
    # The whole figure, even where the settings crop: pictures of one explorer need one size.
    figure.savefig(buffer, format="png", dpi=dpi, bbox_inches=figure.bbox_inches)
    drawn = Image.open(buffer).convert("RGBA")
    picture = Image.new("RGB", drawn.size, "white")
    picture.paste(drawn, mask=drawn)
    # 48 colours hold what a plot of lines and dots has, and make it several times smaller.
    few = picture.quantize(48, dither=Image.Dither.NONE)
    if image_format == "png":
        return _saved(few, "png", optimize=True)
    # Dots and lines are smaller stored exactly, heat maps and shades are smaller approximated.
    exact = _saved(few.convert("RGB"), "webp", lossless=True, quality=100, method=4)
    approximate = _saved(picture, "webp", quality=75, method=6)
    return min(exact, approximate, key=len)


def _saved(picture: Any, image_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format=image_format, **options)
    return buffer.getvalue()
