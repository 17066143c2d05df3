/**
 * The bump attractor of Compte et al. (2000): the arithmetic of wmtutor.bump.reference.
 *
 * All interneurons reach every cell with weight 1, so one number holds all inhibition, and the sum
 * over the ring is taken over the Fourier modes that the weight profile has. Neither approximates.
 * Random numbers come from a function; units are SI, as in Python.
 */

/** Modes below this share of the largest are rounding. */
const NEGLIGIBLE = 1e-15;
/** Above this change of the exponent the polynomial gives way to exp. */
const LARGE = 0.04;
/** Steps after which the carried exponentials are worked out afresh: rounding cannot pile up. */
const REFRESH = 1000;

/** exp(b) for a small b, to rounding (|b| <= LARGE: the next term is below 2e-16). */
function expChange(b) {
  return (
    1 +
    b * (1 + b * (1 / 2 + b * (1 / 6 + b * (1 / 24 + b * (1 / 120 + b * (1 / 720 + b / 5040))))))
  );
}

/**
 * Another peak for a profile of weights, its width and its mean kept:
 * W(d) = J- + (J+ - J-) exp(-d^2 / (2 sigma^2)), and J- such that the mean stays.
 */
export function withPeak(weights, sigmaDeg, peak) {
  const N = weights.length;
  const gaussian = Float64Array.from({ length: N }, (_, j) => {
    const distance = Math.min(j, N - j) * (360 / N);
    return Math.exp((-distance * distance) / (2 * sigmaDeg * sigmaDeg));
  });
  const far = gaussian[N / 2];
  const oldPeak = weights[0];
  const oldFloor = (weights[N / 2] - oldPeak * far) / (1 - far);
  // What a Gaussian of height 1 adds to the mean, as Python worked it out.
  const share = (1 - oldFloor) / (oldPeak - oldFloor);
  const floor = (1 - peak * share) / (1 - share);
  return gaussian.map((value) => floor + (peak - floor) * value);
}

/** Fourier modes of an even weight profile, as tables over a quarter of the ring. */
export class RingModes {
  /** @param {ArrayLike<number>} weights from one cell to all, its peak first; 4 divides its length */
  constructor(weights) {
    const N = weights.length;
    if (N % 4 !== 0) throw new RangeError(`a ring of ${N} cells: 4 must divide their number`);
    const half = N / 2;
    const cosines = Float64Array.from({ length: N }, (_, j) => Math.cos((2 * Math.PI * j) / N));
    const spectrum = [];
    for (let k = 0; k <= half; k++) {
      let sum = 0;
      for (let j = 0; j < N; j++) sum += weights[j] * cosines[(j * k) % N];
      spectrum.push(sum);
    }
    const largest = Math.max(...spectrum.map(Math.abs));
    this.N = N;
    this.meanWeight = spectrum[0] / N;
    const places = N / 4 + 1;
    // Cells j and N - j share a cosine, and so do places j and N/2 - j up to a sign that tells odd
    // modes from even ones: sums and differences over a quarter of the ring will do.
    this.parities = [0, 1].map((parity) => {
      const modes = [];
      for (let k = 1; k <= half; k++) {
        if (k % 2 === parity && Math.abs(spectrum[k]) > NEGLIGIBLE * largest) modes.push(k);
      }
      const cosine = new Float64Array(modes.length * places);
      const sine = new Float64Array(modes.length * places);
      modes.forEach((k, row) => {
        for (let j = 0; j < places; j++) {
          cosine[row * places + j] = cosines[(j * k) % N];
          sine[row * places + j] = cosines[(j * k + 3 * (N / 4)) % N];
        }
      });
      // The alternating mode has no partner.
      const weight = Float64Array.from(modes, (k) => ((k === half ? 1 : 2) * spectrum[k]) / N);
      return { cosine, sine, weight };
    });
    this.scratch = Array.from({ length: 8 }, () => new Float64Array(places));
  }

  /** Write the ring-weighted sums of s into drive; return the plain sum. */
  sums(s, drive) {
    const N = this.N;
    const half = N / 2;
    const quarter = N / 4;
    const [evenCos, oddCos, evenSin, oddSin, outEvenCos, outOddCos, outEvenSin, outOddSin] =
      this.scratch;
    let total = 0;
    for (let j = 0; j <= quarter; j++) {
      // The cells that mirror each other: j, N - j, N/2 - j, N/2 + j.
      const a = s[j];
      const b = j === 0 ? 0 : s[N - j];
      const c = j === quarter ? 0 : s[half - j];
      const d = j === 0 || j === quarter ? 0 : s[half + j];
      const near = a + b;
      const far = c + d;
      evenCos[j] = near + far;
      oddCos[j] = near - far;
      // Sines are odd around 0 and change sign or not around N/4.
      const nearSin = j === 0 ? 0 : a - b;
      const farSin = j === 0 || j === quarter ? 0 : c - d;
      oddSin[j] = nearSin + farSin;
      evenSin[j] = nearSin - farSin;
      total += near + far;
    }
    const [even, odd] = this.parities;
    filter(even.cosine, even.weight, evenCos, outEvenCos);
    filter(odd.cosine, odd.weight, oddCos, outOddCos);
    filter(even.sine, even.weight, evenSin, outEvenSin);
    filter(odd.sine, odd.weight, oddSin, outOddSin);
    const constant = this.meanWeight * total;
    for (let j = 0; j <= quarter; j++) {
      const near = outEvenCos[j] + outOddCos[j];
      const far = outEvenCos[j] - outOddCos[j];
      const nearSin = outOddSin[j] + outEvenSin[j];
      const farSin = outOddSin[j] - outEvenSin[j];
      drive[j] = constant + near + nearSin;
      drive[half - j] = constant + far + farSin;
      if (j > 0) drive[N - j] = constant + near - nearSin;
      drive[(half + j) % N] = constant + far - farSin;
    }
    return total;
  }
}

