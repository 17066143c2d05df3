"""Notebook 06, one unit slip: what its checkers accept, what they refuse, and what they say."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from learner_answers import right_answers

from wmtutor.bump import PRESETS, get_spike_count, simulate_wm
from wmtutor.checks import bump_6, exercise
from wmtutor.laws.bump_states import read_contrast
from wmtutor.ring import circular_distance, preferred_angles
from wmtutor.units import Hz, ms, mV, nA, nS, pA

NAMES = [f"q{number}" for number in range(1, len(bump_6.QUESTIONS) + 1)]
VOLTAGES = np.linspace(-80 * mV, 20 * mV, 101)


@pytest.fixture(scope="module")
def right():
    """The answer to every question."""
    return right_answers("bump_6")


@pytest.fixture
def ex():
    return exercise("bump_6")


def B(v, scale=mV / 0.062):
    return 1 / (1 + np.exp(-v / scale) / 3.57)


def _cued(network, strength, seed, **conductances):
    return simulate_wm(
        preset=network, seed=seed, stimulus_center_deg=120, stimulus_width_deg=30,
        stimulus_strength=strength, t_stimulus_start=100 * ms, t_stimulus_duration=200 * ms,
        sim_time=800 * ms, dt=0.1 * ms, monitored_subset_size=1, **conductances,
    )  # fmt: skip


def _late_rate(network, strength=0.5 * nA, seed=bump_6.SEED):
    spikes = _cued(network, strength, seed).spike_monitor_excit
    return get_spike_count(spikes, None, 500 * ms, 800 * ms).mean() / (300 * ms)


# What is right


def test_contrast_may_be_computed_in_other_ways(ex):
    """Only the solution's own way through the angles would be accepted."""

    def cell_by_cell(counts, cue_deg, duration):
        near, far = [], []
        for i, count in enumerate(counts):
            distance = abs((360 * i / len(counts) - cue_deg + 180) % 360 - 180)
            if distance < 20:
                near.append(count)
            elif distance >= 100:
                far.append(count)
        return (sum(near) / len(near) - sum(far) / len(far)) / duration

    assert ex.q1.check(cell_by_cell).correct


@pytest.mark.parametrize("seed", range(20))
def test_no_cell_lies_on_the_edge_of_near_or_far(seed):
    """An answer would be right or wrong by rounding, or for < in the place of <=."""
    cases = [case.arguments for case in bump_6._contrast_cases(seed)]
    for N, cue_deg in [(len(counts), cue_deg) for counts, cue_deg, _ in cases] + [
        (preset.N_excitatory, 120) for preset in PRESETS.values()
    ]:
        distance = circular_distance(preferred_angles(N), cue_deg)
        assert min(abs(distance - 20).min(), abs(distance - 100).min()) > 1e-7


def test_block_may_be_written_in_other_ways(ex):
    """Only the solution's own formula would be accepted."""
    assert ex.q3.check(lambda v: 3.57 / (3.57 + np.exp(-62 * v))).correct
    assert ex.q3.check(lambda v: np.exp(62 * v) / (np.exp(62 * v) + 1 / 3.57)).correct


def test_turning_voltage_may_be_found_in_other_ways(ex):
    """A root of the slope, or a coarser grid within the tolerance, would be refused."""
    from scipy.optimize import brentq

    def by_root(magnesium):
        def slope(v):  # up to a positive factor
            share = 1 / (1 + magnesium / 3.57 * math.exp(-62 * v))
            return 1 + 62 * v * (1 - share)

        return brentq(slope, -200 * mV, 0)

    def by_coarse_grid(magnesium):
        v = np.arange(-100, 0, 0.5) * mV
        return v[(v / (1 + magnesium / 3.57 * np.exp(-62 * v))).argmin()]

    assert ex.q5.check(by_root).correct
    assert ex.q5.check(by_coarse_grid).correct


def test_conductance_may_be_added_up_synapse_by_synapse(ex):
    """Only the product would be accepted, not the sum that it stands for."""

    def by_sum(p, v):
        one = 0.381 * nS * p.weight_scaling_factor * p.conductance_factor
        return sum([one] * p.N_excitatory) * B(v, p.nmda_block_voltage) / p.g_leak_excit

    assert ex.q6.check(by_sum).correct


def _by_isclose(block):
    return int(all(np.isclose(block(v), B(v), rtol=0.01, atol=0) for v in VOLTAGES))


def _by_table(block):
    """Without the formula: a table of values, to be compared with."""
    table = {step: 1 / (1 + math.exp(-0.062 * step) / 3.57) for step in range(-80, 21, 4)}
    return 1 if all(abs(block(step * mV) - B) < 0.01 * B for step, B in table.items()) else 0


