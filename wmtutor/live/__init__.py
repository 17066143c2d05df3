"""Live networks: both models in the reader's own browser, with no kernel and no server.

The models' steps are in ``js/``, in plain JavaScript, and do the arithmetic of
:mod:`wmtutor.bump.reference` and :mod:`wmtutor.flexible.reference`. Every number that they use is
made here, from the same parameter sets as the library's own.
"""

from typing import Any

from wmtutor.live.parameters import bump_network, bump_parameters, flexible_parameters

__all__ = ["LiveBump", "LiveFlexible", "bump_network", "bump_parameters", "flexible_parameters"]


def __getattr__(name: str) -> Any:
    # The widgets' library is imported by who asks for a widget.
    if name in ("LiveBump", "LiveFlexible"):
        from wmtutor.live import widgets

        return getattr(widgets, name)
    raise AttributeError(f"module 'wmtutor.live' has no attribute {name!r}")
