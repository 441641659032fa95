// The word that is being said is marked while a recording plays; a click on a word, or on the time
// before a line, plays from there; from that time the arrow keys go from word to word and Enter plays.
// A microphone that is refused, or a recorder that was not ready, is told. Listens on the document: the
// page's parts come and go.
(() => {
  const near = (node) => node.closest(".heard");
  const play = (node) => {
    const media = near(node)?.querySelector(".player");
    if (!media) return;
    media.currentTime = Number(node.dataset.start) + 0.01;
    media.play();
  };
  document.addEventListener("click", (event) => {
    const node = event.target.closest?.(".word, .when");
    if (node) play(node);
  });
  document.addEventListener("keydown", (event) => {
    const node = event.target.closest?.(".word, .when");
    if (!node) return;
    if (event.key === "Enter" && node.matches(".word")) play(node);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const places = [...near(node).querySelectorAll(".word, .when")];
    places[places.indexOf(node) + step]?.focus();
    event.preventDefault();
  });
  const follow = (media) => {
    const time = media.currentTime;
    let last = null;
    for (const word of near(media).querySelectorAll(".word")) {
      const inside = time >= Number(word.dataset.start) && time < Number(word.dataset.end);
      word.classList.toggle("now", inside);
      if (inside) last = word;
    }
    return last;
  };
  const frame = (media) => {
    if (!media.isConnected) return;
    follow(media);
    if (!media.paused) requestAnimationFrame(() => frame(media));
  };
  for (const name of ["play", "seeked", "pause"]) {
    document.addEventListener(name, (event) => {
      if (event.target.matches?.(".player")) frame(event.target);
    }, true);
  }
  const tell = (text) => {
    for (const node of document.querySelectorAll(".deaf")) node.textContent = text;
  };
  // Gradio fetches its recorder when the page is there, and one that is used before its worker runs records nothing.
  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const fetched = () => performance.getEntriesByType("resource").filter(({ name }) => /\/module-[\w-]+\.js/.test(name)).length > 1;
  let ready = false;
  window.Worker = class extends window.Worker {
    constructor(...given) {
      super(...given);
      ready ||= String(given[0]).startsWith("blob:") && fetched();
    }
  };
  const devices = navigator.mediaDevices; // none where a page comes neither from this machine nor over https
  const ask = devices?.getUserMedia.bind(devices);
  if (devices) devices.getUserMedia = async (wanted) => {
    try {
      const stream = await ask(wanted);
      tell("");
      for (let tries = 0; tries < 50 && !ready; tries++) await pause(100);
      await pause(300);
      return stream;
    } catch (error) {
      tell("The browser does not give this page the microphone. Allow it beside the address, then press Record again.");
      throw error;
    }
  };
  window.addEventListener("unhandledrejection", ({ reason }) => {
    if (/is not a constructor|construct 'MediaRecorder'/.test(String(reason)))
      tell("The recorder was not ready yet, so nothing is recorded. Press Stop, then Record again.");
  });
})();