def _by_worst(block):
    worst = max(abs(math.log(block(v) / B(v))) if block(v) > 0 else 9.0 for v in VOLTAGES)
    return int(worst < 0.01)


@pytest.mark.parametrize("test", [_by_isclose, _by_table, _by_worst])
@pytest.mark.parametrize("seed", [0, 1, 2026])
def test_other_sound_tests_are_accepted(test, seed):
    """A good test would be refused for being written, or spaced, in another way."""
    assert exercise("bump_6", seed=seed).q11.check(test).correct


@pytest.mark.parametrize("seed", range(8))
def test_blocks_are_clearly_right_or_clearly_wrong(seed):
    """A sound test would be refused for a block at the edge of one per cent."""
    verdicts = []
    for block, name, _ in bump_6._blocks(seed):
        off = np.array([abs(block(float(v)) / B(v) - 1) for v in VOLTAGES])
        verdicts.append(bump_6._verdict(block))
        if verdicts[-1]:
            assert off.max() < 0.002, name
        else:
            # Wrong by more than 1.5 %, or NaN, at one in thirty of the voltages or more.
            assert np.mean(~(off <= 0.015)) > 0.03, name
    assert sum(verdicts) == 4
    assert verdicts == sorted(verdicts, reverse=True)


def test_near_windows_are_both_fine(ex, right):
    """An answer would be refused for a window that takes its last step along."""
    for shift in (-0.1 * ms, 0.1 * ms):
        assert ex.q2.check(bump_6._six_contrasts(500 * ms, 800 * ms + shift)).correct


# The checker against the library


@pytest.mark.parametrize("seed", [2, 3, 100_007])
@pytest.mark.parametrize("preset", PRESETS)
def test_checker_reads_as_the_library_does_for_any_seed(preset, seed):
    """The two readings would agree by luck of one seed; a right answer would hang on that luck."""
    network = PRESETS[preset]
    spikes = _cued(preset, 0.5 * nA, seed).spike_monitor_excit
    counts = get_spike_count(spikes, None, 500 * ms, 800 * ms)
    distance = circular_distance(preferred_angles(spikes.N), 120)
    by_distance = counts[distance <= 20].mean() - counts[distance > 100].mean()
    contrast = bump_6._late_contrast(network, 0.5 * nA, seed)
    assert contrast == pytest.approx(by_distance / (300 * ms), rel=1e-9)
    assert bump_6._late_rate(network, 0.5 * nA, seed) == pytest.approx(counts.mean() / 0.3)
    # The reading of the laws knows nothing of the cue, and draws its lines elsewhere.
    law = read_contrast(spikes, 500 * ms, 800 * ms)
    assert (contrast >= bump_6.LEAST_CONTRAST) == (law.contrast >= 5 * Hz)


def test_turning_point_is_where_the_slope_is_zero():
    """The closed form would be another quantity than the one that is asked for."""
    for magnesium in (0.05, 0.1, 1.0, 5.0):
        v = bump_6._turning_voltage(magnesium)
        low, middle, high = (
            x / (1 + magnesium / 3.57 * math.exp(-62 * x)) for x in (v - 1e-4, v, v + 1e-4)
        )
        assert middle < min(low, high)
        assert -100 * mV < v < 0


def test_runs_are_far_from_the_line_that_they_are_judged_by():
    """Whether a cue counts as remembered would hang on a window's edge, or on the machine."""
    contrasts = np.array(
        [
            bump_6._late_contrast(bump_6._LATER, strength * nA, seed)
            for strength in (0.06, 0.10, 0.18)
            for seed in bump_6.SEEDS
        ]
    )
    contrasts = np.concatenate([contrasts, bump_6._six_contrasts()])
    assert not ((contrasts > 3) & (contrasts < 10)).any()
    # At 0.14 nA one forgotten cue decides, and that is far below the line.
    worst = min(bump_6._late_contrast(bump_6._LATER, 0.14 * nA, seed) for seed in bump_6.SEEDS)
    assert worst < 3


def test_what_the_text_says_of_brian2_is_so():
    """Question 10 would teach something that the program does not do."""
    brian2 = pytest.importorskip("brian2")
    v = -55 * brian2.mV
    with pytest.raises(brian2.DimensionMismatchError):
        brian2.exp(-0.062 * v)
    slipped = 1 / (1 + brian2.exp(-0.062 * v / brian2.volt) / 3.57)
    assert float(slipped) == pytest.approx(bump_6._slipped_share(-55 * mV))
    assert float(1 / (1 + brian2.exp(-0.062 * v / brian2.mV) / 3.57)) == pytest.approx(
        bump_6._right_share(-55 * mV)
    )


