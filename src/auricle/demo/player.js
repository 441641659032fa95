// The word that is being said is marked while a recording plays; a click on a word, or on the time
// before a line, plays from there. Listens on the document: the page's parts come and go.
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
})();
