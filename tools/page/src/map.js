// The map: boxes, frames and lines, drawn by cytoscape.

import { observes } from "./filter.js";
import { changed, lines } from "./lines.js";
import { boxed, broken, rows, spread, untangle } from "./place.js";
import { look, SHADES } from "./look.js";
import { standing } from "./tree.js";

const PALE = 300; // lines; where there are more, they are thin until something is chosen

const MOST_LINES = 600;
const SMALL = 0.6; // a zoom at which names can't be read
const READABLE = 0.8;
const NAMED = 6; // lines that open and carry their services

export class SiteMap {
  // `on`: chosen(number), toggled(group id), cleared().
  constructor(container, site, on) {
    this.site = site;
    this.on = on;
    this.places = new Map(); // of boxes and frames of the top: where they stand
    const pen = document.createElement("canvas").getContext("2d");
    this.measure = (text, bold) => {
      pen.font = `${bold ? 700 : 600} 13px system-ui, sans-serif`;
      return pen.measureText(text).width;
    };
    globalThis.cytoscape.warnings(false);
    this.cy = globalThis.cytoscape({
      container, minZoom: 0.03, maxZoom: 3, autoungrabify: true, boxSelectionEnabled: false,
      autounselectify: true, style: look(), hideEdgesOnViewport: false, textureOnViewport: false, pixelRatio: "auto",
    });
    this.cy.on("tap", (event) => this.tapped(event));
    this.cy.on("mouseover", "edge", (event) => event.target.addClass("hover"));
    this.cy.on("mouseout", "edge", (event) => event.target.removeClass("hover"));
    this.cy.on("mouseover", "node", () => container.classList.add("over"));
    this.cy.on("mouseout", "node", () => container.classList.remove("over"));
  }

  tapped({ target }) {
    if (target === this.cy) this.on.cleared();
    else if (target.isEdge()) this.on.line(target.data("line"));
    else if (target.data("at") !== undefined) this.on.chosen(target.data("at"));
    else if (target.data("many")) this.on.many(target.data("many"));
    else if (target.data("group") !== undefined) this.on.toggled(target.data("group"));
  }

  // Draws what stands on the map. `made`: the tree; `open`: groups that are unfolded; `keeps`: lines that are drawn.
  // `chosen`: of many lines those of these segments alone are drawn.
  draw(made, open, keeps, { anew = false, chosen = [] } = {}) {
    const { by } = standing(made, open);
    this.by = by;
    const found = lines(this.site, by, keeps);
    if (this.site.changes) {
      const extra = changed(this.site, by);
      found.lines.push(...extra.lines.map((one) => ({ ...one, ...renamed(one, extra.many) })));
      found.many.push(...extra.many);
    }
    this.lines = found.lines;
    const tops = made.root.children.map((node) => this.item(node, open));
    tops.push(...found.many.map((one) => ({ ...boxed(one.title, "", this.measure), id: one.id, many: one })));
    this.settle(tops, found.lines, anew);
    const elements = tops.flatMap((one) => [...this.elements(one, one.x - one.w / 2, one.y - one.h / 2)]);
    const thin = found.lines.length > PALE;
    const few = found.lines.filter((one) => one.kind === "opens").length <= NAMED;
    const drawn = thin ? this.drawn(found.lines, chosen) : found.lines;
    elements.push(...drawn.map((one) => this.edge(one, `${thin ? " thin" : ""}${few ? " named" : ""}`)));
    this.cy.batch(() => {
      this.cy.elements().remove();
      this.cy.add(elements);
    });
    this.many = thin;
    return { boxes: new Set(by).size, lines: found.lines.length, drawn: drawn.length };
  }

  // Of very many lines those that somebody looks for, or those that stand for most; of a change always all.
  drawn(found, chosen) {
    const changes = (one) => one.kind === "opens" || one.kind === "closes";
    if (chosen.length) {
      const ids = new Set(chosen.map((at) => this.by[at].id));
      return found.filter((one) => changes(one) || ids.has(one.source) || ids.has(one.target));
    }
    const rest = found.filter((one) => !changes(one)).sort((one, other) => other.names.size - one.names.size);
    return [...found.filter(changes), ...rest.slice(0, MOST_LINES)];
  }

