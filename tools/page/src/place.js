// Where everything stands: in a frame as rows, frames and boxes among each other by forces, and nothing on anything.

const GAP = 14;
const HEAD = 26; // a frame's title
const ROOM = 26; // between boxes that forces placed

// A box's size from its text. `measure`: width of a text in pixels.
export function boxed(title, note, measure) {
  const rows = broken(title);
  const width = Math.max(72, ...rows.map((row) => measure(row, true)), measure(note, false)) + 22;
  return { w: Math.ceil(width), h: 22 + 15 * rows.length + (note ? 14 : 0), label: [...rows, note].filter(Boolean).join("\n") };
}

// A name in rows of at most 24 characters, broken after its hyphens, dots and underscores if it can be.
export function broken(name, most = 24) {
  const rows = [];
  let left = name;
  while (left.length > most) {
    const found = /^(.*[-._ ])/.exec(left.slice(0, most));
    const at = found && found[1].length > most / 3 ? found[1].length : most;
    rows.push(left.slice(0, at).trim());
    left = left.slice(at);
  }
  return [...rows, left];
}

// Children in rows, about as wide as high; gives each its place in the frame, and the frame its size.
export function rows(children, least, wide = 1.4) {
  const area = children.reduce((sum, one) => sum + (one.w + GAP) * (one.h + GAP), 0);
  const width = Math.max(Math.sqrt(area * wide), least - GAP, ...children.map((one) => one.w + GAP));
  let [x, y, high, right] = [GAP, HEAD + GAP, 0, least];
  for (const one of children) {
    if (x > GAP && x + one.w > width + GAP) [x, y, high] = [GAP, y + high + GAP, 0];
    [one.dx, one.dy] = [x, y];
    x += one.w + GAP;
    right = Math.max(right, x);
    high = Math.max(high, one.h);
  }
  return { w: right, h: y + high + GAP };
}

// A generator of Park and Miller's: the same site looks the same each time.
function seeded(work) {
  const random = Math.random;
  let seed = 20231;
  Math.random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  try {
    return work();
  } finally {
    Math.random = random;
  }
}

// Boxes {id, w, h} with lines {source, target}: gives each its middle (x, y). `shape`: of the stage, width to height.
export function spread(boxes, lines, shape) {
  const linked = new Set(lines.flatMap((one) => (one.source === one.target ? [] : [one.source, one.target])));
  const bound = boxes.filter((one) => linked.has(one.id));
  if (tangled(bound, lines)) return grid(boxes, shape);
  const loose = boxes.filter((one) => !linked.has(one.id));
  if (bound.length > 1) seeded(() => forces(bound, lines, shape));
  untangle(bound);
  shelve(loose, bound);
}

// Where all are joined to all, forces tell nothing: rows in order do.
function tangled(boxes, lines) {
  const pairs = new Set(lines.map(({ source, target }) => [source, target].sort().join(" ")));
  return boxes.length > 30 && pairs.size > 3 * boxes.length;
}

function grid(boxes, shape) {
  const wide = Math.max(...boxes.map((one) => one.w)) + 2 * ROOM;
  const high = Math.max(...boxes.map((one) => one.h)) + 2 * ROOM;
  const columns = Math.max(1, Math.round(Math.sqrt((boxes.length * shape * high) / wide)));
  boxes.forEach((one, at) => {
    [one.x, one.y] = [(at % columns) * wide, Math.floor(at / columns) * high];
  });
}

function forces(boxes, lines, shape) {
  const elements = boxes.map((one) => ({ data: { id: one.id, w: one.w, h: one.h } }));
  const seen = new Set();
  for (const { source, target } of lines) {
    const key = [source, target].sort().join(" ");
    if (source === target || seen.has(key)) continue;
    seen.add(key);
    elements.push({ data: { source, target } });
  }
  const style = [{ selector: "node", style: { width: "data(w)", height: "data(h)", shape: "rectangle" } }];
  const cy = globalThis.cytoscape({ headless: true, styleEnabled: true, elements, style });
  cy.layout({
    name: "fcose", quality: boxes.length > 80 ? "default" : "proof", animate: false, randomize: true, fit: false,
    nodeDimensionsIncludeLabels: false, nodeRepulsion: 9000, nodeSeparation: 110, gravity: 0.35,
    // A few boxes have room for what is written on their lines.
    idealEdgeLength: boxes.length > 12 ? 70 : 170,
    packComponents: false, numIter: boxes.length > 80 ? 1200 : 2500,
  }).run();
  for (const one of boxes) {
    const { x, y } = cy.getElementById(one.id).position();
    [one.x, one.y] = [x, y];
  }
  const [wide, high] = ["x", "y"].map((key) => Math.max(...boxes.map((one) => one[key])) - Math.min(...boxes.map((one) => one[key])));
  const stretch = Math.min(1.6, Math.max(0.7, Math.sqrt((shape * (high || 1)) / (wide || 1))));
  for (const one of boxes) [one.x, one.y] = [one.x * stretch, one.y / stretch];
  cy.destroy();
}

// Pushes apart what stands on each other, along the shorter way.
export function untangle(boxes) {
  for (let round = 0; round < 400; round++) {
    let moved = false;
    for (let one = 0; one < boxes.length; one++) {
      for (let other = one + 1; other < boxes.length; other++) {
        const [a, b] = [boxes[one], boxes[other]];
        const across = (a.w + b.w) / 2 + ROOM - Math.abs(a.x - b.x);
        const down = (a.h + b.h) / 2 + ROOM - Math.abs(a.y - b.y);
        if (across <= 0.01 || down <= 0.01) continue;
        moved = true;
        const key = across < down ? "x" : "y";
        const push = (Math.min(across, down) / 2 + 0.01) * (a[key] < b[key] || (a[key] === b[key] && a.id < b.id) ? 1 : -1);
        a[key] -= push;
        b[key] += push;
      }
    }
    if (!moved) return;
  }
}

// What no line touches, in rows below all else.
function shelve(boxes, others) {
  if (!boxes.length) return;
  const left = Math.min(...(others.length ? [] : [0]), ...others.map((one) => one.x - one.w / 2));
  const right = Math.max(...(others.length ? [] : [0]), ...others.map((one) => one.x + one.w / 2));
  const below = Math.max(...(others.length ? [] : [0]), ...others.map((one) => one.y + one.h / 2)) + (others.length ? ROOM : 0);
  const area = boxes.reduce((sum, one) => sum + (one.w + ROOM) * (one.h + ROOM), 0);
  const size = Math.max(right - left, Math.sqrt(area * 1.4));
  let [row, x, y] = [[], 0, below];
  const close = () => {
    row.forEach((one) => (one.x += (left + right - x + ROOM) / 2)); // in the middle
    y += Math.max(0, ...row.map((one) => one.h)) + ROOM;
    [row, x] = [[], 0];
  };
  for (const one of boxes) {
    if (x && x + one.w > size) close();
    [one.x, one.y] = [x + one.w / 2, y + one.h / 2];
    x += one.w + ROOM;
    row.push(one);
  }
  close();
}
