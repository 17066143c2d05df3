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
    const worker = makeWorker();
    worker.onmessage = ({ data }) => {
      if (data.is !== "trial") return;
      model.send({ is: "trial", id: data.id }, undefined, [data.cells.buffer, data.steps.buffer]);
      worker.terminate();
    };
    worker.postMessage({ do: "start", ...model.get("options"), seed: order.seed, story: [] });
    worker.postMessage({ do: "set", changes: model.get("settings") });
    worker.postMessage(order);
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
