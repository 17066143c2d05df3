/**
 * What a reader sees and does: two canvases, a few controls, and a line that says in words what the
 * network holds. The model runs in a worker; this file only draws and sends messages.
 */

const DEGREE = "°";
/** How many seconds of spikes the raster shows. */
const SHOWN = 2;
/** Asked of the system, or of VS Code, which writes it on a notebook's page. */
const REDUCED = () =>
  matchMedia("(prefers-reduced-motion: reduce)").matches ||
  document.body.classList.contains("vscode-reduce-motion");

/** An element with attributes, properties and children. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && name !== "list" && name !== "role") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Numbers for ids: a page may have several networks. */
let sliders = 0;

/**
 * A slider with its name, value and unit, and what its ends mean. `change` hears what a reader
 * chose; the slider's own `show` moves it without telling anybody.
 */
function slider({ label, min, max, step, value, words, low, high, change }) {
  sliders += 1;
  const id = `wml-slider-${sliders}`;
  const readout = make("span", { className: "wml-value", "aria-hidden": "true" });
  const input = make("input", {
    id, type: "range", min, max, step,
    "aria-describedby": `${id}-ends`,
    oninput: () => {
      say(Number(input.value));
      change(Number(input.value));
    },
  });
  const say = (chosen) => {
    readout.textContent = words(chosen);
    input.setAttribute("aria-valuetext", words(chosen));
  };
  const box = make(
    "div", { className: "wml-slider" },
    make("label", { className: "wml-name", htmlFor: id }, label),
    " ", readout,
    input,
    make(
      "span", { className: "wml-ends", id: `${id}-ends` },
      make("span", {}, low), " ", make("span", {}, high),
    ),
  );
  box.show = (chosen) => {
    input.value = chosen;
    say(chosen);
  };
  box.show(value);
  return box;
}

/** Colours of the page, light or dark, as the canvases need them. */
function palette(element) {
  const style = getComputedStyle(element);
  const ink = style.color || "black";
  const [r, g, b] = (ink.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number);
  const dark = 0.299 * r + 0.587 * g + 0.114 * b > 127;
  const [dot] = new Uint32Array(new Uint8ClampedArray([r, g, b, 255]).buffer);
  // Okabe & Ito's colours, apart for every kind of colour vision; paler ones on a dark ground.
  return dark
    ? { ink, dot, ground: "#16181c", faint: "#5a616b", cue: "#e69f00", memory: "#56b4e9", lost: "#9aa3ad" }
    : { ink, dot, ground: "#ffffff", faint: "#b8bec6", cue: "#d55e00", memory: "#0072b2", lost: "#6b737c" };
}

/** A canvas as sharp as the screen, which knows its size in CSS pixels. */
class Surface {
  constructor(height, attributes) {
    this.canvas = make("canvas", { className: "wml-canvas", ...attributes });
    this.canvas.style.height = `${height}px`;
    this.height = height;
  }

  /** Fit to the width that the page gives; true if that changed. */
  fit() {
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const width = Math.round(this.canvas.clientWidth);
    if (width === this.width && ratio === this.ratio) return false;
    [this.width, this.ratio] = [width, ratio];
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.context = this.canvas.getContext("2d");
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return true;
  }

  clear(color) {
    this.context.fillStyle = color;
    this.context.fillRect(0, 0, this.width, this.height);
  }

  text(words, x, y, color, align = "left") {
    const c = this.context;
    c.fillStyle = color;
    c.font = "12px system-ui, sans-serif";
    c.textAlign = align;
    c.textBaseline = "middle";
    c.fillText(words, x, y);
  }
}

/**
 * Spikes as dots over the last seconds. Only new ones are drawn, into a picture whose columns are
 * used in turn, as on a drum; what is on the page is that picture in two pieces.
 */
class Raster {
  constructor({ height, label }) {
    this.surface = new Surface(height, { role: "img", "aria-label": label });
    this.drum = document.createElement("canvas");
    this.clear();
  }

  clear() {
    this.spikes = [];
    this.column = -1;
    this.drawn = null;
  }

