"""SI units as plain floats: ``200 * ms`` and ``0.2`` are the same number.

Every quantity in wmtutor is a plain number in SI base units (seconds, hertz, volts, amperes,
siemens, farads). The names below make code say so: ``0.07 * nA``, ``t / ms``.
Brian2 quantities are accepted wherever a number is, and are read as their SI value.

Examples
--------
>>> from wmtutor.units import ms, nA, second
>>> 200 * ms == 0.2 * second
True
>>> round(0.07 * nA / nA, 6)
0.07
"""

__all__ = [
    "Hz",
    "amp",
    "farad",
    "kHz",
    "mV",
    "ms",
    "nA",
    "nF",
    "nS",
    "pA",
    "pF",
    "second",
    "siemens",
    "uA",
    "uS",
    "uV",
    "us",
    "volt",
]

second = 1.0
ms = 1e-3
us = 1e-6

Hz = 1.0
kHz = 1e3

volt = 1.0
mV = 1e-3
uV = 1e-6

amp = 1.0
uA = 1e-6
nA = 1e-9
pA = 1e-12

siemens = 1.0
uS = 1e-6
nS = 1e-9

farad = 1.0
nF = 1e-9
pF = 1e-12
