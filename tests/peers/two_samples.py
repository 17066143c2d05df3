"""Compare two samples with exact tests, ties and all."""

from __future__ import annotations

import numpy as np
from scipy import stats

__all__ = ["exact_p_values"]


def exact_p_values(one, other, generator: np.random.Generator) -> tuple[float, float]:
    """Exact P values of a rank-sum and a Kolmogorov-Smirnov test.

    Equal values are put in random order, for which exact tests need untied samples. Counts tie,
    and so do values that went through a file: all are rounded to four decimals first.
    """
    pooled = np.concatenate([one, other]).round(4)
    ranks = np.empty(len(pooled))
    ranks[np.lexsort((generator.random(len(pooled)), pooled))] = np.arange(len(pooled))
    one, other = ranks[: len(one)], ranks[len(one) :]
    return (
        stats.mannwhitneyu(one, other, method="exact").pvalue,
        stats.ks_2samp(one, other, method="exact").pvalue,
    )