  /** Keep the spikes that are shown; `place` gives a cell's height from 0 (top) to 1. */
  add(t, dt, cells, steps, place) {
    const heights = new Float32Array(cells.length);
    const times = new Float32Array(cells.length);
    for (let n = 0; n < cells.length; n++) {
      heights[n] = place(cells[n]);
      times[n] = steps[n] * dt;
    }
    this.spikes.push({ t, heights, times, fresh: true });
    while (this.spikes[0].t < t - SHOWN) this.spikes.shift();
  }

  /**
   * Bring the drum up to time t; after a change of size or colour all that is shown is redrawn.
   * Spikes are written as pixels: at nine times life there are 600,000 a second.
   */
  #turn(t, dot, left) {
    const { surface, drum } = this;
    const { ratio } = surface;
    const width = Math.max(1, Math.round((surface.width - left) * ratio));
    const height = surface.canvas.height;
    const look = `${width} ${height} ${dot}`;
    const c = drum.getContext("2d");
    if (look !== this.drawn) {
      drum.width = width;
      drum.height = height;
      this.image = c.createImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
      this.column = Math.floor(((t - SHOWN) * width) / SHOWN);
      for (const part of this.spikes) part.fresh = true;
      this.drawn = look;
    }
    const { pixels, image } = this;
    const column = Math.floor((t * width) / SHOWN);
    const turned = Math.min(width, column - this.column);
    for (let k = column - turned + 1; k <= column; k++) {
      const x = ((k % width) + width) % width;
      for (let at = x; at < pixels.length; at += width) pixels[at] = 0;
    }
    this.column = column;
    const size = Math.max(1, Math.round(ratio));
    let oldest = column - turned;
    for (const part of this.spikes) {
      if (!part.fresh) continue;
      part.fresh = false;
      for (let n = 0; n < part.times.length; n++) {
        const k = Math.floor((part.times[n] * width) / SHOWN);
        if (k <= column - width) continue;
        if (k < oldest) oldest = k;
        const x = k % width;
        const y = Math.min(height - size, Math.floor(part.heights[n] * height));
        for (let i = Math.min(size, width - x) - 1; i >= 0; i--) {
          for (let j = 0; j < size; j++) pixels[(y + j) * width + x + i] = dot;
        }
      }
    }
    // Only what is new goes to the canvas: in two pieces where the drum's end is between.
    const from = ((oldest % width) + width) % width;
    const number = Math.min(width, column - oldest + size);
    c.putImageData(image, 0, 0, from, 0, Math.min(number, width - from), height);
    if (from + number > width) c.putImageData(image, 0, 0, 0, 0, from + number - width, height);
    return { width, height, column };
  }

  draw(t, colors, { left, spans, marks }) {
    const { surface, drum } = this;
    const c = surface.context;
    surface.clear(colors.ground);
    const start = Math.max(0, t - SHOWN);
    const x = (time) => left + ((time - start) / SHOWN) * (surface.width - left);
    c.globalAlpha = 0.35;
    c.fillStyle = colors.cue;
    for (const { from, to, top, bottom } of spans) {
      const a = Math.max(x(from), left);
      const b = Math.min(x(Math.min(to, t)), surface.width);
      if (b > a) c.fillRect(a, top * surface.height, b - a, (bottom - top) * surface.height);
    }
    c.globalAlpha = 1;
    const { width, height, column } = this.#turn(t, colors.dot, left);
    const piece = (from, number, to) => {
      if (number > 0) {
        const { ratio } = surface;
        c.drawImage(
          drum, from, 0, number, height, left + to / ratio, 0, number / ratio, surface.height,
        );
      }
    };
    if (column < width) piece(0, column + 1, 0);
    else {
      const oldest = (column + 1) % width;
      piece(oldest, width - oldest, 0);
      piece(0, oldest, width - oldest);
    }
    for (const { height: y, words } of marks) {
      surface.text(words, left - 4, y * surface.height, colors.ink, "right");
    }
  }
}

const percent = (value) => `${Math.round(100 * value)} %`;

