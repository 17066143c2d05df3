/** Networks in a static page: each element brings its options as JSON in a script of its own. */
function start() {
  for (const element of document.querySelectorAll(".wmtutor-live-network")) {
    if (element.network) continue;
    const options = JSON.parse(element.querySelector('script[type="application/json"]').textContent);
    const place = element.querySelector(".wml-place");
    // Tests and curious readers find the network at its element.
    element.network = new View(place, options, makeWorker);
  }
}
// A page calls this behind each network, so that one starts before what follows it is read.
window.startLiveNetworks = start;
start();
