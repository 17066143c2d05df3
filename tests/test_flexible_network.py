"""wmtutor.flexible.network: the weights against their formulas, and networks in files."""

import dataclasses
import inspect
import os
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from wmtutor.flexible import FlexibleNetwork, NetworkParameters, build_network, load_network

SMALL = {"N_rings": 3, "N_sensory": 40, "N_random": 30}


@pytest.fixture(scope="module")
def full():
    return build_network(seed=1)


def test_signature_shows_the_published_defaults():
    """If a default differed from the paper's, a bare call would build another network."""
    defaults = {
        "N_rings": 8, "N_sensory": 512, "N_random": 1024, "connection_probability": 0.35,
        "alpha": 2.1, "beta": 0.2, "balance_ff": -1.0, "balance_fb": -1.0,
        "self_excitation": False, "ring_baseline": 0.28, "ring_excit_weight": 2.0,
        "ring_excit_kappa": 1.0, "ring_inhib_weight": 2.0, "ring_inhib_kappa": 0.25,
    }  # fmt: skip
    parameters = inspect.signature(build_network).parameters
    assert {n: p.default for n, p in parameters.items() if n != "seed"} == defaults


def test_full_network_weights_follow_the_formulas(full):
    """If a weight were normalised over the wrong cells, excitation would not balance inhibition."""
    M = full.mask.astype(float)
    ff = 1000 * 2.1 * M / M.sum(axis=0)
    ff -= ff.sum(axis=0) / 4096
    np.testing.assert_allclose(full.feedforward_weights(), ff, rtol=0, atol=1e-12)
    fb = (1000 * 0.2 * M.T) / M.sum(axis=1)
    fb -= fb.sum(axis=0) / 1024
    np.testing.assert_allclose(full.feedback_weights(), fb, rtol=0, atol=1e-12)
    connected, apart = ff[M == 1].mean(), ff[M == 0].mean()
    assert (connected, apart) == pytest.approx((0.952, -0.513), abs=2e-3)
    connected, apart = fb[M.T == 1].mean(), fb[M.T == 0].mean()
    assert (connected, apart) == pytest.approx((0.363, -0.195), abs=2e-3)


def test_incoming_weights_balance_to_rounding(full):
    """If they did not sum to zero, the network's total activity would drift with every spike."""
    assert np.abs(full.feedforward_weights().sum(axis=0)).max() < 1e-10
    assert np.abs(full.feedback_weights().sum(axis=0)).max() < 1e-10


@pytest.mark.parametrize("balance", [0.0, -0.5, 0.3])
def test_partial_balance_leaves_the_rest(balance):
    """If the balance took a fixed amount, its knob would not mean what it says."""
    network = build_network(**SMALL, balance_ff=balance, balance_fb=balance, seed=2)
    np.testing.assert_allclose(network.feedforward_weights().sum(axis=0), 2100 * (1 + balance))
    np.testing.assert_allclose(network.feedback_weights().sum(axis=0), 200 * (1 + balance))


def test_mask_is_shared_and_has_the_chance_asked_for(full):
    """If the two directions were drawn apart, feedback would reach cells that did not call for it.

    The count of connections is binomial: outside 6 standard deviations once in 5e8 seeds.
    """
    apart = (full.mask == 0) & (full.feedforward_weights() > 0)
    assert not apart.any()
    positive = full.feedback_weights().T > 0
    np.testing.assert_array_equal(positive, full.mask == 1)
    n, p = full.mask.size, 0.35
    assert abs(full.mask.sum(dtype=int) - n * p) < 6 * np.sqrt(n * p * (1 - p))
    assert full.mask.any(axis=0).all()
    assert full.mask.any(axis=1).all()


@pytest.mark.parametrize(("probability", "value"), [(0.0, 0), (1.0, 1)])
def test_extreme_connection_probabilities(probability, value):
    """If 0 or 1 were rounded away, the two limiting cases could not be shown."""
    network = build_network(**SMALL, connection_probability=probability, seed=1)
    assert (network.mask == value).all()
    assert np.isfinite(network.feedforward_weights()).all()
    # All connected and balanced, or none connected: nothing is left.
    assert np.abs(network.feedforward_weights()).max() < 1e-12
    assert np.abs(network.feedback_weights()).max() < 1e-12


def test_ring_weights_are_symmetric_with_an_empty_diagonal(full):
    """If the ring had a direction, every memory would wander that way."""
    weights = full.ring_weights()
    np.testing.assert_array_equal(weights, weights.T)
    assert not np.diag(weights).any()
    with_self = dataclasses.replace(full, self_excitation=True)
    np.testing.assert_allclose(np.diag(with_self.ring_weights()), 0.28)


def test_seed_decides_the_connections():
    """If a network could not be drawn again, no result on it could be checked."""
    a, b = build_network(**SMALL, seed=5), build_network(**SMALL, seed=5)
    np.testing.assert_array_equal(a.mask, b.mask)
    assert not np.array_equal(a.mask, build_network(**SMALL, seed=6).mask)
    assert not np.array_equal(build_network(**SMALL).mask, build_network(**SMALL).mask)
    code = (
        "from wmtutor.flexible import build_network; import zlib;"
        "print(zlib.crc32(build_network(N_rings=3, N_sensory=40, N_random=30, seed=5).mask))"
    )
    import zlib

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert int(result.stdout) == zlib.crc32(a.mask)