def test_brian2_quantities_are_fine(ex, right):
    """Somebody who works in Brian2 would be refused for a voltage with its unit."""
    brian2 = pytest.importorskip("brian2")
    assert ex.q5.check(lambda magnesium: right["q5"](magnesium) * brian2.volt).correct
    assert not ex.q5.check(lambda magnesium: right["q5"](magnesium) * brian2.second).correct


# What is wrong, and what the checker says about it


def _q1(counts, cue_deg, duration, *, shift=0.0, far=100, wrap=True, read=np.mean):
    angles = preferred_angles(len(counts)) + shift * 360 / len(counts)
    distance = circular_distance(angles, cue_deg) if wrap else abs(angles - cue_deg)
    return (read(counts[distance <= 20]) - read(counts[distance > far])) / duration


def _near_alone(counts, cue_deg, duration):
    return counts[circular_distance(preferred_angles(len(counts)), cue_deg) <= 20].mean() / duration


def _q5(magnesium, *, curve=lambda v, current: v[current.argmin()], block=None):
    v = np.linspace(-100 * mV, 0, 2001)
    share = (block or (lambda v: 1 / (1 + magnesium / 3.57 * np.exp(-62 * v))))(v)
    return curve(v, v * share)


def _q6(p, v, **changes):
    p = replace(p, **changes)
    one = 0.381 * nS * p.weight_scaling_factor * p.conductance_factor
    return p.N_excitatory * one * B(v, p.nmda_block_voltage) / p.g_leak_excit


ORIGINAL, LATER = PRESETS["neurodynex"], PRESETS["neurodynex3"]


def _mended_upside_down():
    """The scale inverted: 0.062 / mV is 62, so that the block stays flat."""
    mended = replace(ORIGINAL, nmda_block_voltage=0.062 / mV)
    slipped = replace(LATER, nmda_block_voltage=1 / 0.062)
    return [_late_rate(network) for network in (ORIGINAL, mended, LATER, slipped)]


def _differences():
    rises = [B(-50 * mV, scale) - B(-70 * mV, scale) for scale in (mV / 0.062, 1 / 0.062)]
    return [*rises, B(-55 * mV, 1 / 0.062) - B(-55 * mV)]


def _is_not_the_slip(block):
    return int(not np.isclose(block(-55 * mV), 0.78, atol=0.01))


def _rises_within_bounds(block):
    shares = [block(v) for v in VOLTAGES]
    return int(all(low < high for low, high in pairwise([0.0, *shares, 1.0])))


G_EE, G_EI = 0.381 * nS, 0.292 * nS
FIVEFOLD = {"G_excit2excit": 5 * G_EE, "G_excit2inhib": 5 * G_EI}


def _rescued(network=bump_6._MENDED, **conductances):
    """What question 8 asks for, with mistakes in the arguments."""
    louder = replace(network, conductance_factor=5 * network.conductance_factor)
    runs = [
        _cued(network, 0.06 * nA, 1, **conductances),
        _cued(network, 0.0, 1, **conductances),
        _cued(louder, 0.06 * nA, 1),
    ]
    counts = [get_spike_count(run.spike_monitor_excit, None, 0.5, 0.8) for run in runs]
    return [_q1(count, 120, 0.3) for count in counts]


def _points(*voltages):
    return lambda block: int(all(abs(block(v) - B(v)) < 0.01 * B(v) for v in voltages))


def _none_is_far(block):
    for v in VOLTAGES:
        if abs(block(v) - B(v)) > 0.01 * B(v):
            return 0
    return 1


def _at_once(block):
    return int(np.allclose(block(VOLTAGES), B(VOLTAGES), rtol=0.01, atol=0))


