// Two things that the widget code leaves to others.

// 1. A widget with a label calls on MathJax 2. The page has MathJax 3, which arrives when it likes.
{
  let current = window.MathJax;
  Object.defineProperty(window, "MathJax", {
    get: () => current,
    set(value) {
      current = value;
      value.Hub = { Queue: ([, , element]) => current.typesetPromise?.([element]) };
    },
  });
}

// 2. A slider's handle has no name, says its position as a number counted from 0, and has a
// readout beside it that looks editable to the keyboard.
function nameSliders() {
  for (const control of document.querySelectorAll(".wmtutor-control")) {
    const handle = control.querySelector(".noUi-handle");
    const readout = control.querySelector(".widget-readout");
    if (!handle || !readout) continue;
    readout.contentEditable = "false";
    const wanted = {
      "aria-label": control.querySelector(".wmtutor-label").textContent,
      "aria-valuetext": readout.textContent,
    };
    for (const [name, value] of Object.entries(wanted)) {
      // Writing only what differs keeps the observer below from calling itself for ever.
      if (handle.getAttribute(name) !== value) handle.setAttribute(name, value);
    }
  }
}

window.addEventListener("load", () => {
  if (!document.querySelector('script[type="application/vnd.jupyter.widget-view+json"]')) return;
  nameSliders();
  new MutationObserver(nameSliders).observe(document.querySelector("main"), {
    attributeFilter: ["aria-valuetext"],
    childList: true,
    subtree: true,
  });
});