/** Sum the values with each row of a table, and add up the rows times the weighted sums. */
function filter(table, weights, values, out) {
  const places = values.length;
  out.fill(0);
  const rows = weights.length;
  let k = 0;
  // Two rows at a time: half as many passes over the values.
  for (; k + 1 < rows; k += 2) {
    const first = k * places;
    const second = first + places;
    let sum0 = 0;
    let sum1 = 0;
    for (let j = 0; j < places; j++) {
      const value = values[j];
      sum0 += value * table[first + j];
      sum1 += value * table[second + j];
    }
    sum0 *= weights[k];
    sum1 *= weights[k + 1];
    for (let j = 0; j < places; j++) {
      out[j] += sum0 * table[first + j] + sum1 * table[second + j];
    }
  }
  if (k < rows) {
    const first = k * places;
    let sum = 0;
    for (let j = 0; j < places; j++) sum += values[j] * table[first + j];
    sum *= weights[k];
    for (let j = 0; j < places; j++) out[j] += sum * table[first + j];
  }
}

/** What a population of cells carries from step to step. */
class Population {
  constructor(cell) {
    this.cell = cell;
    const N = cell.N;
    this.v = new Float64Array(N);
    // exp(-v / block voltage), carried along: a step moves v by little, and exp is expensive.
    this.u = new Float64Array(N);
    this.sAmpa = new Float64Array(N);
    this.current = new Float64Array(N);
    this.free = new Float64Array(N);
    this.spikes = new Int32Array(N);
    this.numSpikes = 0;
  }
}

export class BumpModel {
  /**
   * @param {object} network from Python (wmtutor.live.bump_parameters): dt, excit, inhib, weights,
   *   reversal potentials, time constants, and extern_rate (external spikes per second and cell)
   * @param {function(): number} uniform numbers in [0, 1)
   */
  constructor(network, { uniform }) {
    this.network = { ...network };
    this.uniform = uniform;
    this.excit = new Population({ ...network.excit });
    this.inhib = new Population({ ...network.inhib });
    this.setWeights(network.weights);
    this.sNmda = new Float64Array(network.excit.N);
    this.x = new Float64Array(network.excit.N);
    this.sGabaOwn = new Float64Array(network.inhib.N);
    this.ringDrive = new Float64Array(network.excit.N);
    this.plainDrive = new Float64Array(network.inhib.N);
    this.inhibition = new Float64Array(Math.max(network.excit.N, network.inhib.N));
    this.reset();
  }

  /** Another profile of weights among the excitatory cells. */
  setWeights(weights) {
    this.modes = new RingModes(weights);
  }

  /** Start again: voltages anywhere between reset and threshold, gates closed, no current. */
  reset() {
    const { v_reset: low, v_threshold: high } = this.network;
    const voltages = (N) => Float64Array.from({ length: N }, () => low + (high - low) * this.uniform());
    this.setState(voltages(this.excit.cell.N), voltages(this.inhib.cell.N));
    this.excit.current.fill(0);
  }

  /** Start again from given voltages (for tests). */
  setState(vExcit, vInhib) {
    this.step = 0;
    this.sGaba = 0;
    for (const values of [this.sNmda, this.x, this.sGabaOwn]) values.fill(0);
    for (const [population, v] of [[this.excit, vExcit], [this.inhib, vInhib]]) {
      population.v.set(v);
      population.sAmpa.fill(0);
      population.free.fill(0);
      population.numSpikes = 0;
      population.wait = this.#wait(population);
    }
  }

