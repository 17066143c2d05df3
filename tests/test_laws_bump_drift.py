"""wmtutor.laws.bump_drift: what moves a remembered angle, measured."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wmtutor.bump import draw_leak_potentials
from wmtutor.laws import ALL_LAWS, bump_drift, read_trials
from wmtutor.laws.bump_drift import (
    diffusion_exponent,
    estimate_drift_field,
    measure_bump_diffusion,
    measure_bump_distractor,
    measure_bump_heterogeneity,
    predict_drift_field,
    read_paths,
    summarise_bump_diffusion,
    summarise_bump_distractor,
    summarise_bump_heterogeneity,
    summarise_displacement,
    summarise_final_angles,
)
from wmtutor.ring import circular_distance, preferred_angles
from wmtutor.units import mV, nA

DATA = Path(__file__).parents[1] / "book" / "data" / "laws"
QUIETLY = {"n_jobs": 1, "progress": False}
TIMES = 0.45 + 0.25 * np.arange(13)
COLUMNS = [f"theta_{round(1000 * t):04d}" for t in TIMES]


def _table(paths, **columns):
    table = pd.DataFrame(np.mod(paths, 360), columns=COLUMNS)
    return table.assign(kept=True, **columns)


def _walks(generator, D, trials, error_deg=0.0):
    steps = generator.normal(0, np.sqrt(2 * D * 0.25), (trials, 12))
    walks = 180 + np.hstack([np.zeros((trials, 1)), np.cumsum(steps, axis=1)])
    return walks + generator.normal(0, error_deg, walks.shape)


# ---- diffusion ---------------------------------------------------------------------------


def test_diffusion_of_walks_with_a_known_law():
    """If D or the exponent were off, the book's law of N would be one of the estimator.

    Walks with D = 8192/N and a decoding error of 1 degree; exact for the seed. The bounds are five
    standard errors: D of n trials is known to about sqrt(2/n).
    """
    generator = np.random.default_rng(1)
    trials = 2000
    table = pd.concat(
        [
            _table(_walks(generator, 8192 / N, trials, error_deg=1.0), N_excitatory=N)
            for N in (512, 1024, 2048, 4096)
        ]
    )
    summary = summarise_bump_diffusion(table).set_index("N_excitatory")
    for N, row in summary.iterrows():
        assert pytest.approx(8192 / N, rel=5 * np.sqrt(2 / trials)) == row.D
        assert row.D_low < row.D < row.D_high
        assert row.bend_low < row.bend < row.bend_high
    # Twice the variance of the error; D is smallest, and so the intercept best known, at 4096.
    assert summary.offset[4096] == pytest.approx(2.0, abs=0.5)
    interval = diffusion_exponent(table, 500)
    # Standard error of the slope: sqrt(2/n) over the root of the sum of (log N - mean)^2, 1.55.
    assert interval.estimate == pytest.approx(1, abs=5 * np.sqrt(2 / trials) / 1.55)
    assert interval.low < interval.estimate < interval.high
    assert 0.04 < interval.high - interval.low < 0.16


def test_a_path_that_bends_is_told_from_diffusion():
    """If "bend" could not see a memory that is held back, straightness would be an empty word."""
    generator = np.random.default_rng(2)
    angle, paths = np.zeros(500), []
    for _ in TIMES:
        paths.append(angle + 180)
        angle = 0.6 * angle + generator.normal(0, 2, 500)
    (row,) = summarise_bump_diffusion(_table(np.transpose(paths), N_excitatory=512)).to_dict(
        "records"
    )
    assert row["bend_high"] < 0


def test_displacement_and_lost_trials():
    """If lost trials entered, one random angle would outweigh a hundred memories."""
    paths = 180 + np.outer([1, -1, 2, -2, 1, -1], np.arange(13.0))
    table = _table(paths, N_excitatory=512)
    lost = _table(np.full((1, 13), 10.0), N_excitatory=512).assign(kept=False)
    lost.iloc[0, 5] = np.nan
    table = pd.concat([table, lost], ignore_index=True)
    shown = summarise_displacement(table)
    np.testing.assert_allclose(shown.lag, 0.25 * np.arange(1, 13))
    np.testing.assert_allclose(shown.msd, 2 * np.arange(1.0, 13.0) ** 2)
    assert (shown.msd_low < shown.msd).all()
    (row,) = summarise_bump_diffusion(table).to_dict("records")
    assert row["trials"] == 7
    assert row["kept_fraction"] == pytest.approx(6 / 7)
    # 1, 2 deg in 0.25 s: on average 32 deg^2/s^2 times t^2, and all of it is bend.
    assert row["bend"] == pytest.approx(32)


def test_paths_across_0_degrees():
    """If the wrap-around were not undone, a memory at 0 would seem to leap round the ring."""
    crossing = np.tile(356 + np.arange(13.0), (5, 1))
    shown = summarise_displacement(_table(crossing, N_excitatory=64))
    np.testing.assert_allclose(shown.msd, np.arange(1.0, 13.0) ** 2)


# ---- drift -------------------------------------------------------------------------------


def _langevin(generator, velocity, D, starts, error_deg, steps_per_sample=25):
    """Decoded angles of bumps with a known drift field (a function of degrees)."""
    dt = 0.25 / steps_per_sample
    angle, samples = np.array(starts, float), []
    for _ in TIMES:
        samples.append(angle + generator.normal(0, error_deg, angle.size))
        for _ in range(steps_per_sample):
            kick = generator.normal(0, np.sqrt(2 * D * dt), angle.size)
            angle = angle + velocity(angle) * dt + kick
    return np.transpose(samples)


def _field(angle_deg):
    return 4 * np.sin(np.deg2rad(3 * (angle_deg - 20)))


def test_drift_field_of_paths_with_a_known_field():
    """If the estimate were off, bumps would seem to gather where they do not.

    Exact for the seed; 2000 paths leave an error of 0.1 deg/s, and 0.6 is asked for.
    """
    generator = np.random.default_rng(3)
    starts = np.arange(2000) * 0.18
    table = _table(
        _langevin(generator, _field, 5.0, starts, 1.5), standard_deviation=1e-3, network=0
    )
    field = estimate_drift_field(table)
    np.testing.assert_allclose(field.velocity, _field(field.angles_deg), atol=0.6)
    inside = (field.velocity_low < _field(field.angles_deg)) & (
        _field(field.angles_deg) < field.velocity_high
    )
    assert inside.mean() > 0.8
    # sin(3 (x - 20)) falls through zero at 80, 200 and 320 and rises at 20, 140 and 260.
    np.testing.assert_allclose(field.stable_deg, [80, 200, 320], atol=4)
    np.testing.assert_allclose(field.unstable_deg, [20, 140, 260], atol=4)


def test_decoding_errors_are_not_taken_for_drift():
    """If errors of decoding entered both place and velocity, fixed points would look too strong.

    Paths that come to rest in valleys (D = 0.2), read with an error of 5 degrees. Velocity against
    the very place from which it is counted gives a field more than a fifth too steep. Exact for
    the seed.
    """
    generator = np.random.default_rng(4)
    starts = np.arange(3000) * 0.12
    paths = _langevin(generator, _field, 0.2, starts, 5.0)
    estimate = estimate_drift_field(_table(paths, standard_deviation=1e-3, network=0), modes=3)
    shape = _field(estimate.angles_deg)
    strength = estimate.velocity @ shape / (shape @ shape)
    naive = (np.diff(paths) / 0.25 * _field(paths[:, :-1])).sum() / (
        _field(paths[:, :-1]) ** 2
    ).sum()
    assert strength == pytest.approx(1, abs=0.2)
    assert naive > 1.2


def _network_tables(generator, velocity, error_deg=1.0, networks=8, deviation=1e-3):
    starts = np.tile(preferred_angles(20), 2)
    tables = [
        _table(
            _langevin(generator, velocity, 4.6, starts, error_deg),
            standard_deviation=deviation, network=network, repeat=np.repeat([0, 1], 20),
        )
        for network in range(networks)
    ]  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def test_root_mean_square_drift_is_not_made_of_noise():
    """If noise added to the squared field, a network of equal cells would seem to drift.

    The mean square of 4 sin(...) is 8. Paths without drift have 0 on average, though each of their
    fitted fields is far from flat.
    """
    generator = np.random.default_rng(5)
    still = _network_tables(generator, lambda angle: 0 * angle, networks=40, deviation=0.0)
    (row,) = summarise_bump_heterogeneity(still).to_dict("records")
    assert row["mean_square_low"] < 0 < row["mean_square_high"]
    assert abs(row["mean_square"]) < 0.3
    naive = [
        (estimate_drift_field(group, resamples=100).velocity ** 2).mean()
        for _, group in still.groupby("network")
    ]
    assert np.mean(naive) > 0.8
    assert np.isnan(row["gain"])
    moving = _network_tables(generator, _field, networks=40)
    (row,) = summarise_bump_heterogeneity(moving).to_dict("records")
    assert row["mean_square"] == pytest.approx(8, abs=1)
    assert row["rms_speed"] == pytest.approx(np.sqrt(row["mean_square"]))
    assert row["networks"] == 40


def test_expected_field_against_the_null_vector_of_a_rate_network():
    """If theory pushed anywhere but where it should, its agreement with the data would be luck.

    A ring of gates ``ds/dt = -s/tau + f r(u) (1 - s)``, ``u = W s + input``, with a cosine for W
    and an exponential for r, has a bump whose rates are exactly a von Mises bell. How fast a weak
    input moves it follows from the Jacobian's left null vector, found here by numerical algebra.
    """
    N, width_deg, peak, tau, step = 256, 17.0, 100.0, 0.065, 0.61
    angles = 2 * np.pi * np.arange(N) / N
    kappa = np.rad2deg(1.0) ** 2 / width_deg**2
    rate = peak * np.exp(kappa * (np.cos(angles) - 1))  # r(u) = exp(u), u = kappa cos + constant
    gate = step * tau * rate / (1 + step * tau * rate)
    W = np.cos(angles[:, None] - angles[None, :])
    W *= kappa / (W @ gate)[0]
    np.testing.assert_allclose(W @ gate, kappa * np.cos(angles), atol=1e-9)
    response = step * rate * (1 - gate)  # d/du of the gate's opening; dr/du = r
    jacobian = np.diag(-1 / tau - step * rate) + response[:, None] * W
    values, vectors = np.linalg.eig(jacobian.T)
    least = np.abs(values).argmin()
    assert np.abs(values[least]) < 1e-8 * np.abs(values).max()
    left = vectors[:, least].real
    slope = np.gradient(np.r_[gate[-1], gate, gate[0]])[1:-1] * N / 360  # per degree
    generator = np.random.default_rng(6)
    speeds, expected = [], []
    for _ in range(20):
        weak = generator.normal(0, 1 * mV, N)
        # s(theta - shift): a velocity v changes s by -v s'.
        speeds.append(-(left @ (response * (weak - weak.mean()))) / (left @ slope))
        field = predict_drift_field(-70 * mV + weak, width_deg=width_deg, peak_rate=peak,
                                    tau_NMDA=tau, step_NMDA=step)  # fmt: skip
        expected.append(field[0])
    ratio = np.array(speeds) / expected
    assert (ratio > 0).all()
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-6)


def test_expected_field_turns_with_the_network():
    """If the field were laid out from another angle, its peaks would stand beside the cells."""
    E_leak = draw_leak_potentials(360, 1 * mV, seed=3)
    field = predict_drift_field(E_leak)
    np.testing.assert_allclose(predict_drift_field(np.roll(E_leak, 50)), np.roll(field, 50))
    np.testing.assert_allclose(predict_drift_field(2 * E_leak + 70 * mV), 2 * field, atol=1e-12)
    many = [predict_drift_field(draw_leak_potentials(360, 1 * mV, seed=k)) for k in range(100)]
    # 100 networks with some ten independent places each: five standard errors are 11%.
    assert np.sqrt(np.mean(np.square(many))) == pytest.approx(1 * mV, rel=0.11)


def test_bits_of_drift_that_is_there_and_that_is_not():
    """If drift gained bits on paths that do not follow it, the gain would say nothing."""
    generator = np.random.default_rng(7)
    control = _network_tables(generator, lambda angle: 0 * angle, networks=4, deviation=0.0)
    follow, ignore = [], []
    for network in range(4):
        expected = 3.0 / mV * predict_drift_field(draw_leak_potentials(1024, 1 * mV, network))

        def velocity(angle, expected=expected):
            return np.interp(angle, np.arange(360), expected, period=360)

        follow.append(_network_tables(generator, velocity, networks=1).assign(network=network))
        backwards = _network_tables(generator, lambda angle: -_field(angle), networks=1)
        ignore.append(backwards.assign(network=network))
    (row,) = summarise_final_angles(pd.concat([control, *follow])).to_dict("records")
    assert row["bits_low"] > 0.3
    (row,) = summarise_final_angles(pd.concat([control, *ignore])).to_dict("records")
    assert row["bits_low"] < 0.1
    with pytest.raises(ValueError, match="control"):
        summarise_final_angles(pd.concat(follow))


# ---- distractors -------------------------------------------------------------------------


def test_what_became_of_distracted_memories():
    """If a replaced memory were counted as a shifted one, weak distractors would look strong."""
    kept = {"strength": 1e-10, "distance_deg": 90.0, "kept_before": True, "present": True}
    table = pd.DataFrame(
        [
            kept | {"shift_deg": 2.0, "rate_cue": 90.0, "rate_distractor": 0.0},
            kept | {"shift_deg": 89.0, "rate_cue": 0.0, "rate_distractor": 90.0},
            kept | {"shift_deg": 45.0, "rate_cue": 60.0, "rate_distractor": 60.0},
            kept | {"shift_deg": -170.0, "rate_cue": 1.0, "rate_distractor": 1.0, "present": False},
            kept | {"shift_deg": 0.0, "rate_cue": 1.0, "rate_distractor": 1.0}
            | {"kept_before": False},
        ]
    )  # fmt: skip
    (row,) = summarise_bump_distractor(table).to_dict("records")
    assert row["trials"] == 4
    assert row["strength_nA"] == 0.1
    assert (row["captured_fraction"], row["both_fraction"], row["lost_fraction"]) == (
        0.25, 0.25, 0.25,
    )  # fmt: skip
    assert row["shift_deg"] == pytest.approx(91 / 2)
    assert row["shift_share"] == pytest.approx(91 / 180)
    opposite = table.assign(distance_deg=180.0, shift_deg=[2.0, -179.0, 90.0, 0.0, 0.0])
    (row,) = summarise_bump_distractor(opposite).to_dict("records")
    assert row["captured_fraction"] == 0.25
    assert np.isnan(row["shift_deg"])
    # At 60 degrees or less, cells at both places fire for one bump in between.
    near = table.assign(distance_deg=30.0, shift_deg=10.0)
    (row,) = summarise_bump_distractor(near).to_dict("records")
    assert (row["both_fraction"], row["captured_fraction"]) == (0.0, 0.0)


# ---- measuring ---------------------------------------------------------------------------


def test_measuring_diffusion():
    """If a table could not be made again, nobody could check the book's numbers."""
    table = measure_bump_diffusion([128, 256], 2, delay=0.5, seed=5, **QUIETLY)
    again = measure_bump_diffusion([128, 256], 2, delay=0.5, seed=5, **QUIETLY)
    pd.testing.assert_frame_equal(table, again)
    t, theta_deg = read_paths(table)
    np.testing.assert_allclose(t, [0.45, 0.7, 0.95])
    assert table.kept.all()
    assert (circular_distance(theta_deg, 180) < 60).all()
    assert table.seed.nunique() == 4


