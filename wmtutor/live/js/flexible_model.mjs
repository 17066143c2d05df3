/**
 * The model of Bouchacourt & Buschman (2019), event by event: the arithmetic of
 * wmtutor.flexible.reference, with all states divided by one number that alone decays.
 *
 * Nothing here knows of pages or workers. Random numbers come from a function, so that a test can
 * feed the same ones to this and to the NumPy reference. Units are SI, as in Python.
 */

/** The states are multiplied out when the scale has shrunk to this, long before it underflows. */
const SMALL = 1e-100;

/** Distance of two angles in degrees, 0 to 180. */
function circularDistance(a, b) {
  const d = Math.abs(a - b) % 360;
  return d > 180 ? 360 - d : d;
}

/** Input from a cue: a Gaussian around cueDeg, cut off, minus its mean. */
export function stimulusProfile(N, cueDeg, { strength, widthDeg, cutoffDeg }) {
  const profile = new Float64Array(N);
  let mean = 0;
  for (let k = 0; k < N; k++) {
    const d = circularDistance((360 * k) / N, cueDeg);
    if (d <= cutoffDeg + 1e-9) profile[k] = strength * Math.exp((-d * d) / (2 * widthDeg ** 2));
    mean += profile[k] / N;
  }
  for (let k = 0; k < N; k++) profile[k] -= mean;
  return profile;
}

/** Which sensory cell is connected to which random cell: 1 with the given probability. */
export function drawMask(rows, columns, probability, uniform) {
  const mask = new Uint8Array(rows * columns);
  for (let n = 0; n < mask.length; n++) mask[n] = uniform() < probability ? 1 : 0;
  return mask;
}

/**
 * Who is connected to whom, from both sides: for each row (and each column) of the mask the numbers
 * of its entries, one list after the other; those of row i are list[starts[i] .. starts[i + 1]).
 */
function connections(mask, rows, columns) {
  const ofRows = new Int32Array(rows + 1);
  const ofColumns = new Int32Array(columns + 1);
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const connected = mask[at++];
      ofRows[i + 1] += connected;
      ofColumns[j + 1] += connected;
    }
  }
  for (let i = 0; i < rows; i++) ofRows[i + 1] += ofRows[i];
  for (let j = 0; j < columns; j++) ofColumns[j + 1] += ofColumns[j];
  const total = ofRows[rows];
  // With one place more: every entry is written, and stays if the place after it is taken next.
  // Asking first would take longer, since no processor can guess the answer.
  const rowList = new Uint16Array(total + 1);
  for (let at = 0, place = 0; at < mask.length; at++) {
    rowList[place] = at % columns;
    place += mask[at];
  }
  const columnList = new Uint16Array(total);
  const places = ofColumns.slice();
  for (let i = 0; i < rows; i++) {
    for (let n = ofRows[i]; n < ofRows[i + 1]; n++) columnList[places[rowList[n]]++] = i;
  }
  return [
    { starts: ofRows, list: rowList.subarray(0, total) },
    { starts: ofColumns, list: columnList },
  ];
}

/** Count a spike of a cell at all cells that it is connected to. */
function count(counts, { starts, list }, cell, amount) {
  const end = starts[cell + 1];
  for (let n = starts[cell]; n < end; n++) counts[list[n]] += amount;
}

export class FlexibleModel {
  /**
   * @param {object} parameters from Python (wmtutor.live.flexible_parameters), SI units
   * @param {object} source
   * @param {Uint8Array} source.mask connections, (N_rings N_sensory) x N_random
   * @param {function(): number} source.uniform numbers in [0, 1)
   */
  constructor(parameters, { mask, uniform }) {
    const p = { ...parameters };
    this.p = p;
    this.N = p.N_rings * p.N_sensory;
    this.profile = Float64Array.from([...p.ring_profile, ...p.ring_profile]);
    this.uniform = uniform;
    this.sRing = new Float64Array(this.N);
    this.sStart = new Float64Array(p.N_random);
    this.countSensory = new Float64Array(this.N);
    this.countRandom = new Float64Array(p.N_random);
    this.cues = Array(p.N_rings).fill(null);
    this.spikes = new Int32Array(this.N + p.N_random);
    this.setConnections(mask);
    this.reset();
  }