WRONG = [
    ("q1", lambda right: lambda c, a, d: _q1(c, a, d, wrap=False), "20° apart"),
    ("q1", lambda right: lambda c, a, d: right(c, a, 1.0), "not rates"),
    ("q1", lambda right: lambda c, a, d: _q1(c, a, d, read=np.sum), "take means"),
    ("q1", lambda right: _near_alone, "near cells alone"),
    ("q1", lambda right: lambda c, a, d: _q1(c, a, d, shift=0.5), "half a cell"),
    ("q1", lambda right: lambda c, a, d: _q1(c, a, d, far=20), "flanks"),
    ("q1", lambda right: lambda c, a, d: right(c, a, d) / 1000, "kHz"),
    ("q1", lambda right: lambda c, a, d: abs(right(c, a, d)), "other side of the ring"),
    ("q1", lambda right: lambda c, a, d: right(c, 120.0, d), "a bump at 352°"),
    ("q2", lambda right: bump_6._six_rates(None), "mean rates of all cells"),
    ("q2", lambda right: bump_6._six_contrasts(0, 800 * ms), "whole run"),
    ("q2", lambda right: bump_6._six_contrasts(100 * ms, 300 * ms), "while the cue is on"),
    ("q2", lambda right: [right[k] for k in (0, 3, 1, 4, 2, 5)], "other order"),
    ("q2", lambda right: right[:3], "3 values; 6 are asked for"),
    ("q2", lambda right: [value / 1000 for value in right], "kHz"),
    ("q2", lambda right: [85.0] * 6, "(neurodynex3, 0.06 nA) is too high"),
    ("q3", lambda right: lambda v: B(v, 1 / 0.062), "the very slip"),
    ("q3", lambda right: lambda v: right(-v), "sign is the wrong way round"),
    ("q3", lambda right: lambda v: B(v, 1 / (0.062 * mV)), "multiply by mV"),
    ("q3", lambda right: lambda v: 1 / (1 + 3.57 * np.exp(-62 * v)), "divided by it"),
    ("q3", lambda right: lambda v: 1 / (1 + np.exp(-62 * v)), "3.57 is missing"),
    ("q3", lambda right: lambda v: 1 - right(v), "share that is blocked"),
    ("q3", lambda right: lambda v: 100 * right(v), "percent"),
    ("q3", lambda right: lambda v: 0.106 + 0 * v, "-70*mV"),
    ("q3", lambda right: lambda v: right(np.mean(v)), "array of voltages"),
    ("q4", lambda right: [1 / value for value in right], "inverse ratios"),
    ("q4", lambda right: [right[0], right[1], 1 / right[2]], "third is the wrong way round"),
    ("q4", lambda right: [right[1], right[0], right[2]], "changed places"),
    ("q4", lambda right: _differences(), "differences"),
    ("q4", lambda right: [100 * value for value in right], "percent"),
    ("q5", lambda right: lambda m: _q5(m, curve=lambda v, c: c.min()), "current at the turning"),
    (
        "q5",
        lambda right: lambda m: _q5(m, curve=lambda v, c: v[np.gradient(c).argmin()]),
        "most steeply",
    ),
    ("q5", lambda right: lambda m: right(1.0), "does not depend on the magnesium"),
    ("q5", lambda right: lambda m: right(1 / m), "turning_voltage(0.1)"),
    ("q5", lambda right: lambda m: -right(m), "sign is lost"),
    ("q5", lambda right: lambda m: _q5(m, block=lambda v: B(v, 1 / 0.062)), "divided by mV"),
    ("q5", lambda right: lambda m: right(m) / mV, "number of millivolts"),
    ("q5", lambda right: lambda m: _q5(m, curve=lambda v, c: c.argmin()), "turning_voltage(1)"),
    ("q6", lambda right: lambda p, v: _q6(p, v, nmda_block_voltage=mV / 0.062), "the right block"),
    ("q6", lambda right: lambda p, v: _q6(p, v, conductance_factor=1.0), "conductance_factor"),
    ("q6", lambda right: lambda p, v: _q6(p, v, weight_scaling_factor=1.0), "weight_scaling"),
    ("q6", lambda right: lambda p, v: right(p, v) / p.N_excitatory, "one synapse"),
    ("q6", lambda right: lambda p, v: right(p, v) / B(v, p.nmda_block_voltage), "block is missing"),
    ("q6", lambda right: lambda p, v: right(p, v) * p.g_leak_excit / nS, "conductance in nS"),
    ("q6", lambda right: lambda p, v: right(p, -55 * mV), "-70*mV"),
    ("q6", lambda right: lambda p, v: right(p, v) * p.excit2inhib_factor, "(PRESETS["),
    ("q7", lambda right: [right[0], right[0], right[2], right[2]], "makes no difference"),
    ("q7", lambda right: _mended_upside_down(), "still flat"),
    ("q7", lambda right: [right[k] for k in (0, 2, 1, 3)], "changed places"),
    ("q7", lambda right: bump_6._four_inhibitory_rates(None), "interneurons"),
    ("q7", lambda right: bump_6._four_rates(0.0), "without a cue"),
    ("q7", lambda right: bump_6._four_rates(0.06 * nA), "weak cue"),
    ("q7", lambda right: [rate / 1000 for rate in right], "kHz"),
    ("q8", lambda right: bump_6._rescue_rates(None), "mean rates of all cells"),
    ("q8", lambda right: _rescued(G_excit2excit=G_EE), "old ones"),
    ("q8", lambda right: _rescued(G_excit2excit=5 * G_EE), "multiply G_excit2inhib as well"),
    ("q8", lambda right: _rescued(ORIGINAL, **FIVEFOLD), "slip still in place"),
    ("q8", lambda right: right[:2], "2 values; 3 are asked for"),
    ("q8", lambda right: [right[0], right[0], right[0]], "no cue) is too high"),
    ("q9", lambda right: 0.06 * nA, "forgets the cue with seed 1, 2, 3, 4, 5"),
    ("q9", lambda right: 0.14 * nA, "forgets the cue with seed"),
    ("q9", lambda right: 0.26 * nA, "The weakest is asked for"),
    ("q9", lambda right: 0.18, "number of nA"),
    ("q9", lambda right: right / pA, "number of pA"),
    ("q9", lambda right: 0.16 * nA, "one of the strengths listed"),
    ("q9", lambda right: [right] * 5, "One number"),
    ("q10", lambda right: "a", "dimension of v"),
    ("q10", lambda right: "b", "no longer has a unit"),
    ("q10", lambda right: "d", "respectable share"),
    ("q11", lambda right: lambda block: 1 - right(block), "wrong way round"),
    ("q11", lambda right: _points(-55 * mV), "-55 mV only"),
    ("q11", lambda right: _points(-70 * mV, -55 * mV, 0.0), "three voltages"),
    ("q11", lambda right: _is_not_the_slip, "every other mistake"),
    (
        "q11",
        lambda right: lambda block: int(all(block(v) == bump_6._with_numpy(v) for v in VOLTAGES)),
        "last digit",
    ),
    ("q11", lambda right: _none_is_far, "Every comparison with NaN"),
    ("q11", lambda right: _rises_within_bounds, "rises from 0 to 1"),
    ("q11", lambda right: lambda block: 1, "That is the slip."),
    ("q11", lambda right: lambda block: 0, "the formula in NumPy"),
    ("q11", lambda right: lambda block: bool(right(block)), "truth value"),
    ("q11", lambda right: right(B), "without calling it"),
]


