// Unit tests of the live networks' scripts, for Node's own runner: make live
import assert from "node:assert/strict";
import { test } from "node:test";
import { BumpModel, RingModes, withPeak } from "../../wmtutor/live/js/bump_model.mjs";
import { drawMask, FlexibleModel, stimulusProfile } from "../../wmtutor/live/js/flexible_model.mjs";
import { Random } from "../../wmtutor/live/js/random.mjs";

/** Small networks with round numbers: what is tested does not depend on the published ones. */
const RING = {
  N_rings: 2, N_sensory: 8, N_random: 6, connection_probability: 0.5, alpha: 2, beta: 0.2,
  balance_ff: -1, balance_fb: -1, total_weight: 1000, tau: 0.01, dt: 0.0001, rate_amplitude: 0.4,
  rate_slope: 0.4, rate_offset: 3, bias: 0, stimulus_strength: 10, stimulus_width_deg: 40,
  stimulus_cutoff_deg: 120, memory_threshold: 3, ring_profile: [0, 1, 0.5, -1, -2, -1, 0.5, 1],
};

function smallNetwork(seed = 1, changes = {}) {
  const random = new Random(seed);
  const uniform = () => random.uniform();
  const p = { ...RING, ...changes };
  const mask = drawMask(p.N_rings * p.N_sensory, p.N_random, p.connection_probability, uniform);
  return { model: new FlexibleModel(p, { mask, uniform }), mask };
}

const near = (a, b, tolerance = 1e-9) =>
  assert.ok(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)), `${a} is not ${b}`);

test("the ring's sums by modes are the sums over all cells", () => {
  const random = new Random(3);
  for (const N of [4, 8, 12, 64, 100]) {
    // Even, as a profile of weights is; all modes are there, the alternating one too.
    const weights = Float64Array.from({ length: N }, () => random.uniform());
    for (let j = 1; j < N / 2; j++) weights[N - j] = weights[j];
    const s = Float64Array.from({ length: N }, () => random.uniform());
    const drive = new Float64Array(N);
    const total = new RingModes(weights).sums(s, drive);
    near(total, s.reduce((sum, value) => sum + value, 0));
    for (let i = 0; i < N; i++) {
      let sum = 0;
      for (let j = 0; j < N; j++) sum += weights[(i - j + N) % N] * s[j];
      near(drive[i], sum);
    }
  }
});

test("a ring that four does not divide is refused", () => {
  assert.throws(() => new RingModes(new Float64Array(6)), /4 must divide/);
});

test("another peak leaves mean and width of the weights", () => {
  const N = 360;
  const weights = Float64Array.from({ length: N }, (_, j) =>
    0.9 + 0.7 * Math.exp(-(Math.min(j, N - j) ** 2) / (2 * 20 ** 2)),
  );
  const mean = weights.reduce((sum, w) => sum + w, 0) / N;
  const scaled = weights.map((w) => w / mean);
  const changed = withPeak(scaled, 20, 1.9);
  near(changed[0], 1.9);
  near(changed.reduce((sum, w) => sum + w, 0) / N, 1, 1e-6);
  const share = (w, j) => (w[j] - w[180]) / (w[0] - w[180]);
  near(share(changed, 25), share(scaled, 25));
});

test("a cue is centred, cut off, and adds nothing on the whole", () => {
  const cue = stimulusProfile(360, 350, { strength: 10, widthDeg: 10, cutoffDeg: 30 });
  near(cue.reduce((sum, value) => sum + value, 0), 0, 1e-6);
  assert.equal(cue.indexOf(Math.max(...cue)), 350);
  near(cue[0], cue[340]); // across the place where 360 meets 0
  near(cue[100], cue[200]); // nothing but minus the mean
});

test("connections are as many as their probability says", () => {
  const random = new Random(5);
  const mask = drawMask(500, 400, 0.35, () => random.uniform());
  const share = mask.reduce((sum, entry) => sum + entry, 0) / mask.length;
  // Five standard deviations: a false alarm once in 1.7 million seeds, and this seed is fixed.
  assert.ok(Math.abs(share - 0.35) < 5 * Math.sqrt((0.35 * 0.65) / mask.length));
});

test("weights into a cell sum to zero at full balance", () => {
  const { model } = smallNetwork();
  for (let i = 0; i < model.N; i++) {
    const connected = model.toRandom.starts[i + 1] - model.toRandom.starts[i];
    near(connected * model.gainFb[i] + RING.N_random * model.offsetFb[i], 0);
  }
});

test("a change of strength leaves what cells have already received", () => {
  const { model } = smallNetwork(2);
  model.setCue(0, 90);
  for (let n = 0; n < 2000; n++) model.advance();
  const before = model.sensoryInputs();
  model.setStrengths({ beta: 0.4 });
  for (const [i, input] of model.sensoryInputs().entries()) near(input, before[i]);
});

