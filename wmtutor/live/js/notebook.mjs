/** Spikes in one message to Python: 2 MiB of them. */
const LOT = 1 << 18;

/** A network in a notebook: anywidget calls this with the Python side's model and an element. */
export function render({ model, el }) {
  let lastTold = 0;
  let numSpikes = 0;
  const listen = (message) => {
    if (message.is !== "frame") return;
    numSpikes = message.reset ? 0 : numSpikes + message.cells.length;
    // Python hears five times a second: a kernel has other things to do.
    const now = performance.now();
    if (now - lastTold < 200 && view.playing) return;
    lastTold = now;
    const memories = message.memories ?? [message];
    model.set("t", message.t);
    model.set("num_spikes", numSpikes);
    model.set("angle_deg", memories.map((memory) => memory.angleDeg));
    model.set("strength", memories.map((memory) => memory.strength));
    model.set("present", memories.map((memory) => Boolean(memory.present)));
    model.set("playing", view.playing);
    model.save_changes();
  };
  // A recording has a worker of its own: what is on the screen goes on.
  const record = (order) => {
    const { id } = order;
    const fail = (text) => model.send({ is: "failed", id, text: text || "no worker may run here" });
    let worker;
    try {
      worker = makeWorker();
    } catch (problem) {
      return fail(problem.message);
    }
    worker.onerror = ({ message }) => fail(message);
    worker.onmessage = ({ data }) => {
      if (data.is === "error") fail(data.text);
      if (data.is === "trial") {
        const { cells, steps } = data;
        // Jupyter's server hangs up on a message of more than 10 MiB: a minute of spikes is more.
        for (let from = 0; from === 0 || from < cells.length; from += LOT) {
          const [some, when] = [cells, steps].map((all) => all.slice(from, from + LOT).buffer);
          model.send({ is: "trial", id, from, numSpikes: cells.length }, undefined, [some, when]);
        }
      }
      if (data.is === "error" || data.is === "trial") worker.terminate();
    };
    worker.postMessage({ do: "start", ...model.get("options"), seed: order.seed, story: [] });
    worker.postMessage({ do: "set", changes: model.get("settings") });
    worker.postMessage(order);
    return undefined;
  };
  // What a reader sets with a slider is what Python finds in `settings`, and the other way round.
  const chose = (settings) => {
    model.set("settings", settings);
    model.save_changes();
  };
  const view = new View(
    el,
    {
      ...model.get("options"), seed: model.get("seed"), settings: model.get("settings"),
      listen, chose,
    },
    makeWorker,
  );
  model.on("change:settings", () => view.replaceSettings(model.get("settings")));
  model.on("change:seed", () => view.reset(model.get("seed")));
  model.on("change:playing", () => {
    if (model.get("playing") !== view.playing) view.toggle();
  });
  model.on("msg:custom", (message) => {
    if (message.do === "trial") record(message);
    else if (message.do === "cue") view.cue(message.ring ?? null, message.angle);
    else view.send(message);
  });
  // Orders given before the widget was shown have nobody to hear them: Python says them again.
  model.send({ is: "ready" });
  return () => view.destroy();
}