def test_measuring_heterogeneity():
    """If networks were not frozen, or cues not where they should be, fields would mean nothing."""
    table = measure_bump_heterogeneity([0, 2 * mV], 2, 2, delay=0.5, seed=5, **QUIETLY)
    assert len(table) == 2 * 2 * 2 * 2
    _, theta_deg = read_paths(table)
    assert (circular_distance(theta_deg[:, 0], table.cue_deg) < 30).all()
    row = table.iloc[-1]
    trial = bump_drift._heterogeneity_trial
    same = trial(int(row.seed), row.standard_deviation, row.network, row.cue_deg, row.delay)
    other = trial(int(row.seed), row.standard_deviation, 7, row.cue_deg, row.delay)
    assert same["theta_0950"] == row.theta_0950
    assert other["theta_0950"] != row.theta_0950


def test_measuring_distractors():
    """If the distractor came at another place or strength, all its curves would be others'.

    A strong one far away replaces the memory, a weak one does nothing (exact for the seed).
    """
    table = measure_bump_distractor([0.05 * nA, 0.4 * nA], [120], 2, seed=5, **QUIETLY)
    assert table.kept_before.all()
    assert (np.abs(table.shift_deg[:2]) < 10).all()
    assert (np.abs(table.shift_deg[2:] - 120) < 15).all()
    assert (table.rate_distractor[2:] > 50).all()