/** What the two networks show and let a reader change. */
const KINDS = {
  bump: {
    title: "Live network: one memory on a ring",
    help:
      "Click or tap in the picture of spikes, at the height of an angle, to show a cue there. " +
      "With the keyboard: choose an angle with its slider and press Show a cue.",
    height: 260,
    sideLabel: "Rate of the cells over their preferred angle.",
    empty: () => ({ t: 0, profile: [] }),
    defaults: (p) => ({
      stimulus_width_deg: p.stimulus_width_deg, stimulus_strength: p.stimulus_strength,
      G_inhib: 1, Jpos: p.Jpos_excit2excit, tau_NMDA: p.tau_NMDA, extern_rate: p.extern_rate,
    }),
    // `name` as in Python's settings, `scale` from its unit to the slider's.
    controls: [
      {
        name: "stimulus_width_deg", label: "Width of a cue", min: 10, max: 90, step: 10,
        words: (value) => `${value}${DEGREE}`, low: "10°: a few cells", high: "90°: a quarter of the ring",
      },
      {
        name: "stimulus_strength", label: "Strength of a cue", min: 0, max: 0.2, step: 0.01, scale: 1e9,
        words: (value) => `${value.toFixed(2)} nA`, low: "0 nA: no cue", high: "0.20 nA: hard to resist",
      },
      {
        name: "G_inhib", label: "Inhibition", min: 0, max: 1.5, step: 0.05, words: percent,
        low: "0 %: nothing holds the cells back", high: "150 %: half as much again",
      },
      {
        name: "Jpos", label: "Peak of the weights J+", min: 1, max: 2, step: 0.01,
        words: (value) => value.toFixed(2),
        low: "1: neighbours are nobody special", high: "2: bumps by themselves",
      },
      {
        name: "tau_NMDA", label: "NMDA time constant", min: 10, max: 100, step: 5, scale: 1000,
        words: (value) => `${value} ms`, low: "10 ms: fast gates", high: "100 ms: slow gates",
      },
      {
        name: "extern_rate", label: "External spikes", min: 600, max: 3000, step: 100,
        words: (value) => `${value} Hz for each cell`,
        low: "600 Hz: only a cue makes a bump", high: "3000 Hz: bumps by themselves",
      },
    ],
    words: (frame) =>
      frame.present
        ? `One memory, at ${Math.round(frame.angleDeg)}${DEGREE}.`
        : frame.meanRate > 50
          ? "Everything fires: no memory."
          : "No memory.",
  },
  flexible: {
    title: "Live network: eight rings and one shared layer",
    help:
      "Click or tap in a ring's band, at the height of an angle, to show it an item. " +
      "With the keyboard: choose an angle, then press a ring's button. Press it again to take the " +
      "item away, with a pulse of inhibition.",
    height: 360,
    sideLabel: "Strength of each ring's memory.",
    empty: (p) => ({ t: 0, memories: Array(p.N_rings).fill({ strength: 0 }) }),
    defaults: (p) => ({
      stimulus_strength: p.stimulus_strength, stimulus_width_deg: p.stimulus_width_deg,
      alpha: p.alpha, beta: p.beta, balance_fb: p.balance_fb,
      connection_probability: p.connection_probability,
    }),
    controls: [
      {
        name: "stimulus_strength", label: "Strength of an item", min: 0, max: 20, step: 1,
        words: (value) => `${value}`, low: "0: nothing is shown", high: "20: twice the paper's",
      },
      {
        name: "stimulus_width_deg", label: "Width of an item", min: 4, max: 30, step: 0.25,
        words: (value) => `${value}${DEGREE}`, low: "4°: a dot", high: "30°: a blur",
      },
      {
        name: "alpha", label: "Feed-forward strength α", min: 1, max: 3, step: 0.1,
        words: (value) => value.toFixed(1),
        low: "1: the shared layer hardly hears", high: "3: it shouts",
      },
      {
        name: "beta", label: "Feedback strength β", min: 0, max: 0.4, step: 0.02,
        words: (value) => value.toFixed(2), low: "0: rings on their own", high: "0.40: echoes everywhere",
      },
      {
        name: "balance_fb", label: "Balance of feedback", min: -1.2, max: -0.8, step: 0.02,
        words: (value) => value.toFixed(2).replace("-", "−"),
        low: "−1.20: too much inhibition", high: "−0.80: too little",
      },
      {
        name: "connection_probability", label: "Connection probability p", min: 0.05, max: 1, step: 0.05,
        words: (value) => value.toFixed(2),
        low: "0.05: few strong synapses", high: "1: all to all, all items look alike",
      },
    ],
    words: (frame, view) => {
      const held = frame.memories.filter((memory, ring) => memory.present && view.items[ring]);
      const made = frame.memories.filter((memory, ring) => memory.present && !view.items[ring]);
      const shown = view.items.filter(Boolean).length;
      return (
        `${held.length} of ${shown} memories held` +
        (made.length ? `, ${made.length} that nobody showed.` : ".")
      );
    },
  },
};

