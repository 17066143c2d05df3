"""wmtutor.flexible.readout: strengths, angles, counts and decoded positions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wmtutor.flexible import (
    activity_vector,
    count_memories,
    cue_error,
    firing_rate,
    maximum_likelihood_angle,
    memory_is_present,
    stimulus_profile,
)


def test_cue_alone_is_just_below_the_threshold():
    """If a cue alone counted as a memory, no ring could ever be said to have forgotten."""
    strength, angle_deg = activity_vector(firing_rate(stimulus_profile(90.0)))
    assert strength == pytest.approx(2.90, abs=5e-3)
    assert angle_deg == pytest.approx(90.0)
    assert not memory_is_present(strength)


@pytest.mark.parametrize("N", [1, 3, 64, 512])
def test_activity_vector_follows_its_definition(N):
    """If the vector were normalised, a weak bump would pass for a strong one."""
    rates = np.random.default_rng(N).uniform(0, 80, (2, 5, N))
    strength, angle_deg = activity_vector(rates)
    assert strength.shape == angle_deg.shape == (2, 5)
    for row in np.ndindex(2, 5):
        x = sum(r * math.cos(2 * math.pi * k / N) for k, r in enumerate(rates[row])) / N
        y = sum(r * math.sin(2 * math.pi * k / N) for k, r in enumerate(rates[row])) / N
        assert strength[row] == pytest.approx(math.hypot(x, y))
        assert angle_deg[row] == pytest.approx(math.degrees(math.atan2(y, x)) % 360, abs=1e-9)


def test_even_activity_has_no_direction():
    """If rounding gave it one, a silent ring would seem to remember something."""
    strength, angle_deg = activity_vector(np.full(512, 3.0))
    assert strength < 1e-12
    assert math.isnan(angle_deg)
    assert math.isnan(activity_vector(np.zeros(8)).angle_deg)


@given(st.integers(1, 60), st.floats(1, 80))
def test_activity_vector_turns_with_the_ring(shift, height):
    """If decoding depended on the place, errors at some angles would be made by the reader."""
    rates = np.full(64, 1.0)
    rates[:5] = height + 1
    strength, angle_deg = activity_vector(rates)
    turned = activity_vector(np.roll(rates, shift))
    assert turned.strength == pytest.approx(strength)
    assert abs(cue_error(turned.angle_deg, angle_deg + shift * 360 / 64)) < 1e-6


def test_counts_on_a_case_counted_by_hand():
    """If a lost and a made-up memory cancelled, a load of errors would look like success."""
    counts = count_memories([True, True, False, False, True, False], [0, 2, 3])
    assert counts[:3] == (1, 2, 2)
    assert counts.maintained_fraction == pytest.approx(1 / 3)
    assert counts.spurious_fraction == pytest.approx(2 / 3)


def test_counts_without_cues_and_with_all():
    """If 0/0 came out as 0, an empty load would look like total forgetting."""
    nothing = count_memories([True, False], [])
    assert nothing[:3] == (0, 0, 1)
    assert math.isnan(nothing.maintained_fraction)
    everything = count_memories([True, False], [0, 1])
    assert everything[:3] == (1, 1, 0)
    assert math.isnan(everything.spurious_fraction)


def test_counts_over_time():
    """If time and rings were mixed up, forgetting would be plotted for the wrong thing."""
    present = np.array([[True, True, False], [False, True, True], [False, False, True]])
    counts = count_memories(present, [0, 1])
    assert counts.maintained.tolist() == [1, 2, 1]
    assert counts.forgotten.tolist() == [1, 0, 1]
    assert counts.spurious.tolist() == [0, 0, 1]
    assert counts.maintained_fraction.tolist() == [0.5, 1.0, 0.5]


def test_error_takes_the_short_way_round():
    """If 359 and 1 were 358 apart, a good memory near 0 would count as the worst of all."""
    assert cue_error(1, 359) == pytest.approx(2)
    assert cue_error(359, 1) == pytest.approx(-2)
    assert cue_error(180, 0) == -180


def test_decoder_finds_the_likeliest_position():
    """If the decoder maximised something else, its errors would not be the model's.

    Against a plain loop over positions with Poisson probabilities from scipy.
    """
    from scipy import stats

    N = 64
    generator = np.random.default_rng(3)
    for cue in (0, 17, 63):
        tuning = [firing_rate(stimulus_profile(360 * p / N, N)) * 0.1 for p in range(N)]
        counts = generator.poisson(tuning[cue])
        likelihood = [stats.poisson.logpmf(counts, f).sum() for f in tuning]
        decoded = maximum_likelihood_angle(counts)
        assert decoded == pytest.approx(360 * int(np.argmax(likelihood)) / N)


def test_decoder_on_many_rings_at_once_and_on_none():
    """If rings leaked into each other, or silence were decoded, angles would be made up."""
    counts = np.zeros((3, 512), dtype=int)
    counts[0, 100:105] = 3
    counts[2, 510], counts[2, 2] = 1, 1
    decoded = maximum_likelihood_angle(counts)
    assert decoded[0] == pytest.approx(102 * 360 / 512)
    assert math.isnan(decoded[1])
    assert decoded[2] == pytest.approx(0.0)
    assert decoded[0] == maximum_likelihood_angle(counts[0])


def test_decoder_survives_cells_that_never_fire():
    """If a rate that rounds to 0 entered as log 0, the decoder would answer NaN."""
    counts = np.eye(32, dtype=int)[5] * 4
    assert maximum_likelihood_angle(counts, rate_offset=340.0) == pytest.approx(5 * 360 / 32)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: activity_vector([1, -1]), "negative rate -1 Hz"),
        (lambda: activity_vector([1, math.nan]), "rates: has values that are not finite"),
        (lambda: activity_vector(["a"]), "rates: expected numbers"),
        (lambda: activity_vector(3.0), "one rate per cell"),
        (lambda: activity_vector([]), "one rate per cell"),
        (lambda: memory_is_present([1.0], threshold=-3), "threshold=-3"),
        (lambda: count_memories([1, 0], [0]), "present: expected True and False"),
        (lambda: count_memories([True], [1]), "ring 1 is outside 0 .. 0"),
        (lambda: count_memories([True, False], [1, 1]), "listed twice"),
        (lambda: count_memories(np.ones((2, 2, 2), bool), [1]), "one value per ring"),
        (lambda: cue_error("a", 1), "expected an angle"),
        (lambda: maximum_likelihood_angle([1, -2]), "negative count -2"),
        (lambda: maximum_likelihood_angle([]), "one count per cell"),
        (lambda: maximum_likelihood_angle([1, 2], stimulus_width_deg=0), "width_deg=0"),
    ],
)
def test_bad_input_is_named(call, says):
    """If a bad array went through, its result would look like a memory."""
    with pytest.raises((TypeError, ValueError), match=says):
        call()
