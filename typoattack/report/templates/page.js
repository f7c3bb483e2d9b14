"use strict";

/* Theme: follows the system until the reader chooses. */
document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.theme = (root.dataset.theme || system) === "dark" ? "light" : "dark";
});

/* Tables: a press on a heading sorts, largest first for numbers; empty cells stay last. */
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const number = head.classList.contains("number");
      const was = head.getAttribute("aria-sort");
      const descending = was ? was === "ascending" : number;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const key = (row) => number ? row.cells[column].dataset.sort : row.cells[column].textContent;
      const rows = [...table.tBodies[0].rows].map((row) => [key(row), row]);
      const sign = descending ? -1 : 1;
      rows.sort(([a], [b]) => {
        if (a === "" || b === "") return (a === "") - (b === "");
        return sign * (number ? a - b : a.localeCompare(b));
      });
      table.tBodies[0].append(...rows.map(([, row]) => row));
    });
  });
}
for (const input of document.querySelectorAll("input[data-filters]")) {
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const row of document.getElementById(input.dataset.filters).tBodies[0].rows) {
      row.hidden = !row.querySelector("th").textContent.toLowerCase().includes(wanted);
    }
  });
}
for (const button of document.querySelectorAll(".unfold")) {
  button.addEventListener("click", () => {
    document.getElementById(button.dataset.table).classList.add("all");
    button.remove();
  });
}
document.getElementById("show-controls")?.addEventListener("change", (event) => {
  document.getElementById("headline").classList.toggle("no-controls", !event.target.checked);
});

/* Pictures. */
const source = document.getElementById("data");
if (source) gallery(JSON.parse(source.textContent));

