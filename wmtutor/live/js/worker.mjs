/**
 * Runs a model in a Web Worker: a clock, a list of things to do at model times, and a report of what
 * happened since the last one. The page only draws.
 *
 * Messages in: {do: "start" | "play" | "pause" | "step" | "reset" | "speed" | "cue" | "set" |
 * "trial", ...}. Messages out: {is: "ready" | "frame" | "trial" | "error", ...}.
 */
import { BumpModel, withPeak } from "./bump_model.mjs";
import { FlexibleModel, drawMask } from "./flexible_model.mjs";
import { Random } from "./random.mjs";

/** Milliseconds of computing between two looks at the messages. */
const SLICE = 12;
/** Milliseconds between two reports. */
const REPORT = 33;
/** Seconds over which spikes are read out. */
const WINDOW = 0.1;

/** Spikes since the last report. */
class Spikes {
  constructor() {
    this.cells = new Int32Array(1 << 14);
    this.steps = new Int32Array(1 << 14);
    this.length = 0;
  }

  add(cells, number, step) {
    if (this.length + number > this.cells.length) {
      const grow = (old) => {
        const larger = new Int32Array(2 * (old.length + number));
        larger.set(old);
        return larger;
      };
      this.cells = grow(this.cells);
      this.steps = grow(this.steps);
    }
    for (let n = 0; n < number; n++) {
      this.cells[this.length] = cells[n];
      this.steps[this.length++] = step;
    }
  }

  take() {
    const taken = {
      cells: this.cells.slice(0, this.length),
      steps: this.steps.slice(0, this.length),
    };
    this.length = 0;
    return taken;
  }
}

/** The bump network with a decaying count of each cell's spikes, from which it is read. */
class LiveBumpNetwork {
  constructor(parameters, seed) {
    this.parameters = parameters;
    const { tau_NMDA, Jpos_excit2excit: Jpos, stimulus_width_deg, stimulus_strength } = parameters;
    this.factors = { G_inhib: 1, tau_NMDA, Jpos, stimulus_width_deg, stimulus_strength };
    this.reset(seed);
  }

  reset(seed) {
    const random = new Random(seed);
    this.model = new BumpModel(this.parameters, { uniform: () => random.uniform() });
    this.counts = new Float64Array(this.parameters.excit.N);
    // What a spike adds to the counts; it grows where they would shrink.
    this.weight = 1;
    this.set(this.factors);
  }

  set({ G_inhib: inhibition, tau_NMDA: tauNmda, Jpos, extern_rate: externRate, ...cue }) {
    const { model, parameters: p } = this;
    Object.assign(this.factors, cue);
    if (inhibition !== undefined) {
      this.factors.G_inhib = inhibition;
      model.excit.cell.g_GABA = p.excit.g_GABA * inhibition;
      model.inhib.cell.g_GABA = p.inhib.g_GABA * inhibition;
    }
    if (tauNmda !== undefined) this.factors.tau_NMDA = model.network.tau_NMDA = tauNmda;
    if (externRate !== undefined) this.factors.extern_rate = model.network.extern_rate = externRate;
    if (Jpos !== undefined) {
      if (Jpos !== p.Jpos_excit2excit || this.factors.Jpos !== Jpos) {
        model.setWeights(withPeak(p.weights, p.sigma_weight_profile, Jpos));
      }
      this.factors.Jpos = Jpos;
    }
  }

  cue({ angle, on }) {
    const { stimulus_width_deg: width, stimulus_strength: strength } = this.factors;
    if (on) this.model.setCurrent(angle, width, strength);
    else this.model.clearCurrent();
  }