/** One live network in an element of a page. */
export class View {
  /**
   * @param {HTMLElement} element where it goes
   * @param {object} options kind ("bump" or "flexible"), parameters (from Python) and seed. A
   *   notebook has `settings` to begin with, a function `listen` that hears every report, and
   *   `chose`, which hears what a reader set.
   * @param {function(): Worker} makeWorker
   */
  constructor(element, { kind, parameters, seed = 1, settings = {}, listen, chose }, makeWorker) {
    this.kind = KINDS[kind];
    this.name = kind;
    this.element = element;
    this.parameters = parameters;
    this.seed = seed;
    this.listen = listen;
    this.chose = chose;
    this.story = parameters.story;
    this.defaults = this.kind.defaults(parameters);
    /** What differs from the parameters that the network came with. */
    this.settings = {};
    this.frame = null;
    this.playing = false;
    this.build();
    this.forget();
    // A page may forbid workers: some browsers throw, others tell it as an error, without words.
    try {
      this.worker = makeWorker();
      this.worker.onmessage = ({ data }) => this.hear(data);
      this.worker.onerror = ({ message }) => {
        if (this.frame) this.say(`The network stopped: ${message}`);
        else this.fail(message);
      };
    } catch {
      this.fail();
    }
    this.send({ do: "start", kind, parameters, seed, story: this.story });
    this.replaceSettings(settings);
    this.watch();
  }

  send(message) {
    this.worker?.postMessage(message);
  }

  /** No network will come: say why, and leave no blank picture and no control that does nothing. */
  fail(reason) {
    this.worker = null;
    for (const control of this.element.querySelectorAll("button, input")) control.disabled = true;
    for (const { canvas } of [this.raster.surface, this.side]) canvas.style.display = "none";
    const forbidden = "the page around it allows no background scripts (workers).";
    this.say(`The network cannot run here: ${reason || forbidden}`);
  }

  /** Change parameters while the network runs. */
  set(changes) {
    Object.assign(this.settings, changes);
    this.send({ do: "set", changes });
  }

  /** Take other settings than the present ones, and move the sliders there. */
  replaceSettings(settings) {
    const changes = {};
    for (const name of Object.keys(this.settings)) {
      if (!(name in settings)) changes[name] = this.defaults[name] ?? this.parameters[name];
    }
    Object.assign(changes, settings);
    this.settings = { ...settings };
    if (!Object.keys(changes).length) return;
    this.send({ do: "set", changes });
    for (const { name, scale = 1 } of this.kind.controls) {
      if (name in changes) this.sliders[name].show(changes[name] * scale);
    }
  }

