"""wmtutor: how networks of neurons hold a thought in mind.

A library, a textbook and an exercise course on spiking models of working memory.
Start with :func:`wmtutor.bump.simulate_wm`, one memory on a ring, or with
:func:`wmtutor.flexible.simulate_flexible_wm`, many memories in one pool.
"""

__version__ = "0.1.0"