test("inputs decay with tau, also over the point where the scale is multiplied out", () => {
  const { model } = smallNetwork(3, { rate_amplitude: 1e-12 });
  model.setState(new Float64Array(model.N).fill(1e80), new Float64Array(RING.N_random));
  const steps = 30000; // 3 s: exp(-300), and the scale is renewed at 1e-100
  for (let n = 0; n < steps; n++) model.advance();
  near(model.sensoryInputs()[0], 1e80 * Math.exp((-steps * RING.dt) / RING.tau), 1e-6);
});

test("the same seed gives the same spikes, another seed others", () => {
  const told = (seed) => {
    const { model } = smallNetwork(seed);
    model.setCue(1, 180);
    const spikes = [];
    for (let n = 0; n < 3000; n++) {
      model.advance();
      for (let k = 0; k < model.numSpikes; k++) spikes.push(`${n}:${model.spikes[k]}`);
    }
    return spikes.join(" ");
  };
  assert.equal(told(4), told(4));
  assert.notEqual(told(4), told(5));
});

test("other connections change what is to come, and nothing that a cell has", () => {
  const { model } = smallNetwork(7);
  model.setCue(0, 90);
  for (let n = 0; n < 3000; n++) model.advance();
  const before = [...model.sensoryInputs(), ...model.randomInputs()];
  // Cell 0 now reaches random cell 2 alone.
  const mask = new Uint8Array(model.N * RING.N_random);
  mask[2] = 1;
  model.setConnections(mask);
  const after = [...model.sensoryInputs(), ...model.randomInputs()];
  for (const [i, input] of after.entries()) near(input, before[i]);
  assert.deepEqual([...model.toRandom.list], [2]);
  assert.equal(model.gainFf[2], RING.total_weight * RING.alpha);
  assert.equal(model.gainFb[0], RING.total_weight * RING.beta);
  assert.equal(model.gainFb[1], 0);
});

test("both lists of connections say what the mask says", () => {
  const { model, mask } = smallNetwork(9, { N_sensory: 16, ring_profile: Array(16).fill(0) });
  const columns = RING.N_random;
  const told = ({ starts, list }, i) => [...list.subarray(starts[i], starts[i + 1])];
  const numbers = (length, connected) =>
    Array.from({ length }, (_, k) => k).filter((k) => connected(k));
  for (let i = 0; i < model.N; i++) {
    assert.deepEqual(told(model.toRandom, i), numbers(columns, (j) => mask[i * columns + j]));
  }
  for (let j = 0; j < columns; j++) {
    assert.deepEqual(told(model.toSensory, j), numbers(model.N, (i) => mask[i * columns + j]));
  }
});

test("a higher probability adds connections and takes none away", () => {
  const drawn = (probability) => {
    const random = new Random(8);
    return drawMask(40, 30, probability, () => random.uniform());
  };
  const [few, many] = [drawn(0.2), drawn(0.6)];
  assert.ok(few.every((connected, n) => !connected || many[n]));
  assert.ok(many.reduce((sum, n) => sum + n, 0) > few.reduce((sum, n) => sum + n, 0));
});

test("an inhibited ring has no memory", () => {
  const { model } = smallNetwork(6);
  model.setState(new Float64Array(model.N), new Float64Array(RING.N_random));
  model.inhibit(0);
  const [inhibited] = model.readMemories();
  assert.ok(inhibited.strength < 1e-9 && !inhibited.present);
});

test("a mask of the wrong size is refused", () => {
  assert.throws(
    () => new FlexibleModel(RING, { mask: new Uint8Array(3), uniform: Math.random }), /mask/,
  );
});

test("a current goes to the cells around its centre, round the ring", () => {
  const cell = {
    N: 360, C: 5e-10, g_leak: 2.5e-8, E_leak: -0.07, g_extern: 0, g_GABA: 0, g_NMDA: 0,
    refractory_steps: 20,
  };
  const network = {
    dt: 1e-4, excit: cell, inhib: { ...cell, N: 4 }, weights: new Float64Array(360).fill(1),
    E_AMPA: 0, E_GABA: -0.07, E_NMDA: 0, v_threshold: -0.05, v_reset: -0.06,
    nmda_block_voltage: 0.016, tau_AMPA: 2e-3, tau_GABA: 0.01, tau_NMDA: 0.1, tau_x: 2e-3,
    alpha_NMDA: 500, extern_rate: 0,
  };
  const model = new BumpModel(network, { uniform: () => 0.5 });
  model.setCurrent(0, 20, 1e-9);
  const on = [...model.excit.current.keys()].filter((i) => model.excit.current[i] > 0);
  assert.deepEqual(on, [...Array(11).keys(), ...Array.from({ length: 10 }, (_, k) => 350 + k)]);
  // A leaky cell with a constant current: v goes to E + I / g, or fires on the way.
  model.setCurrent(0, 360, 0.25e-9); // E + 10 mV: below threshold
  for (let n = 0; n < 4000; n++) model.advance();
  near(model.excit.v[7], -0.06, 1e-6);
  assert.equal(model.excit.numSpikes, 0);
});

test("seeds that are none are refused", () => {
  for (const seed of [-1, 1.5, 2 ** 32, "1", NaN]) assert.throws(() => new Random(seed), RangeError);
});
