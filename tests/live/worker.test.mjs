// The worker's clock and messages, without a browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { serve } from "../../wmtutor/live/js/worker.mjs";

const PARAMETERS = {
  N_rings: 2, N_sensory: 16, N_random: 12, connection_probability: 0.5, alpha: 2, beta: 0.2,
  balance_ff: -1, balance_fb: -1, total_weight: 1000, tau: 0.01, dt: 0.001, rate_amplitude: 0.4,
  rate_slope: 0.4, rate_offset: 3, bias: 0, stimulus_strength: 10, stimulus_width_deg: 40,
  stimulus_cutoff_deg: 120, memory_threshold: 3, network_seed: 1,
  ring_profile: Array.from({ length: 16 }, (_, k) => (k ? Math.cos((2 * Math.PI * k) / 16) : 0)),
};
const STORY = [
  { at: 0.05, ring: 0, angle: 90, on: true },
  { at: 0.15, ring: 0, angle: 90, on: false },
];

/** A worker's scope that keeps what is posted. */
function scope() {
  const posted = [];
  const self = { postMessage: (message) => posted.push(message) };
  serve(self);
  const send = (data) => self.onmessage({ data });
  send({ do: "start", kind: "flexible", parameters: PARAMETERS, seed: 3, story: STORY });
  return { posted, send };
}

const spikesOf = (posted) =>
  posted.filter(({ is }) => is === "frame").flatMap(({ cells, steps }) =>
    [...cells].map((cell, n) => `${steps[n]}:${cell}`),
  );

test("steps move the clock by what they say", () => {
  const { posted, send } = scope();
  send({ do: "step", seconds: 0.01 });
  send({ do: "step", seconds: 0.02 });
  assert.deepEqual(posted.map(({ is }) => is), ["ready", "frame", "frame", "frame"]);
  assert.equal(posted.at(-1).step, 30);
});

test("the same seed tells the same story, in whatever pieces", () => {
  const fine = scope();
  for (let n = 0; n < 50; n++) fine.send({ do: "step", seconds: 0.01 });
  const coarse = scope();
  coarse.send({ do: "step", seconds: 0.5 });
  assert.ok(spikesOf(fine.posted).length > 50);
  assert.deepEqual(spikesOf(fine.posted), spikesOf(coarse.posted));
  const before = spikesOf(coarse.posted).length;
  coarse.send({ do: "reset", seed: 3 });
  coarse.send({ do: "step", seconds: 0.5 });
  assert.deepEqual(spikesOf(coarse.posted).slice(before), spikesOf(fine.posted));
});

test("playing follows the wanted speed, and pausing stops it", async () => {
  const { posted, send } = scope();
  send({ do: "speed", speed: 0.25 });
  const started = performance.now();
  send({ do: "play" });
  await new Promise((resolve) => setTimeout(resolve, 600));
  send({ do: "pause" });
  const passed = (performance.now() - started) / 1000;
  const { t } = posted.at(-1);
  // Never ahead of the clock; behind it only as far as a busy machine keeps it waiting.
  assert.ok(t <= 0.25 * passed + 0.001, `${t} s of model time in ${passed} s`);
  assert.ok(t > 0);
  const frames = posted.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(posted.length, frames);
});

test("a message that means nothing is an error, and not the end", () => {
  const { posted, send } = scope();
  send({ do: "dance" });
  assert.match(posted.at(-1).text, /no such message: dance/);
  send({ do: "step", seconds: 0.01 });
  assert.equal(posted.at(-1).is, "frame");
});

test("a trial is run from the start, and says what was kept", () => {
  const { posted, send } = scope();
  send({ do: "step", seconds: 0.5 });
  send({ do: "trial", id: 9, seed: 3, story: STORY, seconds: 0.5, keepSpikes: true });
  const trial = posted.at(-1);
  assert.equal(trial.id, 9);
  assert.equal(trial.memories.length, 2);
  const here = [...trial.cells].map((cell, n) => `${trial.steps[n]}:${cell}`);
  assert.deepEqual(here, spikesOf(posted));
});

test("a setting outlasts a reset, and setting it back gives the first run again", () => {
  const { posted, send } = scope();
  const run = () => {
    const before = spikesOf(posted).length;
    send({ do: "reset", seed: 3 });
    send({ do: "step", seconds: 0.5 });
    return spikesOf(posted).slice(before);
  };
  const first = run();
  for (const changes of [{ connection_probability: 0.9 }, { alpha: 1 }, { stimulus_strength: 0 }]) {
    const [name] = Object.keys(changes);
    send({ do: "set", changes });
    const changed = run();
    assert.notDeepEqual(changed, first, name);
    assert.deepEqual(run(), changed, name);
    send({ do: "set", changes: { [name]: PARAMETERS[name] } });
    assert.deepEqual(run(), first, name);
  }
});

test("a bump network is read alike after a long time and at the start", () => {
  const population = {
    C: 5e-10, g_leak: 2.5e-8, E_leak: -0.07, g_extern: 0, g_GABA: 0, g_NMDA: 0,
    refractory_steps: 2,
  };
  const parameters = {
    dt: 1e-3, excit: { ...population, N: 16 }, inhib: { ...population, N: 4 },
    weights: Array(16).fill(1), sigma_weight_profile: 20, Jpos_excit2excit: 1, E_AMPA: 0,
    E_GABA: -0.07, E_NMDA: 0, v_threshold: -0.05, v_reset: -0.06, nmda_block_voltage: 0.016,
    tau_AMPA: 2e-3, tau_GABA: 0.01, tau_NMDA: 0.1, tau_x: 2e-3, alpha_NMDA: 500, extern_rate: 0,
    stimulus_width_deg: 90, stimulus_strength: 2e-9,
  };
  const posted = [];
  const self = { postMessage: (message) => posted.push(message) };
  serve(self);
  const send = (data) => self.onmessage({ data });
  const story = [{ at: 0, angle: 90, on: true }];
  send({ do: "start", kind: "bump", parameters, seed: 1, story });
  // Cells under a steady current fire as clocks do. What a spike adds to the counts grows without
  // end: in 70 s past all numbers, if it were not brought back.
  send({ do: "step", seconds: 2 });
  const early = posted.at(-1);
  send({ do: "step", seconds: 96 });
  send({ do: "step", seconds: 2 });
  const late = posted.at(-1);
  assert.ok(early.meanRate > 10, `${early.meanRate} Hz`);
  assert.ok(Math.abs(late.meanRate / early.meanRate - 1) < 0.05, `${late.meanRate} Hz`);
  assert.ok(Math.abs(late.angleDeg - 90) < 1);
  assert.ok(late.profile.every(Number.isFinite));
});
