// Who may talk to whom as a table of the boxes that stand on the map: rows open connections to columns.

import { colours } from "./dom.js";
import { bits, join, meets } from "./web.js";

const CELL = [20, 38]; // pixels, at least and at most
const HEAD = [70, 190]; // of names
export const CELLS = {
  opens: "opens with this change", closes: "closes with this change", flow: "allowed by flows (or management)", default: "allowed by both ends' defaults",
  uncovered: "denied, passes: no point between", observed: "denied, passes: only observed", guardrail: "forbidden by a guardrail",
  none: "denied",
};

export class Matrix {
  constructor(canvas, scroller, site, web, on) {
    Object.assign(this, { canvas, scroller, site, web, on, at: [0, 0], nodes: [] });
    scroller.addEventListener("scroll", () => requestAnimationFrame(() => this.draw()));
    canvas.addEventListener("click", (event) => this.clicked(event));
    canvas.addEventListener("mousemove", (event) => this.hovered(event));
    canvas.addEventListener("mouseleave", () => this.on.told(""));
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  // Works out all cells. `nodes`: what stands on the map, in its order; `keeps`: as of the map.
  fill(nodes, by, keeps) {
    this.nodes = nodes;
    const place = new Map(nodes.map((node, at) => [node.id, at]));
    const many = nodes.length;
    this.count = new Map(); // of a cell: its lines
    this.cells = Array.from({ length: many }, () => new Array(many).fill("none"));
    this.passing(nodes, many);
    this.stated(place, by, keeps);
    for (const row of this.site.changes?.rows ?? []) {
      if (row.way === "otherwise") continue;
      for (const [source, target] of product(row.sources, row.destinations, by, place)) {
        if (this.cells[source][target] !== "opens") this.cells[source][target] = row.way;
      }
    }
    this.at = this.at.map((each) => Math.max(0, Math.min(each, many - 1)));
    this.measure();
  }

  // As large as there is room.
  measure() {
    const pen = this.canvas.getContext("2d");
    pen.font = FONT;
    const between = (value, [least, most]) => Math.round(Math.max(least, Math.min(most, value)));
    this.head = between(Math.max(0, ...this.nodes.map((node) => pen.measureText(title(node)).width)) + 14, HEAD);
    const room = Math.min(this.scroller.clientWidth, this.scroller.clientHeight) - this.head - 40;
    this.size = between(room / (this.nodes.length || 1), CELL);
  }

  // What passes by itself.
  passing(nodes, many) {
    const { web } = this;
    const classes = nodes.map((node) => web.set(node.segments.flatMap((at) => web.of.get(at) ?? [])));
    for (let source = 0; source < many; source++) {
      const found = [web.set([]), web.set([]), web.set([])];
      for (const row of new Set(bits(classes[source]).map((at) => web.data.hops[at]))) {
        found.forEach((set, n) => join(set, web.row(row * 3 + n)));
      }
      for (let target = 0; target < many; target++) {
        const how = ["default", "observed", "uncovered"].filter((_, n) => meets(found[n], classes[target]));
        if (how.length) this.cells[source][target] = how.includes("default") ? "default" : how.at(-1);
      }
    }
  }

  // What statements say is shown before what passes anyway.
  stated(place, by, keeps) {
    for (const one of this.site.statements) {
      const word = one.kind === "guardrail" ? "guardrail" : "flow";
      if (!one.active) continue;
      for (const block of one.blocks) {
        if (!keeps(one, block.services).length) continue;
        for (const [source, target] of product(block.sources, block.destinations, by, place)) {
          const key = source * this.nodes.length + target;
          if (word === "flow") this.count.set(key, (this.count.get(key) ?? 0) + 1);
          if (word === "flow" || this.cells[source][target] === "none") this.cells[source][target] = word;
        }
      }
    }
  }

  draw() {
    const { canvas, nodes, cells } = this;
    const of = colours();
    const ratio = devicePixelRatio || 1;
    const size = this.head + nodes.length * this.size + 8;
    [canvas.width, canvas.height] = [size * ratio, size * ratio];
    [canvas.style.width, canvas.style.height] = [`${size}px`, `${size}px`];
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.fillStyle = of("ground");
    pen.fillRect(0, 0, size, size);
    pen.font = FONT;
    pen.textBaseline = "middle";
    cells.forEach((row, source) => row.forEach((cell, target) => this.cell(pen, of, cell, source, target)));
    this.cursor(pen, of);
    this.heads(pen, of, size);
  }

  // How far the table is scrolled: the names stay where they can be read.
  scrolled() {
    return [this.scroller.scrollLeft, this.scroller.scrollTop].map((each) => Math.max(0, each - PADDING));
  }

  heads(pen, of, size) {
    const [left, top] = this.scrolled();
    pen.fillStyle = of("ground");
    pen.fillRect(left, 0, this.head, size);
    this.nodes.forEach((node, at) => this.rowName(pen, of, node, at, left));
    pen.fillStyle = of("ground");
    pen.fillRect(0, top, size, this.head);
    this.nodes.forEach((node, at) => this.columnName(pen, of, node, at, top));
    pen.fillStyle = of("ground");
    pen.fillRect(left, top, this.head - 1, this.head - 1);
  }

  rowName(pen, of, node, at, left) {
    const { head, size } = this;
    pen.fillStyle = this.at[0] === at ? of("accent") : of("text");
    pen.textAlign = "right";
    pen.fillText(fitting(pen, title(node), head - 12), left + head - 8, head + (at + 0.5) * size);
  }

  columnName(pen, of, node, at, top) {
    const { head, size } = this;
    const text = fitting(pen, title(node), head - 12);
    pen.save();
    pen.translate(head + (at + 0.5) * size, top + head - 8);
    pen.rotate(-Math.PI / 2);
    pen.fillStyle = this.at[1] === at ? of("accent") : of("text");
    pen.textAlign = "left";
    pen.fillText(text, 0, 0);
    pen.restore();
  }

  cell(pen, of, cell, source, target) {
    const { head, size } = this;
    swatch(pen, of, cell, head + target * size, head + source * size, size, source === target, this.few(source, target));
  }

  // How much smaller the sign of a cell is than that of one with many lines: 0 to 1. Two segments' is always whole.
  few(source, target) {
    if (!this.nodes[source].children && !this.nodes[target].children) return 0;
    const many = this.count.get(source * this.nodes.length + target) ?? 1;
    return 1 - Math.min(1, Math.log2(many) / 6);
  }

  cursor(pen, of) {
    const [row, column] = this.at;
    pen.strokeStyle = of("accent");
    pen.lineWidth = 2.5;
    pen.strokeRect(this.head + column * this.size, this.head + row * this.size, this.size, this.size);
  }

  over({ offsetX, offsetY }) {
    const [left, top] = this.scrolled();
    if (offsetX < left + this.head || offsetY < top + this.head) return undefined; // on a name
    const [column, row] = [offsetX, offsetY].map((each) => Math.floor((each - this.head) / this.size));
    const many = this.nodes.length;
    return row >= 0 && column >= 0 && row < many && column < many ? [row, column] : undefined;
  }

  clicked(event) {
    const at = this.over(event);
    if (at) this.choose(at);
  }

  choose(at) {
    this.at = at;
    this.draw();
    this.on.chosen(...at.map((each) => this.nodes[each]));
  }

  hovered(event) {
    const at = this.over(event);
    this.on.told(at ? this.words(at) : "");
  }

  words([row, column]) {
    const many = this.count.get(row * this.nodes.length + column) ?? 0;
    const lines = many > 1 ? ` (${many} lines)` : "";
    return `${this.nodes[row].title} → ${this.nodes[column].title}: ${CELLS[this.cells[row][column]]}${lines}`;
  }

  key(event) {
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const step = steps[event.key];
    if (event.key === "Enter" || event.key === " ") this.choose(this.at);
    else if (step) {
      const last = this.nodes.length - 1;
      this.at = this.at.map((each, n) => Math.max(0, Math.min(last, each + step[n])));
      this.draw();
      this.on.told(this.words(this.at));
      this.scroller.scrollTo({ left: (this.at[1] - 8) * this.size, top: (this.at[0] - 8) * this.size });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

// A cell's sign: told apart by form, not by colour alone.
export function swatch(pen, of, cell, x, y, size, own, few = 0) {
  const [left, top, side] = [x + 0.5, y + 0.5, size - 1];
  pen.fillStyle = own ? of("frame") : of("ground");
  pen.fillRect(x, y, size, size);
  pen.strokeStyle = of("grid");
  pen.lineWidth = 1;
  pen.strokeRect(left, top, side, side);
  const inner = (by) => [x + by, y + by, size - 2 * by, size - 2 * by];
  const cross = (by) => {
    pen.beginPath();
    pen.moveTo(x + by, y + by);
    pen.lineTo(x + size - by, y + size - by);
    pen.moveTo(x + size - by, y + by);
    pen.lineTo(x + by, y + size - by);
    pen.stroke();
  };
  pen.fillStyle = pen.strokeStyle = of(cell === "none" ? "grid" : cell);
  pen.lineWidth = 2;
  if (cell === "flow") pen.fillRect(...inner((0.16 + 0.15 * few) * size));
  else if (cell === "default") pen.fillRect(...inner(0.36 * size));
  else if (cell === "opens") {
    pen.fillRect(...inner(1));
    pen.fillStyle = of("ground");
    pen.fillRect(x + size / 2 - 1.25, y + 0.25 * size, 2.5, 0.5 * size);
    pen.fillRect(x + 0.25 * size, y + size / 2 - 1.25, 0.5 * size, 2.5);
  } else if (cell === "closes") {
    pen.strokeRect(...inner(0.15 * size));
    pen.fillRect(x + 0.3 * size, y + size / 2 - 1.25, 0.4 * size, 2.5);
  } else if (cell === "observed") pen.strokeRect(...inner(0.25 * size));
  else if (cell === "uncovered") {
    pen.beginPath();
    pen.arc(x + size / 2, y + size / 2, size / 4, 0, 7);
    pen.stroke();
  } else if (cell === "guardrail") cross(0.25 * size);
}

const PADDING = 12; // of what scrolls
const FONT = "12.5px system-ui, sans-serif";
const title = (node) => (node.children ? `▸ ${node.title}` : node.title);

function* product(sources, targets, by, place) {
  const here = (numbers) => new Set(numbers.map((at) => place.get(by[at].id)).filter((at) => at !== undefined));
  const to = here(targets);
  for (const source of here(sources)) for (const target of to) yield [source, target];
}

function fitting(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  let out = text;
  while (out && pen.measureText(`${out}…`).width > width) out = out.slice(0, -1);
  return `${out}…`;
}
