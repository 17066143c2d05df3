"""wmtutor: how networks of neurons hold a thought in mind.

A library, a textbook and an exercise course on spiking models of working memory.
Start with :func:`wmtutor.bump.simulate_wm`.
"""

__version__ = "0.1.0"
