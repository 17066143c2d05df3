"""To be written."""

from wmtutor.laws._tables import Law

LAWS: dict[str, Law] = {}