  build() {
    const { kind } = this;
    this.element.classList.add("wml");
    this.raster = new Raster({
      height: kind.height,
      label: `Spikes over the last ${SHOWN} seconds. ${kind.help}`,
    });
    this.side = new Surface(this.name === "bump" ? 150 : 190, {
      role: "img",
      // Its words follow the network once that runs, which may be long after the page is there.
      "aria-label": kind.sideLabel,
    });
    this.clock = make("span", { className: "wml-clock" }, "0.00 s");
    this.rate = make("span", { className: "wml-rate" }, "");
    this.status = make("p", { className: "wml-status", role: "status" }, "Getting ready …");
    this.playButton = make("button", { type: "button", onclick: () => this.toggle() }, "Play");
    const angle = slider({
      label: "Angle of a cue", min: 0, max: 350, step: 10, value: 120,
      words: (value) => `${value}${DEGREE}`, low: "0°", high: "350°",
      change: (value) => { this.angle = value; },
    });
    this.angle = 120;
    this.speed = slider({
      label: "Speed", min: -5, max: 2, step: 1, value: 0,
      words: (power) =>
        power < 0 ? `1/${2 ** -power} of life` : power ? `${2 ** power} times life` : "as in life",
      low: "slow motion", high: "4 times, if your machine can",
      change: (power) => this.send({ do: "speed", speed: 2 ** power }),
    });
    this.seedField = make("input", {
      type: "number", min: 0, max: 4294967295, step: 1, value: this.seed,
      onchange: () => {
        const seed = Number(this.seedField.value);
        if (Number.isInteger(seed) && seed >= 0 && seed <= 4294967295) this.reset(seed);
        else this.say(`Seed ${this.seedField.value}: take a whole number from 0 to 4294967295.`);
      },
    });
    const rings = this.name === "flexible" ? this.ringButtons() : null;
    this.sliders = Object.fromEntries(
      kind.controls.map(({ scale = 1, name, ...control }) => [
        name,
        slider({
          ...control,
          value: this.defaults[name] * scale,
          change: (value) => {
            this.set({ [name]: value / scale });
            this.chose?.({ ...this.settings });
          },
        }),
      ]),
    );
    this.element.replaceChildren(
      make("p", { className: "wml-title" }, kind.title),
      make("p", { className: "wml-help" }, kind.help),
      make(
        "div", { className: "wml-buttons", role: "group", "aria-label": "Run" },
        this.playButton,
        make("button", { type: "button", onclick: () => this.step() }, "Step 10 ms"),
        make("button", { type: "button", onclick: () => this.reset() }, "Reset"),
        make("label", { className: "wml-seed" }, "Seed ", this.seedField),
        make("span", { className: "wml-time" }, "Model time ", this.clock, " ", this.rate),
      ),
      this.raster.surface.canvas,
      this.side.canvas,
      this.status,
      ...(rings
        ? [angle, rings]
        : [
            angle,
            make(
              "div", { className: "wml-buttons" },
              make("button", { type: "button", onclick: () => this.cue(null, this.angle) }, "Show a cue"),
            ),
          ]),
      make(
        "div", { className: "wml-sliders" },
        this.speed,
        ...Object.values(this.sliders),
      ),
    );
    this.raster.surface.canvas.addEventListener("pointerdown", (event) => this.point(event));
  }

  ringButtons() {
    this.buttons = Array.from({ length: this.parameters.N_rings }, (_, ring) =>
      make(
        "button",
        {
          type: "button", "aria-pressed": "false",
          onclick: () => this.cue(ring, this.items[ring] ? null : this.angle),
        },
        `Ring ${ring + 1}`,
      ),
    );
    return make(
      "div", { className: "wml-buttons", role: "group", "aria-label": "Items: show or take away" },
      ...this.buttons,
    );
  }

  /** Start drawing when visible, stop computing when not. */
  watch() {
    this.visible = true;
    this.observer = new IntersectionObserver((entries) => {
      // Several changes may come at once: the last one holds.
      this.visible = entries.at(-1).isIntersecting;
      if (this.visible) this.draw();
      if (!this.visible && this.playing) {
        this.resume = true;
        this.pause();
      } else if (this.visible && this.resume) {
        this.resume = false;
        this.play();
      }
    });
    this.observer.observe(this.element);
    this.resizer = new ResizeObserver(() => this.draw());
    this.resizer.observe(this.element);
    this.scheme = new MutationObserver(() => this.draw());
    // The book's theme, JupyterLab's, VS Code's.
    const attributeFilter = ["data-theme", "class", "data-jp-theme-light", "data-vscode-theme-id"];
    for (const themed of [document.documentElement, document.body]) {
      this.scheme.observe(themed, { attributeFilter });
    }
  }

  destroy() {
    this.worker?.terminate();
    for (const observer of [this.observer, this.resizer, this.scheme]) observer.disconnect();
    this.element.replaceChildren();
  }

  hear(message) {
    this.listen?.(message);
    if (message.is === "error") return this.say(`The network stopped: ${message.text}`);
    if (message.is === "ready") {
      // Somebody who asked for less motion starts it by hand; out of sight it waits.
      if (REDUCED()) return undefined;
      if (this.visible) this.play();
      else this.resume = true;
      return undefined;
    }
    if (message.is !== "frame") return undefined;
    if (message.reset) this.forget();
    const { parameters } = this;
    this.raster.add(message.t, parameters.dt, message.cells, message.steps, (cell) => this.place(cell));
    this.frame = message;
    this.wordsNow(message);
    if (!this.pending && this.visible) {
      this.pending = true;
      requestAnimationFrame(() => {
        this.pending = false;
        this.draw();
      });
    }
    return undefined;
  }

