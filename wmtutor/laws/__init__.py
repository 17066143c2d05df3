"""The laws of both models, measured: how a memory depends on what the network is made of.

A law has three functions, of which the first takes long and the others do not:
``measure_...`` runs the trials and returns a row for each, ``summarise_...`` turns that table into
estimates with confidence intervals, and a function of :mod:`wmtutor.plot_tools` draws those. The
settings that the book uses are the defaults.

The tables of the book are made, and made again, by ``python -m wmtutor.laws`` (``make laws``) and
read by :func:`read_trials`.
"""

from wmtutor.laws._tables import ALL_LAWS, Law, read_trials, write_trials

__all__ = ["ALL_LAWS", "Law", "read_trials", "write_trials"]
