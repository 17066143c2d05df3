/** Networks in a static page: each element brings its options as JSON in a script of its own. */
function start() {
  for (const element of document.querySelectorAll(".wmtutor-live-network")) {
    const options = JSON.parse(element.querySelector('script[type="application/json"]').textContent);
    const place = element.querySelector(".wml-place");
    // Tests and curious readers find the network at its element.
    element.network = new View(place, options, makeWorker);
  }
}
// As soon as all is read, and before the page's other scripts, which take their time.
if (document.readyState === "loading") {
  document.addEventListener("readystatechange", start, { once: true });
}
else start();