  /** Steps to the population's next external spike: an exponential law. */
  #wait(population) {
    const mean = population.cell.N * this.network.extern_rate * this.network.dt;
    return mean > 0 ? -Math.log1p(-this.uniform()) / mean : Infinity;
  }

  /** Inject a current (ampere) into the cells within widthDeg / 2 of centerDeg, and no other. */
  setCurrent(centerDeg, widthDeg, strength) {
    const N = this.excit.cell.N;
    const center = Math.round((N / 360) * centerDeg);
    const half = Math.round(((N / 360) * widthDeg) / 2);
    this.excit.current.fill(0);
    for (let k = -half; k <= half; k++) {
      this.excit.current[(((center + k) % N) + N) % N] = strength;
    }
  }

  clearCurrent() {
    this.excit.current.fill(0);
  }

  /** Move on by one step; excit.spikes[0 .. excit.numSpikes) are the cells that fired. */
  advance() {
    const { network, excit, inhib, sNmda, x, sGabaOwn } = this;
    const { dt } = network;
    const total = this.modes.sums(sNmda, this.ringDrive);
    const after = (tau) => 1 - dt / tau + (dt / tau) ** 2 / 2;

    this.inhibition.fill(this.sGaba);
    this.#membrane(excit, this.ringDrive, this.inhibition);
    // An interneuron does not inhibit itself.
    for (let i = 0; i < sGabaOwn.length; i++) this.inhibition[i] -= sGabaOwn[i];
    this.plainDrive.fill(total);
    this.#membrane(inhib, this.plainDrive, this.inhibition);

    const halfX = 1 - dt / (2 * network.tau_x);
    const decayX = after(network.tau_x);
    for (let i = 0; i < x.length; i++) {
      const s = sNmda[i];
      const half =
        s + (dt / 2) * (network.alpha_NMDA * x[i] * (1 - s) - s / network.tau_NMDA);
      sNmda[i] =
        s + dt * (network.alpha_NMDA * x[i] * halfX * (1 - half) - half / network.tau_NMDA);
      x[i] *= decayX;
    }
    const decayGaba = after(network.tau_GABA);
    this.sGaba *= decayGaba;
    for (let i = 0; i < sGabaOwn.length; i++) sGabaOwn[i] *= decayGaba;
    const decayAmpa = after(network.tau_AMPA);
    for (const { sAmpa } of [excit, inhib]) {
      for (let i = 0; i < sAmpa.length; i++) sAmpa[i] *= decayAmpa;
    }

    for (const population of [excit, inhib]) this.#fire(population);
    for (let n = 0; n < excit.numSpikes; n++) x[excit.spikes[n]] += 1;
    this.sGaba += inhib.numSpikes;
    for (let n = 0; n < inhib.numSpikes; n++) sGabaOwn[inhib.spikes[n]] += 1;
    for (const population of [excit, inhib]) {
      while (population.wait < 1) {
        population.sAmpa[Math.floor(this.uniform() * population.cell.N)] += 1;
        population.wait += this.#wait(population);
      }
      population.wait -= 1;
    }
    this.step += 1;
  }

  /** The voltages' explicit midpoint step, for cells that are not refractory. */
  #membrane(population, drive, inhibition) {
    const { network } = this;
    const { cell, v, u, sAmpa, current, free } = population;
    if (this.step % REFRESH === 0) {
      for (let i = 0; i < v.length; i++) u[i] = Math.exp(-v[i] / network.nmda_block_voltage);
    }
    const { dt, E_AMPA, E_GABA, E_NMDA, nmda_block_voltage: blockVoltage } = network;
    const { g_leak: gLeak, E_leak: eLeak, g_extern: gExtern, g_GABA: gGaba, g_NMDA: gNmda } = cell;
    const { step } = this;
    const halfAmpa = 1 - dt / (2 * network.tau_AMPA);
    const halfGaba = 1 - dt / (2 * network.tau_GABA);
    // Divisions are what this loop would spend its time on: most are multiplications, done once.
    const perC = 1 / cell.C;
    const perBlock = 1 / blockVoltage;
    const leakCurrent = gLeak * eLeak;
    for (let i = 0; i < v.length; i++) {
      if (free[i] > step) continue;
      const ampa = gExtern * sAmpa[i];
      const gaba = gGaba * inhibition[i];
      const nmda = 3.57 * gNmda * drive[i];
      const start = v[i];
      const steady = leakCurrent + current[i];
      let slope =
        perC *
        (steady -
          gLeak * start +
          ampa * (E_AMPA - start) +
          gaba * (E_GABA - start) +
          (nmda * (E_NMDA - start)) / (3.57 + u[i]));
      const half = start + (dt / 2) * slope;
      const b = (-dt / 2) * perBlock * slope;
      const uHalf = b > LARGE || b < -LARGE ? Math.exp(-half * perBlock) : u[i] * expChange(b);
      slope =
        perC *
        (steady -
          gLeak * half +
          ampa * halfAmpa * (E_AMPA - half) +
          gaba * halfGaba * (E_GABA - half) +
          (nmda * (E_NMDA - half)) / (3.57 + uHalf));
      v[i] = start + dt * slope;
      const change = -dt * perBlock * slope;
      u[i] =
        change > LARGE || change < -LARGE ? Math.exp(-v[i] * perBlock) : u[i] * expChange(change);
    }
  }

  /** List and reset the cells above threshold. */
  #fire(population) {
    const { v_threshold: threshold, v_reset: reset } = this.network;
    const { v, u, free, spikes, cell } = population;
    const uReset = Math.exp(-reset / this.network.nmda_block_voltage);
    let fired = 0;
    for (let i = 0; i < v.length; i++) {
      if (v[i] > threshold && free[i] <= this.step) {
        v[i] = reset;
        u[i] = uReset;
        free[i] = this.step + cell.refractory_steps;
        spikes[fired++] = i;
      }
    }
    population.numSpikes = fired;
  }
}
