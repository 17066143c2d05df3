// What is wider than its box scrolls there, and a keyboard can only scroll what it can reach. The
// theme sees to code, but once, before fonts have come; nobody sees to formulas.
window.addEventListener("load", async () => {
  const article = document.querySelector("article");
  if (!article) return;
  const boxes = () => article.querySelectorAll("pre, mjx-container[display]");
  const mark = () => {
    for (const box of boxes()) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else if (box.matches("mjx-container")) box.removeAttribute("tabindex");
    }
  };
  await document.fonts.ready;
  await window.MathJax?.startup?.promise;
  mark();
  // A phone that is turned: on the observer's first call nothing has changed yet.
  new ResizeObserver(mark).observe(article);
});
