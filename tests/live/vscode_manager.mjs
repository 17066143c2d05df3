/**
 * The widget manager that VS Code's Jupyter extension ships, with a kernel whose messages a test
 * carries: `fromPython` brings them, `toPython` takes them away.
 */
window.startManager = async () => {
  const slots = [];
  const iopubMessage = { connect: (slot) => slots.push(slot), disconnect: () => true };
  const silent = { connect: () => true, disconnect: () => true };
  const comms = {};
  const makeComm = (targetName, commId) => {
    const send = (data, _metadata, buffers = []) => {
      const bytes = buffers.map((one) => [...new Uint8Array(one.buffer ?? one)]);
      const future = { msg: { header: { msg_id: "m" } } };
      // A widget sends its next state when the kernel is done with the one before.
      const idle = { header: { msg_type: "status" }, content: { execution_state: "idle" } };
      window.toPython(commId, data, bytes).then(() => future.onIOPub?.(idle));
      return future;
    };
    comms[commId] = { commId, targetName, send };
    return comms[commId];
  };
  let open;
  const kernel = {
    iopubMessage, statusChanged: silent, connectionStatusChanged: silent,
    unhandledMessage: silent, anyMessage: silent, disposed: silent,
    status: "idle", connectionStatus: "connected", handleComms: true, id: "k", model: { id: "k" },
    registerCommTarget: (_, callback) => { open = callback; },
    createComm: makeComm,
    requestCommInfo: async () => ({ content: { status: "ok", comms: {} } }),
  };
  const { activate } = await import("/ipywidgets.js");
  activate();
  window.vscIPyWidgets8.load();
  const loader = {
    widgetsRegisteredInRequireJs: new Set(["anywidget"]),
    errorHandler: (...what) => { throw new Error(what.join(" ")); },
    successHandler() {},
  };
  const manager = new window.vscIPyWidgets.WidgetManager(kernel, undefined, loader, () => {});
  let last = Promise.resolve();
  window.fromPython = (type, comm_id, data, metadata) => {
    const content = { comm_id, data, target_name: "jupyter.widget" };
    const message = { header: {}, parent_header: {}, metadata, buffers: [], content };
    const hear = () =>
      type === "comm_open"
        ? open(makeComm("jupyter.widget", comm_id), message)
        : comms[comm_id].onMsg?.(message);
    last = last.then(hear);
    return last;
  };
  window.show = async (model_id) => {
    const el = document.querySelector("main");
    const view = await manager.create_view(await manager.get_model(model_id), { el });
    await manager.display_view(undefined, view, { node: el });
  };
};