function gallery({ rows, pictures, classes }) {
  const at = (id) => document.getElementById(id);
  const MARKS = { flipped: "✕", word: "➜", held: "✓", wrong: "–" };
  const filters = ["model", "recipe", "class", "outcome", "word"].map((name) => at(`filter-${name}`));
  const [model, recipe, klass, outcome, word] = filters;
  let shown = rows;
  let current;

  for (const row of rows) {
    row.answer = row.after[0][0];
    const right = !row.before.length || row.before[0][0] === row.label;
    if (!right) row.outcome = "wrong";
    else if (row.answer === row.label) row.outcome = "held";
    else row.outcome = row.answer === row.target ? "word" : "flipped";
    row.text = [row.word, row.written, classes[row.label], classes[row.answer], row.sample]
      .join("\n").toLowerCase();
  }

  const first = ["word", "flipped", "held", "wrong"];
  current = first.map((kind) => rows.find((row) => row.outcome === kind)).find(Boolean);

  function fill(select, values, name = (value) => value) {
    if (!select) return;
    for (const value of values) select.add(new Option(name(value), value));
  }
  const distinct = (key) => [...new Set(rows.map((row) => row[key]))];
  fill(model, distinct("model"));
  fill(recipe, distinct("recipe").sort());
  fill(klass, distinct("label").sort((a, b) => classes[a].localeCompare(classes[b])), (i) => classes[i]);

  function kept(row) {
    if (model && model.value && row.model !== model.value) return false;
    if (recipe.value && row.recipe !== recipe.value) return false;
    if (klass.value && String(row.label) !== klass.value) return false;
    const flipped = row.outcome === "flipped" || row.outcome === "word";
    if (outcome.value === "behind" ? !row.behind
      : outcome.value === "flipped" ? !flipped : outcome.value && row.outcome !== outcome.value) return false;
    return row.text.includes(word.value.trim().toLowerCase());
  }

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function filter() {
    shown = rows.filter(kept);
    at("count").textContent = `${shown.length} of ${rows.length} pictures`;
    at("grid").replaceChildren(...shown.map(tile));
    if (!shown.includes(current)) show(shown[0] || null, false);
    else show(current, false);
  }

  function tile(row) {
    const button = element("button");
    button.type = "button";
    button.dataset.id = row.id;
    const whose = model ? `${row.model}, ` : "";
    button.title = `${whose}${row.recipe}: ${classes[row.label]} → ${classes[row.answer]}`;
    const image = element("img");
    image.src = pictures[row.images[1]];
    image.alt = button.title;
    image.decoding = "async";
    button.append(image, element("span", `mark ${row.outcome}`, MARKS[row.outcome]));
    button.addEventListener("click", () => show(row, true));
    return button;
  }

  function bars(list, top, row, attacked) {
    list.replaceChildren(...top.map(([index, probability]) => {
      const item = element("li");
      const name = element("span", "name", classes[index]);
      name.title = classes[index];
      if (index === row.label) { item.classList.add("label"); name.prepend(element("em", "", "true")); }
      else if (index === row.target && attacked) { item.classList.add("target"); name.prepend(element("em", "", "written")); }
      if (probability === null) { item.append(name); return item; } // answered in words
      const track = element("span", "track");
      const fill = element("div", "fill");
      fill.style.width = `${Math.max(0.5, 100 * probability)}%`;
      track.append(fill);
      item.append(name, element("span", "share", `${(100 * probability).toFixed(1)} %`), track);
      return item;
    }));
  }

  function units({ behind }) {
    const line = element("p");
    for (const [name, share, words] of behind?.units ?? []) {
      line.append(line.childNodes.length ? " · " : "Units behind this flip: ",
        element("b", "", name), ` ${share}`, words ? ` (${words})` : "");
    }
    at("behind").hidden = !behind;
    at("behind").replaceChildren(...(behind ? [line, element("p", "", behind.gain)] : []));
    line.hidden = !line.childNodes.length;
  }

  const SAYINGS = {
    flipped: "flipped", word: "flipped to what is written", held: "still right", wrong: "wrong even when clean",
  };
  const WITHOUT_CLEAN = { flipped: "called something else", word: "called what is written", held: "right" };

  function show(row, link) {
    current = row;
    at("viewer").hidden = !row;
    for (const tile of at("grid").children) tile.setAttribute("aria-current", String(!!row && tile.dataset.id === row.id));
    if (!row) return;
    at("image-before").hidden = row.images[0] === null;
    if (row.images[0] !== null) at("image-before").src = pictures[row.images[0]];
    at("image-after").src = pictures[row.images[1]];
    at("image-before").alt = `Clean photograph of ${classes[row.label]}`;
    at("image-after").alt = `The same with ${row.recipe}, as ${row.model} saw it`;
    at("caption-before").textContent = row.before.length
      ? `clean: “${classes[row.before[0][0]]}”`
      : "there is no clean picture of this";
    const what = row.written ? `“${row.written}” written` : "nothing written";
    at("caption-after").textContent = `${what}: “${classes[row.answer]}”, ${(row.before.length ? SAYINGS : WITHOUT_CLEAN)[row.outcome]}`;
    bars(at("bars-before"), row.before, row, false);
    bars(at("bars-after"), row.after, row, true);
    units(row);
    at("where").textContent = `${shown.indexOf(row) + 1} of ${shown.length}`;
    at("about").textContent = `${row.model} · ${row.recipe} · photograph ${row.sample} · word ${row.replicate + 1}`;
    if (link) {
      history.replaceState(null, "", `#picture=${row.id}`);
      const tile = at("grid").querySelector('[aria-current="true"]');
      if (tile) at("grid").scrollTop = tile.offsetTop - at("grid").offsetTop - at("grid").clientHeight / 2;
    }
  }

  function turn(step) {
    if (!shown.length) return;
    const next = (shown.indexOf(current) + step + shown.length) % shown.length;
    show(shown[next], true);
  }

  function follow() {
    const id = /^#picture=([0-9a-f]+)$/.exec(location.hash)?.[1];
    const row = rows.find((candidate) => candidate.id === id);
    if (!row) return;
    if (!shown.includes(row)) { at("filters").reset(); filter(); }
    show(row, true);
    at("gallery").scrollIntoView();
  }

  at("filters").addEventListener("input", filter);
  at("filters").addEventListener("submit", (event) => event.preventDefault());
  at("previous").addEventListener("click", () => turn(-1));
  at("next").addEventListener("click", () => turn(1));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea, .scroll")) return;
    if (event.key === "ArrowLeft") { event.preventDefault(); turn(-1); }
    if (event.key === "ArrowRight") { event.preventDefault(); turn(1); }
  });
  addEventListener("hashchange", follow);
  filter();
  follow();
}
