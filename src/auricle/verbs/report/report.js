"use strict";
// The table of utterances: filter, sort, search, open. All text is set as text, never as markup.
(() => {
  const { rows, columns, media } = JSON.parse(document.getElementById("data").textContent);
  const STEP = 100;
  const byId = (id) => document.getElementById(id);
  const body = byId("rows");
  const form = byId("filter");
  const state = { found: [], shown: 0, sort: "errors", down: true };

  function make(name, attributes = {}, ...content) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
    }
    element.append(...content.filter((part) => part !== null));
    return element;
  }

  // Counts and the text to search, once.
  rows.forEach((row, index) => {
    row.index = index;
    row.errors = row.s + row.d + row.i;
    row.rate = row.n ? row.errors / row.n : null;
    row.hay = [row.id, row.ref, row.hyp, ...Object.values(row.columns)].join("\n").toLocaleLowerCase();
  });

  const kinds = {
    all: () => true,
    wrong: (row) => row.errors > 0,
    right: (row) => row.errors === 0 && !row.failed,
    s: (row) => row.s > 0,
    d: (row) => row.d > 0,
    i: (row) => row.i > 0,
    empty: (row) => row.n === 0 && row.i > 0,
    failed: (row) => Boolean(row.failed),
  };
  const keys = {
    order: (row) => row.index,
    id: (row) => row.id,
    rate: (row) => (row.n ? row.rate : row.i ? Infinity : -1),
    errors: (row) => row.errors,
    seconds: (row) => row.seconds,
    snr: (row) => (row.snr === null ? -Infinity : row.snr),
  };

  function compare(a, b) {
    const key = keys[state.sort];
    const [first, second] = [key(a), key(b)];
    const order = first < second ? -1 : first > second ? 1 : a.index - b.index;
    return state.down ? -order : order;
  }

  function update() {
    const words = form.search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const column = form.column.value;
    const wanted = form.value.value;
    const kind = kinds[form.kind.value];
    state.found = rows.filter((row) =>
      kind(row) && words.every((word) => row.hay.includes(word)) &&
      (!column || !wanted || String(row.columns[column] ?? "") === wanted));
    state.found.sort(compare);
    state.shown = 0;
    body.replaceChildren();
    more();
    const errors = state.found.reduce((sum, row) => sum + row.errors, 0);
    const spoken = state.found.reduce((sum, row) => sum + row.n, 0);
    const rate = spoken ? `, WER ${(100 * errors / spoken).toFixed(1)} % of ${spoken.toLocaleString("en")} words` : "";
    byId("count").textContent = `${state.found.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} utterances${rate}`;
  }

  function more() {
    const next = state.found.slice(state.shown, state.shown + STEP);
    body.append(...next.map(line));
    state.shown += next.length;
    byId("more").hidden = state.shown >= state.found.length;
  }

  // One utterance, closed.
  function line(row) {
    const button = make("button", { type: "button", class: "open", "aria-expanded": "false" }, row.id);
    const tr = make("tr", { role: "row" },
      make("th", { scope: "row", role: "rowheader" }, button),
      make("td", { role: "cell", class: "number" }, row.rate === null ? "–" : `${(100 * row.rate).toFixed(0)} %`),
      make("td", { role: "cell", class: "number" }, counts(row)),
      make("td", { role: "cell", class: "number wide" }, row.seconds.toFixed(1)),
      make("td", { role: "cell", class: "number wide" }, row.snr === null ? "–" : row.snr.toFixed(0)),
      make("td", { role: "cell", class: "text", dir: "auto" }, row.failed ? make("em", {}, row.failed) : difference(row.pairs)));
    button.addEventListener("click", () => toggle(tr, button, row));
    return tr;
  }

  function counts(row) {
    const parts = [["S", row.s], ["D", row.d], ["I", row.i]].filter(([, count]) => count);
    return parts.map(([sign, count]) => `${count} ${sign}`).join(" ") || "0";
  }

  // Reference and hypothesis in one line: struck through what is missing, underlined what is new.
  function difference(pairs) {
    const whole = document.createDocumentFragment();
    for (const pair of pairs) {
      if (typeof pair === "string") whole.append(pair, " ");
      else {
        const [said, written] = pair;
        const kind = said === null ? "i" : written === null ? "d" : "s";
        const both = make("span", { class: `error ${kind}` });
        if (said !== null) both.append(make("del", {}, said));
        if (said !== null && written !== null) both.append(" ");
        if (written !== null) both.append(make("ins", {}, written));
        whole.append(both, " ");
      }
    }
    return whole;
  }

  function toggle(tr, button, row) {
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    if (open) tr.nextElementSibling.remove();
    else tr.after(make("tr", { role: "row", class: "detail" }, make("td", { role: "cell", colspan: 6 }, detail(row))));
  }

  // One utterance, open: player, words one above the other, texts as they were, what is known of it.
  function detail(row) {
    const box = make("div", { class: "inside" });
    box.append(player(row));
    if (row.pairs.length) box.append(aligned(row.pairs));
    const facts = make("dl");
    const fact = (name, value) => facts.append(make("dt", {}, name), make("dd", { dir: "auto" }, value));
    fact("Reference as written", row.ref || "(empty)");
    fact("Hypothesis as written", row.hyp || "(empty)");
    for (const name of columns) {
      const value = row.columns[name];
      if (value !== null && value !== undefined && value !== "") fact(name, String(value));
    }
    fact("seconds", row.seconds.toFixed(2));
    if (row.snr !== null) fact("signal-to-noise, estimated", `${row.snr.toFixed(1)} dB`);
    box.append(facts);
    return box;
  }

  function player(row) {
    const box = make("div", { class: "listen" });
    const source = row.clip === null ? row.audio : media.clips[row.clip];
    if (source) {
      const audio = make("audio", { controls: true, preload: "none", src: source, "aria-label": `Recording ${row.id}` });
      audio.addEventListener("error", () => audio.replaceWith(make("p", { class: "soft" },
        `The recording cannot be played from ${row.clip === null ? decodeURI(row.audio) : "this page"}.`)));
      box.append(audio);
    } else box.append(make("p", { class: "soft" }, "The recording is not beside this page."));
    box.append(picture(row));
    return box;
  }

  function picture(row) {
    if (row.picture === null) return make("p", { class: "soft" }, media.without);
    const button = make("button", { type: "button" }, "Show the spectrogram");
    button.addEventListener("click", () => {
      const image = make("img", {
        src: media.pictures[row.picture], class: "spectrogram",
        alt: `Spectrogram of ${row.id}: 0 to ${row.seconds.toFixed(1)} s across, 0 to 8 kHz upwards on the mel scale`,
      });
      const caption = make("figcaption", { class: "soft" }, `0 to ${row.seconds.toFixed(1)} s; 0 to 8 kHz, mel scale`);
      button.replaceWith(make("figure", {}, image, caption));
    });
    return button;
  }

  function aligned(pairs) {
    const list = make("ol", { class: "aligned", "aria-label": "Reference above, hypothesis below, word by word" });
    for (const pair of pairs) {
      const [said, written] = typeof pair === "string" ? [pair, pair] : pair;
      const same = typeof pair === "string";
      const [kind, name] = same ? ["", ""] : said === null ? ["i", "inserted"] : written === null ? ["d", "deleted"] : ["s", "substituted"];
      list.append(make("li", { class: kind || null },
        make("span", { dir: "auto" }, said ?? "∅"), make("span", { dir: "auto", "aria-hidden": same ? "true" : null }, written ?? "∅"),
        same ? null : make("b", { class: "sign" }, make("span", { class: "hidden" }, name), make("span", { "aria-hidden": "true" }, kind.toUpperCase()))));
    }
    return list;
  }

  function values() {
    const column = form.column.value;
    const counted = new Map();
    for (const row of rows) {
      const value = String(row.columns[column] ?? "");
      if (value) counted.set(value, (counted.get(value) ?? 0) + 1);
    }
    const sorted = [...counted].sort((a, b) => b[1] - a[1]).slice(0, 500);
    form.value.replaceChildren(new Option("any value", ""), ...sorted.map(([value, count]) => new Option(`${value} (${count})`, value)));
    form.value.disabled = !column;
  }

  // Not form.reset(): what listens to it comes later, and would undo what is chosen here.
  function clear(column, search) {
    form.kind.value = "all";
    form.search.value = search;
    form.column.value = column;
    values();
  }

  function pick(button) {
    clear(button.dataset.column, "");
    form.value.value = button.dataset.value;
    update();
    byId("utterances").scrollIntoView();
    form.value.focus();
  }

  function seek(button) {
    clear("", button.dataset.search);
    update();
    byId("utterances").scrollIntoView();
    form.search.focus();
  }

  function order(button) {
    state.down = state.sort === button.dataset.sort ? !state.down : button.dataset.sort !== "id";
    state.sort = button.dataset.sort;
    for (const other of document.querySelectorAll("[data-sort]")) {
      const own = other === button;
      if (own) other.closest("th").setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else other.closest("th").removeAttribute("aria-sort");
    }
    update();
  }

  let waiting = 0;
  form.search.addEventListener("input", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(update);
  });
  form.kind.addEventListener("change", update);
  form.column.addEventListener("change", () => { values(); update(); });
  form.value.addEventListener("change", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { values(); update(); }));
  byId("more").addEventListener("click", more);
  for (const button of document.querySelectorAll("[data-sort]")) button.addEventListener("click", () => order(button));
  for (const button of document.querySelectorAll("[data-column]")) button.addEventListener("click", () => pick(button));
  for (const button of document.querySelectorAll("[data-search]")) button.addEventListener("click", () => seek(button));
  new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting) && !byId("more").hidden) more(); },
    { rootMargin: "400px" }).observe(byId("more"));
  values();
  update();
})();
