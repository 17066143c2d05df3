// Runs a model on given draws and prints its spikes: node run_model.mjs TASK.json
import { readFileSync } from "node:fs";
import { BumpModel } from "../../wmtutor/live/js/bump_model.mjs";
import { FlexibleModel } from "../../wmtutor/live/js/flexible_model.mjs";

const task = JSON.parse(readFileSync(process.argv[2], "utf8"));
const bytes = readFileSync(task.uniform);
const draws = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
let drawn = 0;
const uniform = () => {
  if (drawn === draws.length) throw new RangeError("the draws are used up");
  return draws[drawn++];
};

const steps = [];
const cells = [];
const inhibitory = [];
if (task.model === "bump") {
  const model = new BumpModel(task.parameters, { uniform: () => 0.5 });
  model.uniform = uniform;
  model.setState(task.v_excit, task.v_inhib);
  for (let step = 0; step < task.steps; step++) {
    if (step === task.cue.on) {
      model.setCurrent(task.cue.center_deg, task.cue.width_deg, task.cue.strength);
    }
    if (step === task.cue.off) model.clearCurrent();
    model.advance();
    for (const cell of model.excit.spikes.subarray(0, model.excit.numSpikes)) {
      steps.push(step);
      cells.push(cell);
    }
    for (const cell of model.inhib.spikes.subarray(0, model.inhib.numSpikes)) {
      inhibitory.push([step, cell]);
    }
  }
} else {
  const mask = new Uint8Array(readFileSync(task.mask));
  const model = new FlexibleModel(task.parameters, { mask, uniform: () => 0.5 });
  model.uniform = uniform;
  model.setState(task.s_sensory, task.s_random);
  for (let step = 0; step < task.steps; step++) {
    for (const [ring, angle] of task.cue.angles.entries()) {
      if (step === task.cue.on) model.setCue(ring, angle);
      if (step === task.cue.off) model.setCue(ring, null);
    }
    model.advance();
    for (const cell of model.spikes.subarray(0, model.numSpikes)) {
      steps.push(step);
      cells.push(cell);
    }
  }
  console.error(JSON.stringify(model.readMemories()));
}
console.log(JSON.stringify({ steps, cells, inhibitory, drawn }));