  /** Connect the layers otherwise; what cells have in their inputs stays. */
  setConnections(mask) {
    const { N, p } = this;
    if (mask.length !== N * p.N_random) {
      throw new RangeError(`mask: ${mask.length} entries for ${N} x ${p.N_random} cells`);
    }
    const inputs = this.#inputs();
    // A spike goes through its cell's list.
    [this.toRandom, this.toSensory] = connections(mask, N, p.N_random);
    this.#setGains(inputs);
  }

  /** Change alpha, beta or a balance; what cells have in their inputs stays. */
  setStrengths({ alpha, beta, balance_ff: balanceFf, balance_fb: balanceFb }) {
    const p = this.p;
    if (alpha !== undefined) p.alpha = alpha;
    if (beta !== undefined) p.beta = beta;
    if (balanceFf !== undefined) p.balance_ff = balanceFf;
    if (balanceFb !== undefined) p.balance_fb = balanceFb;
    this.#setGains(this.#inputs());
  }

  #inputs() {
    return this.gainFb ? { random: this.randomInputs(), sensory: this.sensoryInputs() } : null;
  }

  #setGains(inputs) {
    const { p } = this;
    // Connections go both ways, so a cell has as many sources as targets.
    const gains = ({ starts }, sources, strength, balance) => {
      const gain = new Float64Array(starts.length - 1);
      const offset = new Float64Array(starts.length - 1);
      for (let i = 0; i < gain.length; i++) {
        const connected = starts[i + 1] - starts[i];
        if (!connected) continue;
        gain[i] = (p.total_weight * strength) / connected;
        offset[i] = (balance * p.total_weight * strength) / sources;
      }
      return [gain, offset];
    };
    [this.gainFb, this.offsetFb] = gains(this.toRandom, p.N_random, p.beta, p.balance_fb);
    [this.gainFf, this.offsetFf] = gains(this.toSensory, this.N, p.alpha, p.balance_ff);
    if (inputs) this.#keepInputs(inputs);
  }

  /** Put all input into the parts that do not depend on the strengths. */
  #keepInputs({ random, sensory }) {
    this.sRing.set(sensory);
    this.sStart.set(random);
    this.countSensory.fill(0);
    this.countRandom.fill(0);
    this.totalSensory = 0;
    this.totalRandom = 0;
    this.scale = 1;
  }

  /** Start again with small random inputs, no cue, at time 0. */
  reset() {
    const p = this.p;
    const start = (values) => {
      for (let i = 0; i < values.length; i++) values[i] = 0.01 * this.uniform();
      return values;
    };
    this.setState(start(new Float64Array(this.N)), start(new Float64Array(p.N_random)));
    this.cues.fill(null);
  }

  /** Start again from given inputs (for tests). */
  setState(sensory, random) {
    this.#keepInputs({ sensory, random });
    this.step = 0;
    this.numSpikes = 0;
    // Cells and steps in one row: the place of the next candidate, counted from this step's cell 0.
    this.next = this.#gap() - 1;
  }

  /** Steps between candidates, over cells and steps in one row: a geometric law. */
  #gap() {
    const p = this.p;
    const probability = ((2 * p.rate_amplitude) / p.tau) * p.dt;
    return 1 + Math.floor(Math.log1p(-this.uniform()) / Math.log1p(-probability));
  }

  /** Show a cue to a ring, or take it away (null). */
  setCue(ring, cueDeg, shape = {}) {
    const p = this.p;
    this.cues[ring] =
      cueDeg === null
        ? null
        : stimulusProfile(p.N_sensory, cueDeg, {
            strength: p.stimulus_strength,
            widthDeg: p.stimulus_width_deg,
            cutoffDeg: p.stimulus_cutoff_deg,
            ...shape,
          });
  }

  /** Inhibit all cells of a ring alike, as strongly as a cue excites: not in the paper. */
  inhibit(ring) {
    this.cues[ring] = new Float64Array(this.p.N_sensory).fill(-this.p.stimulus_strength);
  }

  /**
   * Move on by one step: decay, spikes, and then the spikes' weights.
   * `spikes[0 .. numSpikes)` are the cells that fired, sensory ones first, random ones from N on.
   */
  advance() {
    const p = this.p;
    const { N, spikes, sRing, countSensory, countRandom, gainFb, offsetFb, gainFf, offsetFf } = this;
    const Ns = p.N_sensory;
    const Nr = p.N_random;
    const cells = N + Nr;
    this.scale *= Math.exp(-p.dt / p.tau);
    if (this.scale < SMALL) this.#multiplyOut();
    const scale = this.scale;

    let fired = 0;
    while (this.next < cells) {
      const cell = this.next;
      const u = this.uniform();
      this.next += this.#gap();
      // A candidate fires with probability r / r_max = 1 / (1 + exp(-2 x)): if its input exceeds
      // a threshold with a logistic law.
      const threshold =
        (Math.log(u / (1 - u)) / 2 + p.rate_offset) / p.rate_slope - p.bias;
      let s;
      if (cell < N) {
        s =
          scale *
          (sRing[cell] + gainFb[cell] * countSensory[cell] + offsetFb[cell] * this.totalRandom);
        const cue = this.cues[(cell / Ns) | 0];
        if (cue) s += cue[cell % Ns];
      } else {
        const j = cell - N;
        s =
          scale *
          (this.sStart[j] + gainFf[j] * countRandom[j] + offsetFf[j] * this.totalSensory);
      }
      if (s > threshold) spikes[fired++] = cell;
    }
    this.next -= cells;

    const amount = 1 / scale;
    for (let n = 0; n < fired; n++) {
      const cell = spikes[n];
      if (cell < N) {
        const k = cell % Ns;
        const first = cell - k;
        const { profile } = this;
        for (let i = 0, from = Ns - k; i < Ns; i++) sRing[first + i] += amount * profile[from + i];
        count(countRandom, this.toRandom, cell, amount);
        this.totalSensory += amount;
      } else {
        count(countSensory, this.toSensory, cell - N, amount);
        this.totalRandom += amount;
      }
    }
    this.numSpikes = fired;
    this.step += 1;
  }

  #multiplyOut() {
    for (const values of [this.sRing, this.sStart, this.countSensory, this.countRandom]) {
      for (let i = 0; i < values.length; i++) values[i] *= this.scale;
    }
    this.totalSensory *= this.scale;
    this.totalRandom *= this.scale;
    this.scale = 1;
  }

  /** Inputs of all sensory cells, without the cues. */
  sensoryInputs() {
    return this.sRing.map(
      (s, i) =>
        this.scale *
        (s + this.gainFb[i] * this.countSensory[i] + this.offsetFb[i] * this.totalRandom),
    );
  }

  /** Inputs of all random cells. */
  randomInputs() {
    return this.sStart.map(
      (s, j) =>
        this.scale *
        (s + this.gainFf[j] * this.countRandom[j] + this.offsetFf[j] * this.totalSensory),
    );
  }

  /** The rate of a cell with input s, in Hz. */
  rate(s) {
    const p = this.p;
    return (
      (p.rate_amplitude * (1 + Math.tanh(p.rate_slope * (s + p.bias) - p.rate_offset))) / p.tau
    );
  }

  /** Length (Hz) and direction (degrees) of each ring's activity vector, cues included. */
  readMemories() {
    const p = this.p;
    const inputs = this.sensoryInputs();
    return this.cues.map((cue, ring) => {
      let x = 0;
      let y = 0;
      for (let k = 0; k < p.N_sensory; k++) {
        const r = this.rate(inputs[ring * p.N_sensory + k] + (cue ? cue[k] : 0));
        const theta = (2 * Math.PI * k) / p.N_sensory;
        x += (r * Math.cos(theta)) / p.N_sensory;
        y += (r * Math.sin(theta)) / p.N_sensory;
      }
      const strength = Math.hypot(x, y);
      const angleDeg = ((Math.atan2(y, x) * 180) / Math.PI + 360) % 360;
      return { strength, angleDeg, present: strength > p.memory_threshold };
    });
  }
}