  /** Forget what was shown; the story of the start will be told again. */
  forget() {
    this.raster.clear();
    this.items = Array(this.parameters.N_rings ?? 1).fill(false);
    this.spans = [];
    const open = new Map();
    for (const { at, ring = 0, angle, on } of this.story) {
      if (on) open.set(ring, { from: at, ring, angle });
      else if (open.has(ring)) {
        this.spans.push({ ...open.get(ring), to: at });
        open.delete(ring);
      }
    }
  }

  /** Where a cell stands in the raster, from 0 (top) to 1; angles grow upwards. */
  place(cell) {
    const p = this.parameters;
    if (this.name === "bump") return 1 - (cell + 1) / p.excit.N;
    const N = p.N_rings * p.N_sensory;
    const bands = p.N_rings + 1;
    if (cell >= N) return (p.N_rings + 1 - (cell - N + 1) / p.N_random) / bands;
    const ring = Math.floor(cell / p.N_sensory);
    return (ring + 0.96 - 0.92 * ((cell % p.N_sensory) / p.N_sensory)) / bands;
  }

  point(event) {
    const box = this.raster.surface.canvas.getBoundingClientRect();
    const height = (event.clientY - box.top) / box.height;
    if (this.name === "bump") return this.cue(null, 360 * (1 - height));
    const bands = this.parameters.N_rings + 1;
    const ring = Math.floor(height * bands);
    if (ring >= this.parameters.N_rings) return undefined;
    const within = height * bands - ring;
    return this.cue(ring, Math.min(359, Math.max(0, (360 * (0.96 - within)) / 0.92)));
  }

  /** Show a cue: a ring's item, or the bump's. */
  cue(ring, angle) {
    const t = this.frame?.t ?? 0;
    const seconds = this.parameters.cue_seconds;
    this.send({ do: "cue", ring, angle, seconds });
    this.spans.push({ from: t, to: t + seconds, ring: ring ?? 0, angle, erase: angle === null });
    if (!this.playing) this.say("Shown when the network runs: press Play or Step.");
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    this.playing = true;
    this.playButton.textContent = "Pause";
    this.send({ do: "play" });
  }

  pause() {
    this.playing = false;
    this.playButton.textContent = "Play";
    this.send({ do: "pause" });
  }

  step() {
    this.pause();
    this.send({ do: "step", seconds: 0.01 });
  }

  reset(seed = this.seed) {
    this.seed = seed;
    this.seedField.value = seed;
    this.send({ do: "reset", seed });
  }

  say(words) {
    // Writing only what differs keeps screen readers from saying it thirty times a second.
    if (this.status.textContent !== words) this.status.textContent = words;
  }

  wordsNow(frame) {
    this.clock.textContent = `${frame.t.toFixed(2)} s`;
    this.rate.textContent = this.playing ? `(${frame.speed.toFixed(2)} of life)` : "";
    for (const span of this.spans) {
      if (span.from <= frame.t) this.items[span.ring] = !span.erase;
    }
    this.buttons?.forEach((button, ring) => {
      button.setAttribute("aria-pressed", String(this.items[ring]));
    });
    // A cue that is still on is no memory yet.
    const showing = this.spans.some((span) => span.from <= frame.t && frame.t < span.to + 0.05);
    if (!showing) {
      const words = this.kind.words(frame, this);
      // Words follow what lasts, not every flicker.
      if (words !== this.lastWords) {
        this.lastWords = words;
        this.since = frame.t;
      }
      if (frame.t - this.since > 0.1 || !this.playing || frame.t === 0) this.say(words);
    }
  }

  draw() {
    // Axes, until the worker has built the network.
    const frame = this.frame ?? this.kind.empty(this.parameters);
    this.raster.surface.fit();
    this.side.fit();
    if (!this.raster.surface.width) return;
    const colors = palette(this.element);
    if (this.name === "bump") this.drawBump(frame, colors);
    else this.drawRings(frame, colors);
    if (this.frame) this.side.canvas.setAttribute("aria-label", this.sideWords(frame));
  }