  advance(spikes) {
    const { model, counts } = this;
    model.advance();
    const { numSpikes, spikes: cells } = model.excit;
    if (numSpikes) spikes.add(cells, numSpikes, model.step - 1);
    const decay = 1 - model.network.dt / WINDOW;
    // The counts shrink all together: what a spike adds grows instead.
    this.weight /= decay;
    if (this.weight > 1e100) {
      for (let i = 0; i < counts.length; i++) counts[i] /= this.weight;
      this.weight = 1;
    }
    for (let n = 0; n < numSpikes; n++) counts[cells[n]] += this.weight;
  }

  /** Population vector, mean rate (Hz) and smoothed rates of the cells. */
  read() {
    const { counts } = this;
    const N = counts.length;
    const perHz = 1 / (WINDOW * this.weight);
    let x = 0;
    let y = 0;
    let total = 0;
    for (let i = 0; i < N; i++) {
      const theta = (2 * Math.PI * i) / N;
      x += counts[i] * Math.cos(theta);
      y += counts[i] * Math.sin(theta);
      total += counts[i];
    }
    const bins = 64;
    const profile = new Float32Array(bins);
    for (let i = 0; i < N; i++) profile[Math.floor((i * bins) / N)] += (counts[i] * perHz * bins) / N;
    const strength = total > 0 ? Math.hypot(x, y) / total : 0;
    const meanRate = (total * perHz) / N;
    return {
      angleDeg: ((Math.atan2(y, x) * 180) / Math.PI + 360) % 360,
      strength,
      meanRate,
      profile,
      present: strength > 0.5 && meanRate > 1,
    };
  }
}

class LiveFlexibleNetwork {
  constructor(parameters, seed) {
    this.parameters = { ...parameters };
    this.reset(seed);
  }

  /** A network and its noise have a seed each: another seed of the noise keeps the wiring. */
  #mask() {
    const p = this.parameters;
    const key = `${p.network_seed} ${p.connection_probability}`;
    if (this.key !== key) {
      const wiring = new Random(p.network_seed);
      // The same draws for every probability: a higher one adds connections and takes none away.
      this.mask = drawMask(p.N_rings * p.N_sensory, p.N_random, p.connection_probability, () =>
        wiring.uniform(),
      );
      this.key = key;
    }
    return this.mask;
  }

  reset(seed) {
    const random = new Random(seed);
    this.model = new FlexibleModel(this.parameters, {
      mask: this.#mask(), uniform: () => random.uniform(),
    });
  }

  set(changes) {
    Object.assign(this.parameters, changes);
    if (changes.connection_probability !== undefined) this.model.setConnections(this.#mask());
    this.model.setStrengths(changes);
    for (const name of ["stimulus_strength", "stimulus_width_deg"]) {
      if (changes[name] !== undefined) this.model.p[name] = changes[name];
    }
  }

  /** Show an item; an angle of null is a pulse of inhibition, which takes an item away. */
  cue({ ring, angle, on }) {
    if (on && angle === null) this.model.inhibit(ring);
    else this.model.setCue(ring, on ? angle : null);
  }

  advance(spikes) {
    this.model.advance();
    if (this.model.numSpikes) spikes.add(this.model.spikes, this.model.numSpikes, this.model.step - 1);
  }

  read() {
    return { memories: this.model.readMemories() };
  }
}

class Runner {
  constructor(post) {
    this.post = post;
    this.playing = false;
    this.speed = 1;
    this.spikes = new Spikes();
  }

  start({ kind, parameters, seed, story }) {
    const Network = kind === "bump" ? LiveBumpNetwork : LiveFlexibleNetwork;
    this.kind = kind;
    this.network = new Network(parameters, seed);
    this.dt = parameters.dt;
    this.story = story ?? [];
    this.#begin();
    this.post({ is: "ready" });
    this.#report();
  }