def test_replace_keeps_the_connections():
    """If changing a strength drew new connections, the two networks could not be compared."""
    network = build_network(**SMALL, seed=1)
    stronger = dataclasses.replace(network, alpha=4.2)
    np.testing.assert_array_equal(stronger.mask, network.mask)
    np.testing.assert_allclose(stronger.feedforward_weights(), 2 * network.feedforward_weights())
    with pytest.raises(ValueError, match="mask: has shape"):
        dataclasses.replace(network, N_random=31)


def test_networks_cannot_be_changed_by_accident():
    """If a cell of a notebook wrote into the mask, all later trials would be on another network."""
    mask = np.ones((120, 30), dtype=np.uint8)
    network = FlexibleNetwork(**SMALL, mask=mask)
    for array in (network.mask, network.ring_profile, network.mask_by_random):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    mask[0] = 0
    assert network.mask.all(), "the network kept the caller's own array"
    with pytest.raises(dataclasses.FrozenInstanceError):
        network.alpha = 1.0


@pytest.mark.parametrize("mask", [np.full((120, 30), 2), np.full((120, 30), 0.5)])
def test_masks_hold_only_zeros_and_ones(mask):
    """If weights passed for a mask, they would be rounded to connections in silence."""
    with pytest.raises(ValueError, match="zeros and ones"):
        FlexibleNetwork(**SMALL, mask=mask)


def test_unknown_names_are_refused_with_a_suggestion():
    """If a misspelt parameter were passed over, its default would be studied instead."""
    with pytest.raises(TypeError, match="did you mean 'alpha'"):
        build_network(aplha=3)
    with pytest.raises(TypeError, match=r"it takes .*balance_ff"):
        build_network(zzz=3)


# In files


@pytest.mark.parametrize("parameters", [SMALL, {**SMALL, "N_random": 0}, {"N_rings": 1}])
def test_saved_network_comes_back_the_same(parameters, tmp_path):
    """If a network changed on its way through a file, saved work would be lost without a sign."""
    network = build_network(**parameters, alpha=1.7, balance_fb=-0.3, self_excitation=True, seed=3)
    path = tmp_path / "a network"
    network.save(path)
    again = load_network(path)
    assert again.parameters == network.parameters
    np.testing.assert_array_equal(again.mask, network.mask)
    assert again.mask.dtype == np.uint8
    assert list(tmp_path.iterdir()) == [path], "something was left beside the file"
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()
    once_more = pickle.loads(pickle.dumps(network))
    np.testing.assert_array_equal(once_more.mask, network.mask)


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_default_network_takes_half_a_megabyte(full, tmp_path):
    """If it took the 67 MB that its weights fill, a class could not share it."""
    full.save(tmp_path / "network.npz")
    assert (tmp_path / "network.npz").stat().st_size < 600_000


def test_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    """If a full disk could ruin the file that is there, saving again would be dangerous."""
    path = tmp_path / "network.npz"
    network = build_network(**SMALL, seed=1)
    network.save(path)
    before = path.read_bytes()

    def full_disk(file, **arrays):
        file.write(b"half of it")
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "savez_compressed", full_disk)
    with pytest.raises(OSError, match="no space"):
        build_network(**SMALL, seed=2).save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        network.save(tmp_path / "nowhere" / "network.npz")


def test_damaged_and_foreign_files_are_refused(tmp_path):
    """If a damaged file loaded, or failed with a riddle, learners would look in the wrong place."""
    path = tmp_path / "network.npz"
    build_network(**SMALL, seed=1).save(path)
    content = path.read_bytes()
    damaged = {
        "empty": b"",
        "text": b"not a network",
        "cut": content[: len(content) // 2],
        "flipped": bytes(b ^ 0xFF if 200 < n < 400 else b for n, b in enumerate(content)),
    }
    for name, data in damaged.items():
        path.write_bytes(data)
        with pytest.raises(ValueError, match="not a network saved by wmtutor"):
            load_network(path)
        assert path.read_bytes() == data, name
    np.savez(path, other=np.zeros(3))
    with pytest.raises(ValueError, match="not a network saved by wmtutor"):
        load_network(path)
    np.save(tmp_path / "array.npy", np.zeros(3))
    with pytest.raises(ValueError, match="not a network saved by wmtutor"):
        load_network(tmp_path / "array.npy")
    with pytest.raises(FileNotFoundError):
        load_network(tmp_path / "none.npz")


def test_other_formats_and_parameters_are_refused(tmp_path):
    """If a newer file were read by an older version, its new parameters would be lost."""
    path = tmp_path / "network.npz"
    build_network(**SMALL, seed=1).save(path)
    with np.load(path) as content:
        arrays = dict(content)
    np.savez(path, **{**arrays, "format": np.array("wmtutor flexible network 9")})
    with pytest.raises(ValueError, match="network 9"):
        load_network(path)
    np.savez(path, **{**arrays, "parameters": np.array('{"N_rings": 3, "colour": "red"}')})
    with pytest.raises(ValueError, match="colour"):
        load_network(path)
    np.savez(path, **{**arrays, "mask": arrays["mask"][:-1]})
    with pytest.raises(ValueError, match="damaged"):
        load_network(path)
    assert zipfile.is_zipfile(path)


def test_every_parameter_is_saved():
    """If a parameter were added and not saved, networks would come back with its default."""
    network = build_network(**SMALL, seed=1)
    assert set(network._values()) == {f.name for f in dataclasses.fields(NetworkParameters)}