  sideWords(frame) {
    const { sideLabel, words } = this.kind;
    if (this.name === "bump") {
      return `${sideLabel} Mean ${frame.meanRate.toFixed(1)} Hz. ${words(frame, this)}`;
    }
    const rings = frame.memories.map(({ strength, angleDeg, present }, ring) => {
      const place = present ? `at ${Math.round(angleDeg)} degrees` : "no memory";
      return `Ring ${ring + 1}: ${strength.toFixed(1)} Hz, ${place}`;
    });
    return `${sideLabel} ${rings.join("; ")}`;
  }

  drawBump(frame, colors) {
    const left = 48;  // "150 Hz" in a wide font
    const half = 15 / 360;
    this.raster.draw(frame.t, colors, {
      left,
      spans: this.spans.map(({ from, to, angle }) => ({
        from, to, top: 1 - angle / 360 - half, bottom: 1 - angle / 360 + half,
      })),
      marks: [0, 90, 180, 270].map((angle) => ({
        height: Math.min(1 - angle / 360, 0.97), words: `${angle}${DEGREE}`,
      })),
    });
    const { side } = this;
    const c = side.context;
    side.clear(colors.ground);
    const bottom = side.height - 18;
    const highest = Math.max(60, ...frame.profile);
    const width = (side.width - left) / frame.profile.length;
    c.fillStyle = colors.memory;
    frame.profile.forEach((rate, bin) => {
      const height = (rate / highest) * (bottom - 8);
      c.fillRect(left + bin * width, bottom - height, Math.max(1, width - 1), height);
    });
    side.text(`${Math.round(highest)} Hz`, left - 4, 10, colors.ink, "right");
    side.text("0", left - 4, bottom, colors.ink, "right");
    for (const angle of [0, 90, 180, 270]) {
      side.text(`${angle}${DEGREE}`, left + (angle / 360) * (side.width - left), side.height - 8, colors.ink);
    }
    if (frame.present) {
      const x = left + (frame.angleDeg / 360) * (side.width - left);
      c.fillStyle = colors.cue;
      c.fillRect(x - 1, 0, 2, bottom);
    }
  }

  drawRings(frame, colors) {
    const { parameters: p } = this;
    const bands = p.N_rings + 1;
    const left = 64;
    this.raster.draw(frame.t, colors, {
      left,
      spans: this.spans.map(({ from, to, ring }) => ({
        from, to, top: ring / bands, bottom: (ring + 1) / bands,
      })),
      marks: Array.from({ length: bands }, (_, band) => ({
        height: (band + 0.5) / bands, words: band < p.N_rings ? `Ring ${band + 1}` : "Shared",
      })),
    });
    const raster = this.raster.surface;
    raster.context.strokeStyle = colors.faint;
    raster.context.lineWidth = 0.5;
    for (let band = 1; band < bands; band++) {
      const y = (band * raster.height) / bands;
      raster.context.beginPath();
      raster.context.moveTo(left, y);
      raster.context.lineTo(raster.width, y);
      raster.context.stroke();
    }
    const { side } = this;
    const c = side.context;
    side.clear(colors.ground);
    const highest = 14;
    const x = (strength) => left + (Math.min(strength, highest) / highest) * (side.width - left - 60);
    const row = (side.height - 18) / p.N_rings;
    frame.memories.forEach(({ strength, angleDeg, present }, ring) => {
      c.fillStyle = present ? colors.memory : colors.lost;
      c.fillRect(left, ring * row + 2, x(strength) - left, row - 4);
      side.text(`Ring ${ring + 1}`, left - 4, (ring + 0.5) * row, colors.ink, "right");
      if (present) {
        const words = `${Math.round(angleDeg)}${DEGREE}`;
        side.text(words, x(strength) + 4, (ring + 0.5) * row, colors.ink);
      }
    });
    c.fillStyle = colors.cue;
    c.fillRect(x(p.memory_threshold) - 1, 0, 2, side.height - 18);
    side.text(`strength (Hz); memory: above ${p.memory_threshold}`, left, side.height - 8, colors.ink);
  }
}