  #begin() {
    // What is to happen, by step; a story is the same whenever it is told with the same seed.
    this.todo = this.story
      .map(({ at, ...what }) => ({ step: Math.round(at / this.dt), what }))
      .sort((a, b) => a.step - b.step);
    this.spikes.take();
    this.#setClock();
  }

  #setClock() {
    this.wall = performance.now();
    this.from = this.network.model.step;
    this.lastReport = this.wall;
    this.reportedStep = this.network.model.step;
  }

  handle(message) {
    switch (message.do) {
      case "start":
        return this.start(message);
      case "play":
        if (!this.playing) {
          this.playing = true;
          this.#setClock();
          this.#slice();
        }
        return undefined;
      case "pause":
        this.playing = false;
        return this.#report();
      case "step":
        this.playing = false;
        this.#run(Math.max(1, Math.round(message.seconds / this.dt)));
        return this.#report();
      case "speed":
        this.speed = message.speed;
        return this.#setClock();
      case "reset":
        this.network.reset(message.seed);
        this.#begin();
        return this.#report({ reset: true });
      case "cue": {
        const { seconds, ...cue } = message;
        this.network.cue({ ...cue, on: true });
        if (seconds) this.#later(seconds, { ...cue, on: false });
        return undefined;
      }
      case "set":
        return this.network.set(message.changes);
      case "trial":
        return this.#trial(message);
      default:
        throw new RangeError(`no such message: ${message.do}`);
    }
  }

  #later(seconds, what) {
    const step = this.network.model.step + Math.round(seconds / this.dt);
    this.todo.push({ step, what });
    this.todo.sort((a, b) => a.step - b.step);
  }

  #run(steps) {
    const { network, todo, spikes } = this;
    for (let n = 0; n < steps; n++) {
      while (todo.length && todo[0].step <= network.model.step) network.cue(todo.shift().what);
      network.advance(spikes);
    }
  }

  /** A stretch of computing, as far as the wanted speed and the slice allow; and then the next. */
  #slice() {
    if (!this.playing) return;
    const started = performance.now();
    let now = started;
    let ahead = false;
    do {
      const due = this.from + ((now - this.wall) / 1000) * this.speed * (1 / this.dt);
      const steps = Math.min(20, Math.floor(due - this.network.model.step));
      ahead = steps < 1;
      if (!ahead) this.#run(steps);
      now = performance.now();
    } while (!ahead && now - started < SLICE);
    if (!ahead && now - this.wall > 500) {
      // Too slow for the wanted speed: no debt is piled up, or a pause would be made up for.
      this.wall = now;
      this.from = this.network.model.step;
    }
    if (now - this.lastReport >= REPORT) this.#report();
    setTimeout(() => this.#slice(), ahead ? 4 : 0);
  }

  #report(more = {}) {
    const { model } = this.network;
    const now = performance.now();
    const { cells, steps } = this.spikes.take();
    const seconds = (model.step - this.reportedStep) * this.dt;
    const speed = now > this.lastReport ? (1000 * seconds) / (now - this.lastReport) : 0;
    this.lastReport = now;
    this.reportedStep = model.step;
    this.post(
      { is: "frame", t: model.step * this.dt, step: model.step, speed, cells, steps,
        ...this.network.read(), ...more },
      [cells.buffer, steps.buffer],
    );
  }

  /** A whole trial at once, for tests and for recording into a notebook. */
  #trial({ id, parameters, seed, story, seconds, keepSpikes }) {
    this.playing = false;
    if (parameters) Object.assign(this.network.parameters, parameters);
    this.network.reset(seed);
    this.story = story;
    this.#begin();
    this.#run(Math.round(seconds / this.dt));
    const spikes = this.spikes.take();
    this.post({
      is: "trial", id, seed, ...this.network.read(),
      ...(keepSpikes ? spikes : { numSpikes: spikes.cells.length }),
    });
  }
}

/** Listen in a worker's global scope. */
export function serve(scope) {
  const runner = new Runner((message, transfer) => scope.postMessage(message, transfer));
  scope.onmessage = ({ data }) => {
    try {
      runner.handle(data);
    } catch (problem) {
      scope.postMessage({ is: "error", text: String(problem?.stack ?? problem) });
    }
  };
}
