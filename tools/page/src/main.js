// segctl's page: everything is worked out here from the page's own data; nothing is asked of anybody.

import { read } from "./data.js";
import { byId, el, plural } from "./dom.js";
import { Filter, NOTHING } from "./filter.js";
import { parse, write } from "./link.js";
import { SiteMap } from "./map.js";
import { CELLS, Matrix, swatch } from "./matrix.js";
import { ask } from "./pair.js";
import { Panel } from "./panel.js";
import { colours } from "./dom.js";
import { keys } from "./keys.js";
import { fold, groupings, bestGrouping, opened, standing, tree, unfold } from "./tree.js";
import { Web } from "./web.js";

const LISTED = 80; // segments in the list of what was found

class Page {
  constructor(data) {
    this.site = read(data);
    this.web = new Web(data.web, this.site.numbers.get("world"), data.through_world);
    this.filter = new Filter(this.site, this.web);
    this.best = bestGrouping(this.site);
    this.state = this.parsed(location.hash.slice(1) || data.start);
    this.map = new SiteMap(byId("map"), this.site, {
      chosen: (at) => this.clicked(at), cleared: () => this.choose(undefined),
      toggled: (id) => this.toggle(id), line: (line) => this.lineChosen(line),
      many: (numbers) => this.panel.show({ many: numbers }),
    });
    this.matrix = new Matrix(byId("cells"), byId("matrix"), this.site, this.web, {
      chosen: (source, target) => this.cellChosen(source, target), told: (text) => (byId("told").textContent = text),
    });
    this.panel = new Panel(byId("panel"), this.site, this.web, {
      chosen: (at, second) => this.choose(at, second), blast: () => this.set({ blast: !this.state.blast }),
      swap: () => this.swap(), cleared: () => this.choose(undefined),
    });
    this.controls();
    this.regroup();
    this.render({ fit: true });
    addEventListener("hashchange", () => this.fromLink());
    let late;
    addEventListener("resize", () => {
      clearTimeout(late);
      late = setTimeout(() => this.map.fit(), 120);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.repaint());
  }

  parsed(text) {
    return parse(text, this.site, this.best, groupings(this.site));
  }

  regroup() {
    this.tree = tree(this.site, this.state.by);
    this.open = opened(this.tree, this.site);
    this.anew = true;
  }

  // Changes what is chosen, and says so in the link.
  set(more) {
    const before = this.state;
    this.state = { ...before, ...more };
    const text = write(this.state, this.site, this.best);
    if (text !== location.hash.slice(1)) {
      this.written = text;
      location.hash = text;
    }
    if (this.state.by !== before.by) this.regroup();
    this.render({ fit: this.state.by !== before.by || this.state.view !== before.view });
  }

  fromLink() {
    const text = location.hash.slice(1);
    if (text === this.written) return;
    this.written = text;
    const by = this.state.by;
    this.state = this.parsed(text);
    if (this.state.by !== by) this.regroup();
    this.render({ fit: true });
  }

  clicked(at) {
    const { a, b } = this.state;
    if (a !== undefined && b === undefined && a !== at && !this.state.blast) this.choose(a, at);
    else this.choose(at);
  }

  choose(a, b) {
    this.set({ a, b, blast: false });
    if (this.state.view === "map") this.show();
  }

  // What is chosen, and the way between the two.
  show() {
    const { a, b } = this.state;
    if (b !== undefined) this.map.show([a, b, ...this.steps(a, b)]);
    else if (a !== undefined) this.map.show([a]);
  }

  // The segments of the shortest way.
  steps(a, b) {
    const way = this.web.way(a, b).map((step) => step.map((at) => this.site.web.segments[at]));
    return way.length ? [way[0][0], ...way.map(([, to]) => to)] : [];
  }

  swap() {
    if (this.state.b !== undefined) this.choose(this.state.b, this.state.a);
  }

  toggle(id) {
    if (this.open.has(id)) fold(this.tree, this.open, id);
    else unfold(this.tree, this.open, id);
    this.render({});
  }

  // A line between two segments asks about them; one at a group unfolds it.
  lineChosen({ source, target }) {
    const [from, to] = [source, target].map((id) => this.tree.leaves.find((leaf) => leaf.id === id));
    const closed = [source, target].find((id) => this.tree.groups.has(id));
    if (from && to) this.choose(from.at, to.at);
    else if (closed) this.toggle(closed);
  }

  cellChosen(source, target) {
    for (const node of [source, target]) if (node.children) return this.toggle(node.id);
    return this.choose(source.at, target.at);
  }

  // So that what is chosen has a box of its own.
  reveal() {
    for (const at of [this.state.a, this.state.b]) {
      if (at === undefined) continue;
      const leaf = this.tree.leaves[at];
      if (standing(this.tree, this.open).by[at] !== leaf) unfold(this.tree, this.open, leaf.parent.id);
    }
  }

  render({ fit = false }) {
    const { state } = this;
    this.reveal();
    const keep = this.filter.segments(state.filters);
    const keeps = (one, services) => this.filter.line(state.filters, one, services);
    const { a, b } = state;
    const key = JSON.stringify([[...this.open], state.filters.service, state.filters.expiring, state.by]);
    const chosen = [a, b].filter((at) => at !== undefined);
    if (key !== this.drawn || (this.map.many && chosen.join() !== this.chosen)) {
      [this.drawn, this.chosen] = [key, chosen.join()];
      this.count = this.map.draw(this.tree, this.open, keeps, { anew: this.anew, chosen });
      this.anew = false;
    }
    this.mark(keep);
    for (const view of ["map", "matrix"]) byId(view).hidden = (state.view === "matrix") !== (view === "matrix");
    if (state.view === "matrix") this.drawMatrix(keep, keeps);
    else if (fit) {
      this.map.fit();
      this.show();
    }
    this.panel.show(state);
    this.told(keep);
    this.list(keep);
    this.sync();
  }

  mark(keep) {
    const { a, b, blast } = this.state;
    const hops = blast ? this.web.blast(a).hops : undefined;
    this.map.mark({ a, b, keep, hops, changing: Boolean(this.site.changes) && a === undefined });
    const steps = b === undefined ? [] : this.steps(a, b);
    if (steps.length > 2 || (steps.length === 2 && !this.map.joined(a, b))) this.map.way(steps);
  }

  drawMatrix(keep, keeps) {
    const { by } = standing(this.tree, this.open);
    const nodes = [];
    const walk = (node) => {
      if (node.children && this.open.has(node.id)) node.children.forEach(walk);
      else if (!keep || node.segments.some((at) => keep.has(at))) nodes.push(node);
    };
    walk(this.tree.root);
    const { a, b } = this.state;
    this.matrix.fill(nodes, by, keeps);
    const place = (at) => nodes.findIndex((node) => node.at === at);
    if (a !== undefined && b !== undefined && place(a) >= 0 && place(b) >= 0) this.matrix.at = [place(a), place(b)];
    this.matrix.draw();
    byId("cells").setAttribute("aria-label", `Matrix of ${nodes.length} rows and columns; arrow keys move, Enter asks about the two`);
  }

  told(keep) {
    const { segments } = this.site;
    const found = keep ? `${keep.size} of ${segments.length} segments match` : plural(segments.length, "segment");
    const few = this.count.drawn < this.count.lines ? `, ${this.count.drawn.toLocaleString("en")} of them drawn` : "";
    byId("status").textContent = `${found} · ${plural(this.count.boxes, "box", "boxes")}, ${plural(this.count.lines, "line")} on the map${few}`;
  }

  list(keep) {
    const those = keep ? [...keep] : this.site.segments.map((one) => one.at);
    const rows = those.slice(0, LISTED).map((at) => {
      const one = this.site.segments[at];
      const current = at === this.state.a || at === this.state.b;
      return el("li", {}, el("button", { type: "button", class: "row", "aria-pressed": current ? "true" : "false", onclick: () => this.clicked(at) },
        el("span", { class: `dot ${one.strictness}` }), el("span", { class: "name" }, one.name)));
    });
    byId("found").replaceChildren(...rows);
    const rest = those.length - LISTED;
    byId("rest").textContent = rest > 0 ? `and ${rest.toLocaleString("en")} more: search to see them` : those.length ? "" : "nothing matches";
  }

  controls() {
    const filters = (more) => this.set({ filters: { ...this.state.filters, ...more } });
    let late;
    byId("q").addEventListener("input", (event) => {
      clearTimeout(late);
      late = setTimeout(() => filters({ q: event.target.value }), 60);
    });
    byId("q").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      clearTimeout(late);
      filters({ q: event.target.value });
      const [first] = this.filter.segments(this.state.filters) ?? [];
      if (first !== undefined) this.choose(first);
    });
    const options = (id, all) => {
      byId(id).append(...all.map(([value, words]) => el("option", { value }, words)));
      byId(id).addEventListener("change", (event) => (id === "by" ? this.set({ by: event.target.value }) : filters({ [id]: event.target.value })));
    };
    options("service", this.filter.services.map((each) => [each, each]));
    options("owner", this.filter.owners.map((each) => [each, each]));
    options("by", groupings(this.site));
    for (const id of ["expiring", "observing", "uncovered"]) byId(id).addEventListener("change", (event) => filters({ [id]: event.target.checked }));
    byId("strictness").append(...this.filter.strictnesses.map((each) => el("label", {}, el("input", { type: "checkbox", value: each }), el("span", { class: `dot ${each}` }), each)));
    byId("strictness").addEventListener("change", () => filters({ strictness: [...byId("strictness").querySelectorAll(":checked")].map((one) => one.value) }));
    byId("clear").addEventListener("click", () => filters(NOTHING));
    for (const view of ["map", "matrix"]) byId(`view-${view}`).addEventListener("click", () => this.set({ view }));
    for (const [id, work] of Object.entries(this.actions())) byId(id)?.addEventListener("click", work);
    keys(this, this.actions());
    this.legend();
  }

  actions() {
    return {
      fit: () => this.map.fit(), closer: () => this.map.zoom(1.3), farther: () => this.map.zoom(1 / 1.3),
      theme: () => this.theme(), help: () => byId("about").showModal(),
    };
  }

  // The controls show what the link says.
  sync() {
    const { filters, view, by } = this.state;
    if (document.activeElement !== byId("q") || byId("q").value.trim() !== filters.q.trim()) byId("q").value = filters.q;
    for (const id of ["service", "owner"]) byId(id).value = filters[id];
    byId("by").value = by;
    for (const id of ["expiring", "observing", "uncovered"]) byId(id).checked = filters[id];
    for (const one of byId("strictness").querySelectorAll("input")) one.checked = filters.strictness.includes(one.value);
    for (const each of ["map", "matrix"]) byId(`view-${each}`).setAttribute("aria-pressed", String(each === view));
    byId("clear").disabled = !this.filter.segments(filters);
    const matrix = view === "matrix";
    byId("legend-map").hidden = matrix;
    byId("legend-matrix").hidden = !matrix;
    byId("zooming").hidden = matrix;
    byId("told").hidden = !matrix;
  }

  legend() {
    const cells = Object.entries(CELLS).filter(([key]) => this.site.changes || !["opens", "closes"].includes(key));
    byId("legend-matrix").replaceChildren(...cells.map(([key, words]) => {
      const canvas = el("canvas", { width: 40, height: 40, "aria-hidden": "true" });
      const pen = canvas.getContext("2d");
      pen.scale(2, 2);
      swatch(pen, colours(), key, 0, 0, 20, false);
      return el("li", {}, canvas, words);
    }));
    for (const row of document.querySelectorAll(".changing")) row.hidden = !this.site.changes;
  }

  theme() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    this.repaint();
  }

  repaint() {
    this.map.repaint();
    this.legend();
    if (this.state.view === "matrix") this.matrix.draw();
  }
}

const page = new Page(JSON.parse(byId("data").textContent));
// For tests, and for whoever asks from the console: by name, as `segctl can`, `blast` and `path` are asked.
globalThis.segctl = {
  page, Web, read, ask,
};
document.documentElement.dataset.ready = "true";