@pytest.mark.parametrize(
    ("measure", "arguments", "message"),
    [
        (measure_bump_diffusion, {"N_excitatory": [16]}, "N_excitatory"),
        (measure_bump_diffusion, {"N_excitatory": [512.0]}, "N_excitatory"),
        (measure_bump_diffusion, {"delay": 3000}, "delay"),
        (measure_bump_diffusion, {"delay": 0.6}, "multiple of 250"),
        (measure_bump_heterogeneity, {"standard_deviations": [0.5]}, r"did you mean 0.5\*mV"),
        (measure_bump_heterogeneity, {"networks": 1}, "networks"),
        (measure_bump_heterogeneity, {"cues": 0}, "cues"),
        (measure_bump_heterogeneity, {"repeats": 1}, "repeats"),
        (measure_bump_distractor, {"strengths": [0.1]}, r"did you mean 0.1\*nA"),
        (measure_bump_distractor, {"distances_deg": [181]}, "distances_deg"),
        (measure_bump_distractor, {"distances_deg": [0]}, "distances_deg"),
    ],
)
def test_bad_conditions_are_named(measure, arguments, message, monkeypatch):
    """If one of these ran, minutes would be spent on a table of nonsense."""
    monkeypatch.setattr(bump_drift, "run_trials", lambda *_, **__: pytest.fail("it ran"))
    with pytest.raises((TypeError, ValueError), match=message):
        measure(**arguments)