  // A node of the tree with its size, and that of all in it.
  item(node, open) {
    if (node.children && open.has(node.id)) {
      const children = node.children.map((child) => this.item(child, open));
      const label = broken(`▾ ${node.title}`, 34)[0];
      const title = label.length < node.title.length ? `${label}…` : label;
      return { id: node.id, node, children, title, ...rows(children, this.measure(title, true) + 28) };
    }
    return { id: node.id, node, ...boxed(...this.words(node), this.measure) };
  }

  words(node) {
    if (node.at !== undefined) {
      const one = this.site.segments[node.at];
      const gone = this.site.changes?.gone.includes(node.at) ? "gone" : "";
      const added = this.site.changes?.added.includes(node.at) ? "new" : "";
      const strictness = one.built_in ? "" : one.strictness;
      return [one.name, [gone, added, strictness, observes(one) ? "observes" : ""].filter(Boolean).join(" · ")];
    }
    return [node.title, `▸ ${node.segments.length} segments`];
  }

  // Places for the top's boxes: by forces at first, later as near as there is room to where they stood.
  settle(tops, found, anew) {
    if (anew) this.places.clear();
    const known = tops.filter((one) => this.places.has(one.id));
    if (known.length < tops.length / 2) {
      const top = new Map();
      const note = (one, id) => (one.children ? one.children.forEach((each) => note(each, id)) : top.set(one.id, id));
      for (const one of tops) note(one, one.id);
      spread(tops, found.map(({ source, target }) => ({ source: top.get(source), target: top.get(target) })), this.shape());
    } else {
      for (const one of tops) [one.x, one.y] = this.places.get(one.id) ?? [0, 0];
      untangle(tops);
    }
    for (const one of tops) this.places.set(one.id, [one.x, one.y]);
  }

  shape() {
    return Math.max(0.6, Math.min(2.2, this.cy.width() / (this.cy.height() || 1)));
  }

  *elements(one, left, top) {
    const position = { x: left + one.w / 2, y: top + one.h / 2 };
    const data = { id: one.id, w: one.w, h: one.h };
    if (one.children) {
      yield { group: "nodes", data: { ...data, group: one.id }, position, classes: "frame" };
      const w = this.measure(one.title, true) + 12;
      const title = { id: `t${one.id}`, label: one.title, group: one.id, w, h: 20 };
      yield { group: "nodes", data: title, position: { x: position.x, y: top + 17 }, classes: "title" };
      for (const child of one.children) yield* this.elements(child, left + child.dx, top + child.dy);
      return;
    }
    const at = one.node?.at;
    const kind = one.many ? "many" : at === undefined ? "group" : this.shade(at);
    const bands = kind === "group" ? this.bands(one.node) : {};
    const group = kind === "group" ? one.id : undefined;
    const many = one.many?.segments;
    yield { group: "nodes", data: { ...data, label: one.label, at, group, many, ...bands }, position, classes: kind };
  }

  // How much of a group is of each strictness, as stops of a gradient.
  bands(node) {
    const counts = new Map(SHADES.map((shade) => [shade, 0]));
    for (const at of node.segments) {
      const [shade] = this.shade(at).split(" ");
      counts.set(shade, counts.get(shade) + 1);
    }
    const stops = [];
    let sum = 0;
    for (const [shade, count] of counts) {
      if (!count) continue;
      stops.push([shade, sum]);
      sum += (100 * count) / node.segments.length;
      stops.push([shade, sum]);
    }
    return { shades: stops.map(([shade]) => shade), stops: stops.map(([, stop]) => `${stop}%`).join(" ") };
  }

  shade(at) {
    const one = this.site.segments[at];
    const builtIn = SHADES.slice(0, -1);
    const change = this.site.changes?.gone.includes(at) ? " gone" : this.site.changes?.added.includes(at) ? " added" : "";
    return (builtIn.includes(one.strictness) ? one.strictness : "own") + (observes(one) ? " observes" : "") + change;
  }

  edge(line, more) {
    const label = words([...line.services]);
    const weight = Math.min(3.4, 1.3 + Math.log2(line.names.size) * 0.4);
    const data = { id: line.id, source: line.source, target: line.target, label, weight, line };
    return { group: "edges", data, classes: line.kind + more };
  }