@pytest.mark.parametrize(("name", "make", "says"), WRONG)
def test_wrong_answer_is_refused_for_its_reason(ex, right, name, make, says):
    """A wrong answer would pass, or be refused with a reason that does not help."""
    outcome = ex.questions[name].check(make(right[name]))
    assert outcome.status == "incorrect", outcome
    assert says in outcome.message
    assert outcome.points == 0
    assert all(len(line) <= 88 for line in repr(outcome).splitlines())


def test_every_question_has_three_wrong_answers_here():
    """A question would have been added without testing its checker."""
    asked = [name for name, *_ in WRONG]
    assert set(asked) == set(NAMES)
    assert min(asked.count(name) for name in NAMES) >= 3


@pytest.mark.parametrize("name", NAMES)
def test_wrong_answers_have_messages_of_their_own(ex, right, name):
    """Different mistakes would be met with one and the same sentence."""
    messages = [
        ex.questions[of].check(make(right[of])).message for of, make, _ in WRONG if of == name
    ]
    assert len(set(messages)) == len(messages)


def test_test_that_calls_with_an_array_is_told(ex):
    """Blocks take one voltage, as the text says; an error would not say where."""
    outcome = ex.q11.check(_at_once)
    assert outcome.status == "error"
    assert "block_is_right(" in outcome.message


def test_answers_of_another_seed_are_refused(ex):
    """The remark about the seed would never be shown, and any run would pass."""
    networks = PRESETS.values()
    other = [
        bump_6._late_contrast(network, strength, 7)
        for strength in (0.06 * nA, 0.5 * nA)
        for network in networks
    ]
    outcome = ex.q2.check(other)
    assert outcome.status == "incorrect"
    assert "seed=1" in outcome.message
    changed = (ORIGINAL, bump_6._MENDED, LATER, bump_6._SLIPPED)
    outcome = ex.q7.check([_late_rate(network, seed=7) for network in changed])
    assert outcome.status == "incorrect"
    assert "seed=1" in outcome.message


def test_asking_for_the_exercise_runs_nothing():
    """Opening the notebook would take seconds, simulating answers nobody has given yet."""
    bump_6._spikes.cache_clear()
    ex = exercise("bump_6")
    for name in NAMES:
        ex.questions[name].check(None)
    ex.q2.check([1.0, 2.0])
    ex.q9.check("0.18")
    assert bump_6._spikes.cache_info().misses == 0