def test_bad_tables_are_named():
    """If a table of something else were summarised, its numbers would be believed."""
    paths = _table(_walks(np.random.default_rng(8), 5.0, 20), N_excitatory=512)
    for summarise in (summarise_bump_diffusion, summarise_bump_heterogeneity,
                      summarise_bump_distractor, summarise_displacement, read_paths,
                      estimate_drift_field, diffusion_exponent,
                      summarise_final_angles):  # fmt: skip
        with pytest.raises(TypeError, match="DataFrame"):
            summarise([1, 2])
        with pytest.raises(ValueError, match="has no column"):
            summarise(paths[["theta_0450"]])
    with pytest.raises(ValueError, match="theta_"):
        read_paths(paths[["kept"]])
    with pytest.raises(ValueError, match="an exponent needs two"):
        diffusion_exponent(paths)
    still = _table(np.full((20, 13), 180.0), N_excitatory=1024)
    with pytest.raises(ValueError, match="does not grow"):
        diffusion_exponent(pd.concat([paths, still]))
    two = _network_tables(np.random.default_rng(9), _field, networks=2)
    with pytest.raises(ValueError, match="one network"):
        estimate_drift_field(two)
    with pytest.raises(ValueError, match="too few for 6 modes"):
        estimate_drift_field(two[:2])
    with pytest.raises(ValueError, match="two repeats"):
        summarise_bump_heterogeneity(two[two.repeat == 0])
    for arguments, message in (
        ({"E_leak": [-70] * 16}, "E_leak"), ({"E_leak": [-0.07] * 7}, "8"),
        ({"E_leak": [-0.07] * 16, "tau_NMDA": 65}, "tau_NMDA"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            predict_drift_field(**arguments)


# ---- the book's tables -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "trial", "conditions", "chosen"),
    [
        ("bump_diffusion", bump_drift._diffusion_trial, ["N_excitatory", "delay"], [0, 57, 199]),
        ("bump_heterogeneity", bump_drift._heterogeneity_trial,
         ["standard_deviation", "network", "cue_deg", "delay"], [3, 400, -1]),
        ("bump_distractor", bump_drift._distractor_trial, ["strength", "distance_deg"],
         [0, 700, -1]),
    ],
)  # fmt: skip
def test_the_committed_trials_are_what_the_code_makes(name, trial, conditions, chosen):
    """If code and table had parted, the book would show numbers that nobody can make again."""
    table = read_trials(name, DATA)
    assert not table.isna().any().any()
    assert (table.seed.value_counts() == 1).all()
    for row in table.iloc[chosen].to_dict("records"):
        # Files have seven digits; half a nanoampere's last bit would be another trial.
        condition = {key: _exact(key, row[key]) for key in conditions}
        made = trial(int(row["seed"]), **condition)
        for key, value in made.items():
            shown = value if isinstance(value, bool) else float(f"{value:.7g}")
            assert shown == row[key], key


def _exact(key, value):
    """The condition as the law's defaults have it, which a file's digits may not quite give."""
    exact = {
        "strength": (0.05 * nA, 0.1 * nA, 0.2 * nA, 0.25 * nA, 0.3 * nA, 0.4 * nA),
        "standard_deviation": (0.0, 0.5 * mV, 1.0 * mV, 2.0 * mV),
    }.get(key, (value,))
    return min(exact, key=lambda candidate: abs(candidate - value))


def test_the_committed_tables_are_large_enough():
    """If tables were cut, intervals would still be drawn, but not the ones that were asked for."""
    diffusion = read_trials("bump_diffusion", DATA)
    assert diffusion.groupby("N_excitatory").size().to_dict() == dict.fromkeys(
        (512, 1024, 2048, 4096), 200
    )
    assert (diffusion.delay == 3).all()
    drift = read_trials("bump_heterogeneity", DATA)
    assert drift.groupby(["standard_deviation", "network"]).size().eq(40).all()
    assert drift.cue_deg.nunique() == 20
    distractor = read_trials("bump_distractor", DATA)
    assert distractor.groupby(["strength", "distance_deg"]).size().ge(30).all()
    for name in bump_drift.LAWS:
        assert ALL_LAWS[name].summarise(read_trials(name, DATA)).notna().any().all()
        assert (DATA / f"{name}.csv").stat().st_size < 1_000_000