  // Marks what is chosen. `keep`: segments that the filters leave, undefined for all; `hops`: of segments, by number.
  mark({ a, b, keep, hops, changing }) {
    const { cy, by } = this;
    cy.batch(() => {
      cy.edges(".way").remove();
      cy.elements().removeClass("chosen other near faded hop1 hop2 hop3 start said pale");
      if (changing) cy.edges().not(".opens, .closes").addClass("pale");
      if (keep) {
        const ids = new Set([...keep].map((at) => by[at].id));
        cy.nodes().not(".frame, .title").filter((one) => !ids.has(one.id())).addClass("faded");
        cy.edges().filter((one) => one.source().hasClass("faded") || one.target().hasClass("faded")).addClass("faded");
      }
      if (a === undefined) return;
      const first = cy.getElementById(by[a].id);
      const second = b === undefined ? undefined : cy.getElementById(by[b].id);
      if (hops) this.ringed(hops, first);
      else if (second) {
        const between = first.edgesWith(second);
        cy.elements().not(".frame, .title").not(first).not(second).not(between).addClass("faded");
        between.addClass("said");
      } else {
        const near = first.closedNeighborhood();
        cy.elements().not(".frame, .title").not(near).addClass("faded");
        near.edges().addClass("said");
      }
      first.removeClass("faded").addClass("chosen");
      second?.removeClass("faded").addClass("chosen other");
    });
  }

  ringed(hops, first) {
    const best = new Map();
    for (const [at, number] of hops) {
      const id = this.by[at].id;
      if (!(best.get(id) <= number)) best.set(id, number);
    }
    this.cy.nodes().not(".frame, .title").forEach((one) => {
      const number = best.get(one.id());
      if (number) one.addClass(`hop${Math.min(3, number)}`);
      else if (!one.same(first)) one.addClass("faded");
    });
    this.cy.edges().addClass("faded");
  }

  // Whether some line leads from the one to the other.
  joined(a, b) {
    const [from, to] = [a, b].map((at) => this.cy.getElementById(this.by[at].id));
    return from.edgesTo(to).not(".guardrail, .inactive, .closes").length > 0;
  }

  // The steps of a way, as segments: lines of its own, since what passes by default has none.
  way(steps) {
    const ids = steps.map((at) => this.by[at].id);
    this.cy.batch(() => {
      for (const id of ids) this.cy.getElementById(id).removeClass("faded").addClass("near");
      for (let n = 0; n + 1 < ids.length; n++) {
        const data = { source: ids[n], target: ids[n + 1], label: `hop ${n + 1}`, weight: 3.5 };
        if (ids[n] !== ids[n + 1]) this.cy.add({ group: "edges", data, classes: "way" });
      }
    });
  }

  fit() {
    this.cy.resize();
    this.cy.fit(this.cy.elements(), 36);
    if (this.cy.zoom() > 1.25) {
      this.cy.zoom(1.25);
      this.cy.center();
    }
  }

  // Brings segments into view, without moving what is in view already.
  show(those) {
    const boxes = this.cy.collection(those.map((at) => this.cy.getElementById(this.by[at].id)).filter((one) => one.length));
    if (!boxes.length) return;
    const [box, view, zoom] = [boxes.renderedBoundingBox(), { w: this.cy.width(), h: this.cy.height() }, this.cy.zoom()];
    const seen = box.x1 > 10 && box.y1 > 10 && box.x2 < view.w - 10 && box.y2 < view.h - 10;
    if (seen && (zoom >= SMALL || this.fits(box, view, READABLE / zoom) === false)) return;
    const room = Math.min((view.w - 120) / (box.w / zoom), (view.h - 120) / (box.h / zoom));
    const wanted = Math.min(room, zoom < SMALL ? READABLE : zoom);
    this.cy.animate({ center: { eles: boxes }, zoom: wanted, duration: still() ? 0 : 250 });
  }

  // Whether they would still be seen together, so many times as large.
  fits(box, view, times) {
    return box.w * times < view.w - 20 && box.h * times < view.h - 20;
  }

  zoom(by) {
    const middle = { x: this.cy.width() / 2, y: this.cy.height() / 2 };
    this.cy.zoom({ level: this.cy.zoom() * by, renderedPosition: middle });
  }

  pan(x, y) {
    this.cy.panBy({ x, y });
  }

  repaint() {
    this.cy.style(look());
  }
}

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

const renamed = (line, many) => {
  const name = (id) => (many.some((one) => one.id === `c${id}`) ? `c${id}` : id);
  return { source: name(line.source), target: name(line.target) };
};

export function words(services, most = 3) {
  if (services.includes("all")) return "all";
  const shown = services.slice(0, services.length > most ? most - 1 : most);
  return shown.join(", ") + (services.length > shown.length ? ` +${services.length - shown.length}` : "");
}
