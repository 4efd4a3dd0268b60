// segctl's own page, bundled by tools/page/build.sh from tools/page/src 9532c6da00e6c2cdb029c3acb92085c05ab4f6083740c036f265c1c996dbc7a7
(() => {
  // tools/page/src/data.js
  function read(data) {
    const site = { ...data, numbers: new Map(data.segments.map((one, at) => [one.name, at])) };
    site.segments.forEach((one, at) => one.at = at);
    site.from = data.segments.map(() => []);
    site.to = data.segments.map(() => []);
    for (const one of site.statements) {
      one.blocks = one.blocks.map(([sources, destinations, services, partly]) => ({
        sources: unrun(sources),
        destinations: unrun(destinations),
        services,
        partly: Boolean(partly)
      }));
      for (const at of new Set(one.blocks.flatMap((block) => block.sources))) site.from[at].push(one);
      for (const at of new Set(one.blocks.flatMap((block) => block.destinations))) site.to[at].push(one);
      one.active = one.kind !== "flow" || one.state === "active";
    }
    site.odd = new Map(site.rest.odd.map(([source, target, own]) => [source * data.segments.length + target, own]));
    site.apart = pairs(site.rest.apart);
    site.flipped = pairs(site.rest.flipped);
    return site;
  }
  var pairs = (rows2) => new Set(rows2.map((row) => row.join()));
  function unrun(runs) {
    const out = [];
    let at = 0;
    for (let n = 0; n < runs.length; n += 2) {
      at += runs[n];
      for (let end = at + runs[n + 1]; at < end; at++) out.push(at);
    }
    return out;
  }

  // tools/page/src/dom.js
  function el(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [key, value2] of Object.entries(attributes)) {
      if (value2 === void 0 || value2 === false || value2 === null) continue;
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value2);
      else if (key === "class") made.className = value2;
      else made.setAttribute(key, value2 === true ? "" : String(value2));
    }
    for (const child of children.flat(9)) {
      if (child === void 0 || child === null || child === false || child === "") continue;
      made.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
    return made;
  }
  var byId = (id) => document.getElementById(id);
  var colours = () => {
    const style = getComputedStyle(document.documentElement);
    return (name) => style.getPropertyValue(`--${name}`).trim();
  };
  var plural = (number2, word, more = `${word}s`) => `${number2.toLocaleString("en")} ${number2 === 1 ? word : more}`;

  // tools/page/src/address.js
  function number(text2) {
    const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text2)?.slice(1).map(Number);
    if (!parts || parts.some((one) => one > 255)) return void 0;
    return parts.reduce((sum, one) => sum * 256 + one, 0);
  }
  function holds(member, address) {
    const [text2, length] = member.split("/");
    const [first, last] = text2.split("-").map((one) => number(one.trim()));
    if (first === void 0) return false;
    if (length !== void 0) {
      const size = 2 ** (32 - Number(length));
      return Math.floor(first / size) === Math.floor(address / size);
    }
    return text2.includes("-") ? first <= address && address <= last : first === address;
  }

  // tools/page/src/filter.js
  var NOTHING = { q: "", strictness: [], service: "", owner: "", expiring: false, observing: false, uncovered: false };
  var observes = (segment) => segment.mode === "observe" || Boolean(segment.mode?.startsWith("enforce "));
  var Filter = class {
    constructor(site, web) {
      this.site = site;
      this.bare = /* @__PURE__ */ new Set();
      const targets = web.set([]);
      site.web.segments.forEach((owner, at) => {
        const row = web.hops(at)[2];
        if (row.some(Boolean)) this.bare.add(owner);
        row.forEach((word, n) => targets[n] |= word);
      });
      site.web.segments.forEach((owner, at) => {
        if (targets[at >> 5] >>> (at & 31) & 1) this.bare.add(owner);
      });
      this.services = [...new Set(site.statements.flatMap((one) => one.blocks.flatMap((each) => each.services)))].filter((each) => each !== "all").sort();
      this.owners = [...new Set([...site.segments, ...site.statements].map((one) => one.owner).filter(Boolean))].sort();
      this.strictnesses = [...new Set(site.segments.map((one) => one.strictness))].sort();
      this.texts = site.segments.map((one) => text(one));
    }
    // The services of a statement that are left, of these.
    line(filters, one, services) {
      if (filters.expiring && !one.ends) return [];
      if (filters.service) return services.filter((each) => each === filters.service || each === "all");
      return services;
    }
    // The segments that are left, as a set of numbers; undefined: all.
    segments(filters) {
      const { q, strictness, service, owner, expiring, observing, uncovered: uncovered2 } = filters;
      if (!q && !strictness.length && !service && !owner && !expiring && !observing && !uncovered2) return void 0;
      const words2 = q.toLowerCase().split(/\s+/).filter(Boolean);
      const touched = service || expiring ? this.touched(filters) : void 0;
      const owned = owner ? this.owned(owner) : void 0;
      const out = /* @__PURE__ */ new Set();
      this.site.segments.forEach((one, at) => {
        if (words2.some((word) => !this.found(at, word))) return;
        if (strictness.length && !strictness.includes(one.strictness)) return;
        if (touched && !touched.has(at)) return;
        if (owned && !owned.has(at)) return;
        if (observing && !observes(one)) return;
        if (uncovered2 && !this.bare.has(at)) return;
        out.add(at);
      });
      return out;
    }
    // A word is found in a segment's words; an address in what it has, too.
    found(at, word) {
      if (this.texts[at].includes(word)) return true;
      const address = number(word);
      return address !== void 0 && this.site.segments[at].members.some((member) => holds(member, address));
    }
    touched(filters) {
      const out = /* @__PURE__ */ new Set();
      for (const one of this.site.statements) {
        for (const block of one.blocks) {
          if (!this.line(filters, one, block.services).length) continue;
          for (const at of block.sources) out.add(at);
          for (const at of block.destinations) out.add(at);
        }
      }
      return out;
    }
    // Segments of that owner, and those that a flow of his touches.
    owned(owner) {
      const out = new Set(this.site.segments.filter((one) => one.owner === owner).map((one) => one.at));
      for (const one of this.site.statements) {
        if (one.owner !== owner) continue;
        for (const block of one.blocks) for (const at of [...block.sources, ...block.destinations]) out.add(at);
      }
      return out;
    }
  };
  function text(one) {
    const labels = Object.entries(one.labels ?? {}).map(([key, value2]) => `${key}=${value2}`);
    return [one.name, one.owner, one.strictness, one.classification, one.within, ...labels, ...one.members].filter(Boolean).join("\n").toLowerCase();
  }

  // tools/page/src/link.js
  var FLAGS = ["expiring", "observing", "uncovered"];
  function write(state, site, by) {
    const out = new URLSearchParams();
    const { filters } = state;
    if (state.a !== void 0) out.set("a", site.segments[state.a].name);
    if (state.b !== void 0) out.set("b", site.segments[state.b].name);
    if (state.view !== "map") out.set("view", state.view);
    if (state.blast) out.set("blast", "1");
    if (state.by !== by) out.set("by", state.by);
    if (filters.q) out.set("q", filters.q);
    if (filters.strictness.length) out.set("strictness", filters.strictness.join());
    for (const key of ["service", "owner"]) if (filters[key]) out.set(key, filters[key]);
    for (const key of FLAGS) if (filters[key]) out.set(key, "1");
    return out.toString();
  }
  function parse(text2, site, by, groupings2) {
    const said2 = new URLSearchParams(text2);
    const number2 = (key) => site.numbers.get(said2.get(key) ?? "\0");
    const filters = { ...NOTHING, q: said2.get("q") ?? "", strictness: (said2.get("strictness") ?? "").split(",").filter(Boolean) };
    for (const key of ["service", "owner"]) filters[key] = said2.get(key) ?? "";
    for (const key of FLAGS) filters[key] = said2.get(key) === "1";
    const view = ["matrix", "changes"].includes(said2.get("view")) ? said2.get("view") : "map";
    const wanted = said2.get("by");
    return {
      view: view === "changes" && !site.changes ? "map" : view,
      a: number2("a"),
      b: number2("a") === void 0 ? void 0 : number2("b"),
      blast: said2.get("blast") === "1" && number2("a") !== void 0,
      by: groupings2.some(([key]) => key === wanted) ? wanted : by,
      filters
    };
  }

  // tools/page/src/lines.js
  var WIDE = 10;
  function lines(site, by, keeps) {
    const found = /* @__PURE__ */ new Map();
    const many = /* @__PURE__ */ new Map();
    const boxes = new Set(by).size;
    for (const one of site.statements) {
      for (const block of one.blocks) {
        const services = keeps(one, block.services);
        if (!services.length) continue;
        const kind = one.kind === "flow" && !one.active ? "inactive" : one.kind;
        for (const source of ends(block.sources, by, boxes, many)) {
          for (const target of ends(block.destinations, by, boxes, many)) {
            add(found, source, target, kind, one, services);
          }
        }
      }
    }
    return { lines: [...found.values()], many: [...many.values()] };
  }
  function ends(numbers, by, boxes, many) {
    const ids = /* @__PURE__ */ new Set();
    for (const at of numbers) ids.add(by[at].id);
    if (ids.size <= WIDE) return ids;
    const key = `m${numbers.join()}`;
    if (!many.has(key)) {
      const title2 = ids.size === boxes ? "any" : `${numbers.length} segments`;
      many.set(key, { id: `m${many.size}`, title: title2, segments: numbers });
    }
    return [many.get(key).id];
  }
  function add(found, source, target, kind, one, services) {
    if (source === target && !source.startsWith("s")) return;
    const key = `${source} ${target} ${kind}`;
    let line = found.get(key);
    if (!line) found.set(key, line = { id: `e ${key}`, source, target, kind, names: /* @__PURE__ */ new Set(), services: /* @__PURE__ */ new Set() });
    line.names.add(one.name);
    for (const each of services) line.services.add(each);
  }
  function changed(site, by) {
    const found = /* @__PURE__ */ new Map();
    const many = /* @__PURE__ */ new Map();
    const boxes = new Set(by).size;
    for (const row of site.changes.rows) {
      if (row.way === "otherwise") continue;
      for (const source of ends(row.sources, by, boxes, many)) {
        for (const target of ends(row.destinations, by, boxes, many)) {
          add(found, source, target, row.way, { name: row.place ?? row.services }, [row.services]);
        }
      }
    }
    return { lines: [...found.values()], many: [...many.values()].map((one) => ({ ...one, id: `c${one.id}` })) };
  }

  // tools/page/src/place.js
  var GAP = 14;
  var HEAD = 26;
  var ROOM = 26;
  function boxed(title2, note, measure) {
    const rows2 = broken(title2);
    const width = Math.max(72, ...rows2.map((row) => measure(row, true)), measure(note, false)) + 22;
    return { w: Math.ceil(width), h: 22 + 15 * rows2.length + (note ? 14 : 0), label: [...rows2, note].filter(Boolean).join("\n") };
  }
  function broken(name, most = 24) {
    const rows2 = [];
    let left = name;
    while (left.length > most) {
      const found = /^(.*[-._ ])/.exec(left.slice(0, most));
      const at = found && found[1].length > most / 3 ? found[1].length : most;
      rows2.push(left.slice(0, at).trim());
      left = left.slice(at);
    }
    return [...rows2, left];
  }
  function rows(children, least, wide = 1.4) {
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
  function seeded(work) {
    const random = Math.random;
    let seed = 20231;
    Math.random = () => (seed = seed * 48271 % 2147483647) / 2147483647;
    try {
      return work();
    } finally {
      Math.random = random;
    }
  }
  function spread(boxes, lines2, shape) {
    const linked = new Set(lines2.flatMap((one) => one.source === one.target ? [] : [one.source, one.target]));
    const bound = boxes.filter((one) => linked.has(one.id));
    if (tangled(bound, lines2)) return grid(boxes, shape);
    const loose = boxes.filter((one) => !linked.has(one.id));
    if (bound.length > 1) seeded(() => forces(bound, lines2, shape));
    untangle(bound);
    shelve(loose, bound);
  }
  function tangled(boxes, lines2) {
    const pairs2 = new Set(lines2.map(({ source, target }) => [source, target].sort().join(" ")));
    return boxes.length > 30 && pairs2.size > 3 * boxes.length;
  }
  function grid(boxes, shape) {
    const wide = Math.max(...boxes.map((one) => one.w)) + 2 * ROOM;
    const high = Math.max(...boxes.map((one) => one.h)) + 2 * ROOM;
    const columns = Math.max(1, Math.round(Math.sqrt(boxes.length * shape * high / wide)));
    boxes.forEach((one, at) => {
      [one.x, one.y] = [at % columns * wide, Math.floor(at / columns) * high];
    });
  }
  function forces(boxes, lines2, shape) {
    const elements = boxes.map((one) => ({ data: { id: one.id, w: one.w, h: one.h } }));
    const seen = /* @__PURE__ */ new Set();
    for (const { source, target } of lines2) {
      const key = [source, target].sort().join(" ");
      if (source === target || seen.has(key)) continue;
      seen.add(key);
      elements.push({ data: { source, target } });
    }
    const style = [{ selector: "node", style: { width: "data(w)", height: "data(h)", shape: "rectangle" } }];
    const cy = globalThis.cytoscape({ headless: true, styleEnabled: true, elements, style });
    cy.layout({
      name: "fcose",
      quality: boxes.length > 80 ? "default" : "proof",
      animate: false,
      randomize: true,
      fit: false,
      nodeDimensionsIncludeLabels: false,
      nodeRepulsion: 9e3,
      nodeSeparation: 110,
      gravity: 0.35,
      // A few boxes have room for what is written on their lines.
      idealEdgeLength: boxes.length > 12 ? 70 : 170,
      packComponents: false,
      numIter: boxes.length > 80 ? 1200 : 2500
    }).run();
    for (const one of boxes) {
      const { x, y } = cy.getElementById(one.id).position();
      [one.x, one.y] = [x, y];
    }
    const [wide, high] = ["x", "y"].map((key) => Math.max(...boxes.map((one) => one[key])) - Math.min(...boxes.map((one) => one[key])));
    const stretch = Math.min(1.6, Math.max(0.7, Math.sqrt(shape * (high || 1) / (wide || 1))));
    for (const one of boxes) [one.x, one.y] = [one.x * stretch, one.y / stretch];
    cy.destroy();
  }
  function untangle(boxes) {
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
          const push = (Math.min(across, down) / 2 + 0.01) * (a[key] < b[key] || a[key] === b[key] && a.id < b.id ? 1 : -1);
          a[key] -= push;
          b[key] += push;
        }
      }
      if (!moved) return;
    }
  }
  function shelve(boxes, others) {
    if (!boxes.length) return;
    const left = Math.min(...others.length ? [] : [0], ...others.map((one) => one.x - one.w / 2));
    const right = Math.max(...others.length ? [] : [0], ...others.map((one) => one.x + one.w / 2));
    const below = Math.max(...others.length ? [] : [0], ...others.map((one) => one.y + one.h / 2)) + (others.length ? ROOM : 0);
    const area = boxes.reduce((sum, one) => sum + (one.w + ROOM) * (one.h + ROOM), 0);
    const size = Math.max(right - left, Math.sqrt(area * 1.4));
    let [row, x, y] = [[], 0, below];
    const close = () => {
      row.forEach((one) => one.x += (left + right - x + ROOM) / 2);
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

  // tools/page/src/look.js
  var SHADES = ["open", "guarded", "strict", "sealed", "quarantine", "outside", "point", "own"];
  var HEADS = { guardrail: "tee" };
  var DASHES = { inactive: "dashed", guardrail: "solid", management: "solid" };
  function look() {
    const of = colours();
    const font = { "font-family": "system-ui, sans-serif", "font-size": 13 };
    const style = [
      { selector: "node", style: {
        ...font,
        width: "data(w)",
        height: "data(h)",
        shape: "round-rectangle",
        label: "data(label)",
        "text-wrap": "wrap",
        "text-max-width": 400,
        "text-valign": "center",
        "text-halign": "center",
        "line-height": 1.18,
        "font-weight": 600,
        color: of("text"),
        "border-width": 1.5,
        "background-color": of("ground"),
        "border-color": of("faint"),
        "corner-radius": 7,
        "overlay-opacity": 0,
        "min-zoomed-font-size": 5
      } },
      { selector: ".frame", style: {
        "background-color": of("frame"),
        "border-color": of("edge"),
        "border-width": 1,
        label: "",
        "z-compound-depth": "bottom",
        "corner-radius": 12
      } },
      { selector: ".title", style: { "background-color": of("frame"), "border-width": 0, color: of("soft"), "z-index": 5 } },
      { selector: ".group", style: {
        "border-color": of("faint"),
        "border-width": 4,
        "border-style": "double",
        "background-fill": "linear-gradient",
        "background-gradient-direction": "to-right",
        "background-gradient-stop-positions": "data(stops)",
        "background-gradient-stop-colors": (one) => one.data("shades").map((shade) => of(`${shade}-fill`)).join(" ")
      } },
      { selector: ".many", style: {
        shape: "ellipse",
        "border-style": "dotted",
        "background-color": of("ground"),
        "border-color": of("faint")
      } },
      ...SHADES.map((shade) => ({ selector: `.${shade}`, style: {
        "background-color": of(`${shade}-fill`),
        "border-color": of(`${shade}-border`)
      } })),
      { selector: ".outside", style: { shape: "round-rectangle", "corner-radius": 24 } },
      { selector: ".observes", style: { "border-style": "dashed", "border-width": 2.5 } },
      { selector: ".sealed, .quarantine", style: { "border-width": 3.5 } },
      { selector: "edge", style: {
        ...font,
        "font-size": 11,
        "font-weight": 500,
        width: "data(weight)",
        "curve-style": "bezier",
        "control-point-step-size": 34,
        "target-arrow-shape": "triangle",
        "arrow-scale": 0.95,
        "line-color": of("flow"),
        "target-arrow-color": of("flow"),
        color: of("text"),
        "text-background-color": of("ground"),
        "text-background-opacity": 0.92,
        "text-background-padding": 3,
        "text-background-shape": "roundrectangle",
        "overlay-opacity": 0,
        opacity: 0.62,
        "text-wrap": "ellipsis",
        "text-max-width": 190,
        "loop-direction": "-45deg"
      } },
      { selector: "edge:loop", style: { "control-point-step-size": 62, "loop-sweep": "60deg" } },
      ...["flow", "inactive", "management", "guardrail"].map((kind) => ({ selector: `edge.${kind}`, style: {
        "line-color": of(kind),
        "target-arrow-color": of(kind),
        "line-style": DASHES[kind] ?? "solid",
        "target-arrow-shape": HEADS[kind] ?? "triangle"
      } })),
      { selector: "edge.guardrail", style: { "line-dash-pattern": [2, 4], "line-style": "dashed" } },
      { selector: "edge.thin", style: { opacity: 0.2, "arrow-scale": 0.7, "curve-style": "straight" } },
      { selector: "edge.pale", style: { opacity: 0.13 } }
    ];
    return [...style, ...changes(of), ...chosen(of)];
  }
  var changes = (of) => [
    { selector: "edge.opens", style: {
      "line-color": of("opens"),
      "target-arrow-color": of("opens"),
      width: 4.5,
      opacity: 1,
      "z-index": 20,
      "arrow-scale": 1.25
    } },
    { selector: "edge.closes", style: {
      "line-color": of("closes"),
      "target-arrow-color": of("closes"),
      width: 3,
      opacity: 1,
      "line-style": "dashed",
      "line-dash-pattern": [8, 6],
      "z-index": 19
    } },
    { selector: "edge.opens.named", style: { label: "data(label)" } },
    { selector: ".added", style: { "border-color": of("opens"), "border-width": 3.5 } },
    { selector: ".gone", style: { "border-color": of("closes"), "border-width": 3, "border-style": "dashed", "background-opacity": 0.3 } }
  ];
  var chosen = (of) => [
    { selector: "node.faded", style: { opacity: 0.22 } },
    { selector: "edge.faded", style: { opacity: 0.05 } },
    { selector: "edge.faded.thin", style: { visibility: "hidden" } },
    // hundreds that nobody could tell apart
    { selector: "edge.said", style: { opacity: 1, label: "data(label)", "z-index": 30 } },
    { selector: "edge.way", style: {
      "line-color": of("accent"),
      "target-arrow-color": of("accent"),
      opacity: 1,
      label: "data(label)",
      "z-index": 35,
      "arrow-scale": 1.2
    } },
    { selector: "edge.hover", style: { opacity: 1, label: "data(label)", "z-index": 40 } },
    { selector: "node.chosen", style: {
      "outline-width": 4,
      "outline-color": of("accent"),
      "outline-offset": 2,
      "outline-opacity": 1,
      "z-index": 50
    } },
    { selector: "node.near", style: { "outline-width": 3, "outline-color": of("accent"), "outline-offset": 2, "outline-opacity": 0.7 } },
    ...[1, 2, 3].map((number2) => ({ selector: `node.hop${number2}`, style: {
      "background-fill": "solid",
      "background-color": of(`hop${number2}`),
      color: of(`hop${number2}-text`),
      "border-color": of(`hop1`),
      opacity: 1
    } }))
  ];

  // tools/page/src/tree.js
  var FEW = 60;
  var ALL = 100;
  var CHILDREN = 60;
  var MOST = 150;
  var value = (segment, by) => {
    if (by === "owner" || by === "strictness") return segment[by];
    const label = by.startsWith("label:") && by.slice(6);
    return label && Object.hasOwn(segment.labels ?? {}, label) ? segment.labels[label] : void 0;
  };
  function groupings(site) {
    const labels = [...new Set(site.segments.flatMap((one) => Object.keys(one.labels ?? {})))].sort();
    const out = [["within", "within"], ...labels.map((label) => [`label:${label}`, `label ${label}`])];
    if (site.segments.some((one) => one.owner)) out.push(["owner", "owner"]);
    return [...out, ["strictness", "strictness"], ["none", "nothing"]];
  }
  function bestGrouping(site) {
    if (site.segments.length <= FEW) return "within";
    let best = ["none", 0];
    for (const [by] of groupings(site).filter(([key]) => key !== "none")) {
      const counts = /* @__PURE__ */ new Map();
      for (const one of site.segments) {
        const key = by === "within" ? outermost(site, one) : value(one, by) ?? one.name;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      const boxes = counts.size;
      const share = Math.max(...counts.values()) / site.segments.length;
      if (boxes > CHILDREN || share > 0.6) continue;
      const liked = by === "strictness" ? 0.5 : by === "owner" ? 0.8 : 1;
      const score = liked / (share + boxes / CHILDREN);
      if (score > best[1]) best = [by, score];
    }
    return best[0];
  }
  function outermost(site, segment) {
    let at = segment;
    while (at.within && site.numbers.has(at.within)) at = site.segments[site.numbers.get(at.within)];
    return at.name;
  }
  function tree(site, by) {
    const root = { id: "", title: "", parent: null, children: [], segments: [] };
    const leaves = site.segments.map((one) => ({ id: `s${one.at}`, title: one.name, segments: [one.at], at: one.at }));
    if (by === "within") nest(site, root, leaves);
    else if (by === "none") root.children = leaves;
    else gather(site, root, leaves, by);
    const groups = /* @__PURE__ */ new Map();
    finish(root, null, groups);
    return { root, leaves, groups, by };
  }
  function nest(site, root, leaves) {
    const holds2 = /* @__PURE__ */ new Map();
    for (const one of site.segments) {
      if (site.numbers.has(one.within)) {
        const outer = site.numbers.get(one.within);
        holds2.set(outer, [...holds2.get(outer) ?? [], one.at]);
      }
    }
    const made = (at) => {
      if (!holds2.has(at)) return leaves[at];
      const inner = holds2.get(at).map(made);
      return { id: `w:${site.segments[at].name}`, title: `within ${site.segments[at].name}`, children: [leaves[at], ...inner] };
    };
    const tops = site.segments.filter((one) => !site.numbers.has(one.within));
    root.children = tops.map((one) => made(one.at));
  }
  function gather(site, root, leaves, by) {
    const groups = /* @__PURE__ */ new Map();
    const words2 = by.startsWith("label:") ? `${by.slice(6)} ` : "";
    for (const one of site.segments) {
      const key = one.built_in ? void 0 : value(one, by);
      if (key === void 0) root.children.push(leaves[one.at]);
      else groups.set(key, [...groups.get(key) ?? [], leaves[one.at]]);
    }
    for (const [key, children] of [...groups].sort(([one], [other]) => one < other ? -1 : 1)) {
      root.children.push({ id: `g:${key}`, title: `${words2}${key}`, children });
    }
  }
  var natural = new Intl.Collator("en", { numeric: true });
  function finish(node, parent, groups) {
    node.parent = parent;
    if (!node.children) return;
    if (node.children.length > CHILDREN) chunk(node);
    groups.set(node.id, node);
    for (const child of node.children) finish(child, node, groups);
    node.segments = node.children.flatMap((child) => child.segments);
  }
  function chunk(node) {
    const sorted = [...node.children].sort((one, other) => natural.compare(one.title, other.title));
    const apart = sorted.filter((one) => ["world", "points", "quarantine"].includes(one.title));
    const rest = sorted.filter((one) => !apart.includes(one));
    const each = Math.max(12, Math.min(CHILDREN, Math.ceil(Math.sqrt(rest.length))));
    const many = Math.ceil(rest.length / each);
    const children = [];
    for (let n = 0; n < many; n++) {
      const those = rest.slice(Math.round(n * rest.length / many), Math.round((n + 1) * rest.length / many));
      const title2 = those.length > 1 ? `${those[0].title} – ${those.at(-1).title}` : those[0].title;
      children.push({ id: `${node.id}/${n}`, title: title2, children: those, chunk: true });
    }
    node.children = [...children, ...apart];
  }
  function opened(made, site) {
    const open = /* @__PURE__ */ new Set([""]);
    if (site.fold === "never" || site.fold === "auto" && site.segments.length <= ALL) for (const id of made.groups.keys()) open.add(id);
    return open;
  }
  function standing(made, open) {
    const by = new Array(made.leaves.length);
    let boxes = 0;
    const walk = (node) => {
      if (node.children && open.has(node.id)) node.children.forEach(walk);
      else {
        boxes++;
        for (const at of node.segments) by[at] = node;
      }
    };
    walk(made.root);
    return { by, boxes };
  }
  function unfold(made, open, id) {
    const keep = /* @__PURE__ */ new Set([""]);
    for (let node = made.groups.get(id); node; node = node.parent) keep.add(node.id);
    open.delete(id);
    for (const each of keep) open.add(each);
    for (const each of [...open]) {
      if (standing(made, open).boxes <= MOST) break;
      if (!keep.has(each)) fold(made, open, each);
    }
  }
  function fold(made, open, id) {
    open.delete(id);
    for (const child of made.groups.get(id)?.children ?? []) if (child.children) fold(made, open, child.id);
  }

  // tools/page/src/map.js
  var PALE = 300;
  var MOST_LINES = 600;
  var SMALL = 0.6;
  var READABLE = 0.8;
  var NAMED = 6;
  var SiteMap = class {
    // `on`: chosen(number), toggled(group id), cleared().
    constructor(container, site, on) {
      this.site = site;
      this.on = on;
      this.places = /* @__PURE__ */ new Map();
      const pen = document.createElement("canvas").getContext("2d");
      this.measure = (text2, bold) => {
        pen.font = `${bold ? 700 : 600} 13px system-ui, sans-serif`;
        return pen.measureText(text2).width;
      };
      globalThis.cytoscape.warnings(false);
      this.cy = globalThis.cytoscape({
        container,
        minZoom: 0.03,
        maxZoom: 3,
        autoungrabify: true,
        boxSelectionEnabled: false,
        autounselectify: true,
        style: look(),
        hideEdgesOnViewport: false,
        textureOnViewport: false,
        pixelRatio: "auto"
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
      else if (target.data("at") !== void 0) this.on.chosen(target.data("at"));
      else if (target.data("many")) this.on.many(target.data("many"));
      else if (target.data("group") !== void 0) this.on.toggled(target.data("group"));
    }
    // Draws what stands on the map. `made`: the tree; `open`: groups that are unfolded; `keeps`: lines that are drawn.
    // `chosen`: of many lines those of these segments alone are drawn.
    draw(made, open, keeps, { anew = false, chosen: chosen2 = [] } = {}) {
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
      const drawn = thin ? this.drawn(found.lines, chosen2) : found.lines;
      elements.push(...drawn.map((one) => this.edge(one, `${thin ? " thin" : ""}${few ? " named" : ""}`)));
      this.cy.batch(() => {
        this.cy.elements().remove();
        this.cy.add(elements);
      });
      this.many = thin;
      return { boxes: new Set(by).size, lines: found.lines.length, drawn: drawn.length };
    }
    // Of very many lines those that somebody looks for, or those that stand for most; of a change always all.
    drawn(found, chosen2) {
      const changes2 = (one) => one.kind === "opens" || one.kind === "closes";
      if (chosen2.length) {
        const ids = new Set(chosen2.map((at) => this.by[at].id));
        return found.filter((one) => changes2(one) || ids.has(one.source) || ids.has(one.target));
      }
      const rest = found.filter((one) => !changes2(one)).sort((one, other) => other.names.size - one.names.size);
      return [...found.filter(changes2), ...rest.slice(0, MOST_LINES)];
    }
    // A node of the tree with its size, and that of all in it.
    item(node, open) {
      if (node.children && open.has(node.id)) {
        const children = node.children.map((child) => this.item(child, open));
        const label = broken(`▾ ${node.title}`, 34)[0];
        const title2 = label.length < node.title.length ? `${label}…` : label;
        return { id: node.id, node, children, title: title2, ...rows(children, this.measure(title2, true) + 28) };
      }
      return { id: node.id, node, ...boxed(...this.words(node), this.measure) };
    }
    words(node) {
      if (node.at !== void 0) {
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
        const top = /* @__PURE__ */ new Map();
        const note = (one, id) => one.children ? one.children.forEach((each) => note(each, id)) : top.set(one.id, id);
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
        const title2 = { id: `t${one.id}`, label: one.title, group: one.id, w, h: 20 };
        yield { group: "nodes", data: title2, position: { x: position.x, y: top + 17 }, classes: "title" };
        for (const child of one.children) yield* this.elements(child, left + child.dx, top + child.dy);
        return;
      }
      const at = one.node?.at;
      const kind = one.many ? "many" : at === void 0 ? "group" : this.shade(at);
      const bands = kind === "group" ? this.bands(one.node) : {};
      const group = kind === "group" ? one.id : void 0;
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
        sum += 100 * count / node.segments.length;
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
        if (a === void 0) return;
        const first = cy.getElementById(by[a].id);
        const second = b === void 0 ? void 0 : cy.getElementById(by[b].id);
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
      const best = /* @__PURE__ */ new Map();
      for (const [at, number2] of hops) {
        const id = this.by[at].id;
        if (!(best.get(id) <= number2)) best.set(id, number2);
      }
      this.cy.nodes().not(".frame, .title").forEach((one) => {
        const number2 = best.get(one.id());
        if (number2) one.addClass(`hop${Math.min(3, number2)}`);
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
  };
  var still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  var renamed = (line, many) => {
    const name = (id) => many.some((one) => one.id === `c${id}`) ? `c${id}` : id;
    return { source: name(line.source), target: name(line.target) };
  };
  function words(services, most = 3) {
    if (services.includes("all")) return "all";
    const shown = services.slice(0, services.length > most ? most - 1 : most);
    return shown.join(", ") + (services.length > shown.length ? ` +${services.length - shown.length}` : "");
  }

  // tools/page/src/web.js
  var Web = class {
    // `data`: the page's "web"; `world`: the number of the world's segment; `through`: ways may lead through it.
    constructor(data, world, through) {
      this.data = data;
      this.through = through;
      this.count = data.segments.length;
      this.words = this.count + 31 >> 5;
      this.world = this.set(data.segments.flatMap((owner, at) => owner === world ? [at] : []));
      this.of = /* @__PURE__ */ new Map();
      data.segments.forEach((owner, at) => this.of.set(owner, [...this.of.get(owner) ?? [], at]));
      this.decoded = [];
      this.sums = [];
      this.linked = /* @__PURE__ */ new Map();
      for (const [classes] of data.kinds) {
        if (classes.length < 2) continue;
        for (const at of classes) {
          if (!this.linked.has(at)) this.linked.set(at, this.set([]));
          for (const other of classes) put(this.linked.get(at), other);
        }
      }
    }
    set(classes) {
      const out = new Uint32Array(this.words);
      for (const at of classes) put(out, at);
      return out;
    }
    // What row `number` of the flat list of sets says: itself, or what tells it from an earlier one.
    row(number2) {
      if (!this.decoded[number2]) {
        const [base, ...runs] = this.data.reached[Math.floor(number2 / 3)][number2 % 3];
        const out = base < 0 ? this.set([]) : this.row(base).slice();
        for (const at of unrun(runs)) out[at >> 5] ^= 1 << (at & 31);
        this.decoded[number2] = out;
      }
      return this.decoded[number2];
    }
    // What a class reaches in one hop: [allowed, only observed, only as nothing enforces the deny].
    hops(at) {
      const first = this.data.hops[at] * 3;
      return [this.row(first), this.row(first + 1), this.row(first + 2)];
    }
    // What a row of hops comes to, with or without what is only observed or uncovered.
    chosen(row, observed, uncovered2) {
      const key = row * 4 + (observed ? 2 : 0) + (uncovered2 ? 1 : 0);
      if (!this.sums[key]) {
        const out = this.row(row * 3).slice();
        if (observed) join(out, this.row(row * 3 + 1));
        if (uncovered2) join(out, this.row(row * 3 + 2));
        this.sums[key] = out;
      }
      return this.sums[key];
    }
    // From machines that can speak from these classes: what is reached first by each number of hops, and from where he
    // can speak first after each. `own`: classes that don't count as reached.
    rings(start, { observed = true, uncovered: uncovered2 = true, own = [] } = {}) {
      const never = this.set(own);
      const reached = this.set([]);
      const spoken = this.set(start);
      let frontier = this.set(start);
      const out = { reached: [], speaking: [frontier] };
      for (; ; ) {
        const fresh = this.set([]);
        const rows2 = /* @__PURE__ */ new Set();
        for (const at of bits(frontier)) rows2.add(this.data.hops[at]);
        for (const row of rows2) join(fresh, this.chosen(row, observed, uncovered2));
        without(fresh, never);
        without(fresh, reached);
        if (empty(fresh)) return out;
        join(reached, fresh);
        out.reached.push(fresh);
        frontier = fresh.slice();
        if (!this.through) without(frontier, this.world);
        for (const at of bits(frontier)) if (this.linked.has(at)) join(frontier, this.linked.get(at));
        without(frontier, spoken);
        join(spoken, frontier);
        out.speaking.push(frontier);
        if (empty(frontier)) return out;
      }
    }
    // The addresses of all machines that have one in these classes, without the first machine's own and the world's.
    weight(reached, [classes, own]) {
      const out = new Weight();
      for (const at of bits(reached)) out.add(this.data.weights[at], 1n);
      for (const [those, , held] of this.data.kinds) {
        if (those.length < 2 || !those.some((at) => get(reached, at))) continue;
        those.forEach((at, n) => !get(reached, at) && out.add(held[n], 1n));
      }
      if (classes.some((at) => get(reached, at))) out.add(own, -1n);
      return out;
    }
    // From the machine in a segment that reaches most: its blast radius, how much of it is due to observing and uncovered
    // pairs, how many addresses of either family; and of all in it, by segment, the least hops.
    blast(segment) {
      const out = { radius: -1n, v4: 0n, v6: 0n, observed: 0n, uncovered: 0n, hops: /* @__PURE__ */ new Map() };
      for (const place of this.data.starts[segment] ?? []) {
        const kind = this.data.kinds[place];
        const rings = this.rings(kind[0], { own: kind[3] });
        rings.reached.forEach((those, number2) => {
          for (const at of bits(those)) {
            const owner = this.data.segments[at];
            if (!(out.hops.get(owner) <= number2 + 1)) out.hops.set(owner, number2 + 1);
          }
        });
        const whole = this.weight(this.all(kind), kind);
        const radius = whole.radius();
        if (radius <= out.radius) continue;
        const due = (key) => whole.without(this.weight(this.all(kind, { [key]: false }), kind)).radius();
        Object.assign(out, { radius, v4: whole.v4, v6: whole.v6, observed: due("observed"), uncovered: due("uncovered") });
      }
      out.hops.delete(-1);
      if (out.radius < 0n) out.radius = 0n;
      return out;
    }
    // From one machine of a kind, its own addresses left out.
    all([start, , , own], options) {
      const out = this.set([]);
      for (const those of this.rings(start, { ...options, own }).reached) join(out, those);
      return out;
    }
    // A shortest way from machines of one segment to those of another: [class that speaks, class that it reaches] a hop.
    way(source, target) {
      const spoken = (name) => (this.data.starts[name] ?? []).flatMap((place) => this.data.kinds[place][0]);
      const goal = this.set(spoken(target));
      const { reached, speaking } = this.rings(spoken(source));
      const last = reached.findIndex((those) => meets(those, goal));
      if (last < 0) return [];
      const found = [];
      let to = lowest(and(reached[last], goal));
      for (let number2 = last; number2 >= 0; number2--) {
        const from = bits(speaking[number2]).find((at) => get(this.chosen(this.data.hops[at], true, true), to));
        found.unshift([from, to]);
        if (number2) to = this.arrived(reached[number2 - 1], from);
      }
      return found;
    }
    // Where he came to, of what he reached, to speak from that class: it, or another of the same machine's.
    arrived(fresh, source) {
      if (get(fresh, source)) return source;
      return bits(fresh).find((at) => this.linked.has(at) && get(this.linked.get(at), source));
    }
    // Segments in which somebody is reached from some class of a segment in one hop, with how: 0 allowed, 1 observed,
    // 2 uncovered. Others in itself count as well.
    direct(segment) {
      const out = /* @__PURE__ */ new Map();
      for (const at of this.of.get(segment) ?? []) {
        this.hops(at).forEach((those, how) => {
          for (const to of bits(those)) {
            const owner = this.data.segments[to];
            if (!(out.get(owner) <= how)) out.set(owner, how);
          }
        });
      }
      out.delete(-1);
      return out;
    }
    // The same backwards: who gets to somebody in a segment.
    reaching(segment) {
      const goal = this.set(this.of.get(segment) ?? []);
      const how = this.data.reached.map((_, row) => [0, 1, 2].find((n) => meets(this.row(row * 3 + n), goal)));
      const out = /* @__PURE__ */ new Map();
      this.data.segments.forEach((owner, at) => {
        const found = how[this.data.hops[at]];
        if (found !== void 0 && owner >= 0 && !(out.get(owner) <= found)) out.set(owner, found);
      });
      return out;
    }
  };
  var FULL = 256n;
  var Weight = class _Weight {
    constructor() {
      [this.v4, this.v6, this.inner] = [0n, 0n, 0n];
      this.links = /* @__PURE__ */ new Map();
    }
    // [IPv4, IPv6, whole /64s, /64, addresses in it, …]
    add([v4, v6, inner, ...links], sign) {
      this.v4 += BigInt(v4) * sign;
      this.v6 += BigInt(v6) * sign;
      this.inner += BigInt(inner) * sign;
      for (let n = 0; n < links.length; n += 2) {
        this.links.set(links[n], (this.links.get(links[n]) ?? 0n) + BigInt(links[n + 1]) * sign);
      }
    }
    // What a part of it leaves.
    without(part) {
      const out = new _Weight();
      [out.v4, out.v6, out.inner] = [this.v4 - part.v4, this.v6 - part.v6, this.inner - part.inner];
      for (const [link, many] of this.links) out.links.set(link, many - (part.links.get(link) ?? 0n));
      return out;
    }
    radius() {
      let out = this.v4 + this.inner * FULL;
      for (const many of this.links.values()) out += many < FULL ? many : FULL;
      return out;
    }
  };
  var put = (set, at) => set[at >> 5] |= 1 << (at & 31);
  var get = (set, at) => (set[at >> 5] >>> (at & 31) & 1) === 1;
  function join(set, other) {
    for (let at = 0; at < set.length; at++) set[at] |= other[at];
  }
  function without(set, other) {
    for (let at = 0; at < set.length; at++) set[at] &= ~other[at];
  }
  function meets(set, other) {
    for (let at = 0; at < set.length; at++) if (set[at] & other[at]) return true;
    return false;
  }
  var empty = (set) => !meets(set, set);
  var and = (set, other) => set.map((word, at) => word & other[at]);
  var lowest = (set) => bits(set)[0];
  function bits(set) {
    const out = [];
    for (let at = 0; at < set.length; at++) {
      for (let rest = set[at]; rest; rest &= rest - 1) out.push(at * 32 + 31 - Math.clz32(rest & -rest));
    }
    return out;
  }

  // tools/page/src/matrix.js
  var CELL = [20, 38];
  var HEAD2 = [70, 190];
  var CELLS = {
    opens: "opens with this change",
    closes: "closes with this change",
    flow: "allowed by flows (or management)",
    default: "allowed by both ends' defaults",
    uncovered: "denied, passes: no point between",
    observed: "denied, passes: only observed",
    guardrail: "forbidden by a guardrail",
    none: "denied"
  };
  var Matrix = class {
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
      this.count = /* @__PURE__ */ new Map();
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
      const between = (value2, [least, most]) => Math.round(Math.max(least, Math.min(most, value2)));
      this.head = between(Math.max(0, ...this.nodes.map((node) => pen.measureText(title(node)).width)) + 14, HEAD2);
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
      const text2 = fitting(pen, title(node), head - 12);
      pen.save();
      pen.translate(head + (at + 0.5) * size, top + head - 8);
      pen.rotate(-Math.PI / 2);
      pen.fillStyle = this.at[1] === at ? of("accent") : of("text");
      pen.textAlign = "left";
      pen.fillText(text2, 0, 0);
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
      if (offsetX < left + this.head || offsetY < top + this.head) return void 0;
      const [column, row] = [offsetX, offsetY].map((each) => Math.floor((each - this.head) / this.size));
      const many = this.nodes.length;
      return row >= 0 && column >= 0 && row < many && column < many ? [row, column] : void 0;
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
      const lines2 = many > 1 ? ` (${many} lines)` : "";
      return `${this.nodes[row].title} → ${this.nodes[column].title}: ${CELLS[this.cells[row][column]]}${lines2}`;
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
  };
  function swatch(pen, of, cell, x, y, size, own, few = 0) {
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
  var PADDING = 12;
  var FONT = "12.5px system-ui, sans-serif";
  var title = (node) => node.children ? `▸ ${node.title}` : node.title;
  function* product(sources, targets, by, place) {
    const here = (numbers) => new Set(numbers.map((at) => place.get(by[at].id)).filter((at) => at !== void 0));
    const to = here(targets);
    for (const source of here(sources)) for (const target of to) yield [source, target];
  }
  function fitting(pen, text2, width) {
    if (pen.measureText(text2).width <= width) return text2;
    let out = text2;
    while (out && pen.measureText(`${out}…`).width > width) out = out.slice(0, -1);
    return `${out}…`;
  }

  // tools/page/src/pair.js
  function said(site, source, target) {
    const out = [];
    for (const one of site.from[source]) {
      for (const block of one.blocks) {
        if (has(block.sources, source) && has(block.destinations, target)) {
          const parts = [one.from_parts?.[source], one.to_parts?.[target]];
          out.push({ one, services: block.services, partly: block.partly, parts });
        }
      }
    }
    return out;
  }
  function has(numbers, wanted) {
    let low = 0;
    let high = numbers.length;
    while (low < high) {
      const middle = low + high >> 1;
      if (numbers[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return numbers[low] === wanted;
  }
  function uncovered(site, source, target) {
    const { places, groups } = site.rest;
    const [first, second] = [places[source], places[target]];
    return site.apart.has(`${groups[first]},${groups[second]}`) !== site.flipped.has(`${first},${second}`);
  }
  function unsaid(site, source, target) {
    const { kinds, table, passings } = site.rest;
    if (kinds[source] === void 0 || kinds[target] === void 0) return void 0;
    const own = site.odd.get(source * site.segments.length + target);
    if (own !== void 0) return passings[own];
    return passings[table[kinds[source]][kinds[target]][Number(uncovered(site, source, target))]];
  }
  function ask(site, source, target) {
    const statements = said(site, source, target);
    const by = (kind) => statements.filter(({ one }) => one.kind === kind);
    const flows = by("flow");
    const allowing = [...by("management"), ...flows.filter(({ one }) => one.active)];
    const idle = flows.filter(({ one }) => !one.active);
    const forbidding = by("guardrail");
    const rest = source === target ? within(site.segments[source]) : unsaid(site, source, target);
    let word = "no";
    if (rest?.default) word = rest.partly || forbidding.length ? "some" : "yes";
    else if (allowing.length) word = "some";
    else if (rest?.loose) word = "loose";
    return { source, target, word, allowing, idle, forbidding, rest };
  }
  function within(segment) {
    const loose = segment.inside_uncovered ? "uncovered" : segment.intra_observed ? "observed" : "";
    const open = segment.intra === "allow";
    return { default: open, partly: false, loose: open ? "" : loose, enforced: [], refuses: open ? [] : ["intra"] };
  }

  // tools/page/src/panel.js
  var SHOWN = 12;
  var LOOSE = ["", "only observed", "nothing enforces the deny"];
  var STANCES = { allow: "allow", observed: "observed", deny: "deny", other: "as the other end" };
  var WORDS = {
    yes: "allowed",
    some: "in part",
    loose: "denied, but passes",
    no: "denied"
  };
  var Panel = class {
    // `on`: chosen(number, second), blast(), swap(), cleared().
    constructor(root, site, web, on) {
      Object.assign(this, { root, site, web, on });
    }
    show({ a, b, blast, many }) {
      const children = many ? this.many(many) : a === void 0 ? this.nothing() : b === void 0 ? this.one(a, blast) : this.two(a, b);
      this.root.replaceChildren(...children.flat(9).filter(Boolean));
      this.root.scrollTop = 0;
    }
    // The segments that one box stands for.
    many(numbers) {
      return [this.head(plural(numbers.length, "segment")), this.folded(numbers, (at) => el("li", {}, this.link(at)))];
    }
    nothing() {
      const { site } = this;
      const flows = site.statements.filter((one) => one.kind === "flow");
      return [
        el("h2", {}, site.site),
        el(
          "p",
          { class: "soft" },
          `As of ${site.at}. ${plural(site.segments.length, "segment")}, ${plural(flows.length, "flow")}, `,
          `${plural(site.statements.filter((one) => one.kind === "guardrail").length, "guardrail")}.`
        ),
        !site.points && el("p", { class: "note" }, "This site has no points: nothing enforces what is drawn here."),
        site.changes && this.changes(),
        site.changes && el("hr"),
        el("p", {}, "Choose a segment to see who reaches it and what an intruder in it could reach; a second one to ask whether the two may talk, by which line and by which path.")
      ];
    }
    // What a change does, opening first.
    changes() {
      const { rows: rows2, before } = this.site.changes;
      const list = (way, title2) => {
        const those = rows2.filter((one) => one.way === way);
        return those.length ? [el("h3", { class: way }, `${title2} (${those.length})`), ...this.folded(those, (one) => this.row(one))] : [];
      };
      const none = !rows2.some((one) => one.way !== "otherwise");
      return el(
        "section",
        { class: "changes" },
        el("h2", {}, "What changes"),
        el("p", { class: "soft" }, `against ${before}`),
        none && el("p", {}, "No connection opens or closes."),
        list("opens", "+ Opens"),
        list("closes", "− Closes"),
        list("otherwise", "~ Is answered otherwise")
      );
    }
    row(one) {
      const ends2 = [one.sources, one.destinations].map((those) => this.some(those));
      return el(
        "li",
        { class: `change ${one.way}` },
        el("div", {}, ends2[0], " → ", ends2[1], !one.whole && " (each with some)"),
        el("div", { class: "services" }, one.services),
        el("div", { class: "soft" }, `before: ${one.before}`),
        el("div", { class: "soft" }, `now: ${one.after}`),
        this.line(one)
      );
    }
    some(numbers) {
      const shown = numbers.slice(0, 4).map((at, n) => [n ? ", " : "", this.link(at)]);
      return [...shown, numbers.length > 4 && ` and ${numbers.length - 4} more`];
    }
    link(at, second) {
      const name = this.site.segments[at].name;
      return el("button", { class: "link", type: "button", onclick: () => this.on.chosen(at, second) }, name);
    }
    one(at, blast) {
      const one = this.site.segments[at];
      return [
        this.head(one.name),
        el(
          "p",
          { class: "chips" },
          el("span", { class: `chip ${one.strictness}` }, one.strictness),
          one.mode && el("span", { class: "chip" }, one.mode),
          one.classification && el("span", { class: "chip" }, one.classification),
          one.bound === void 0 && el("span", { class: "chip warn" }, "on no interface"),
          this.is("gone", at) && el("span", { class: "chip warn" }, "gone with this change"),
          this.is("added", at) && el("span", { class: "chip warn" }, "new with this change")
        ),
        this.facts(one),
        this.line(one),
        this.radius(at, blast),
        this.reached(at),
        this.statements("May open connections to", this.site.from[at].filter(allows), (block) => block.destinations, (block) => block.sources, at),
        this.statements("May be opened to from", this.site.to[at].filter(allows), (block) => block.sources, (block) => block.destinations, at),
        this.statements("Must never open to", this.site.from[at].filter(forbids), (block) => block.destinations, (block) => block.sources, at),
        this.statements("Must never be opened to from", this.site.to[at].filter(forbids), (block) => block.sources, (block) => block.destinations, at)
      ];
    }
    is(what, at) {
      return this.site.changes?.[what].includes(at);
    }
    head(title2) {
      return el(
        "div",
        { class: "head" },
        el("h2", {}, title2),
        el("button", { type: "button", class: "icon", "aria-label": "Close", title: "Close (Esc)", onclick: () => this.on.cleared() }, "✕")
      );
    }
    facts(one) {
      const rows2 = [
        ["within", one.within],
        ["owner", one.owner],
        ["labels", one.labels && Object.entries(one.labels).map(([key, value2]) => `${key}: ${value2}`).join(", ")],
        ["addresses", [one.v4 !== "0" && `${one.v4} IPv4`, one.v6 !== "0" && `${one.v6} IPv6`].filter(Boolean).join(", ") || "none"],
        ["members", one.members.length ? one.members.join(", ") + (one.more ? ` and ${one.more} more` : "") : one.built_in ? "built in" : ""],
        ["outwards", STANCES[one.out]],
        ["inwards", STANCES[one.into]],
        ["inside", one.intra + (one.inside_uncovered && one.intra === "deny" ? ", but uncovered" : one.intra_observed ? ", only observed" : "")],
        ["waivers", one.waivers.join("; ")]
      ].filter(([, value2]) => value2);
      return el("dl", {}, rows2.map(([key, value2]) => [el("dt", {}, key), el("dd", {}, value2)]));
    }
    line(one) {
      if (!one.place) return void 0;
      return el("div", { class: "line" }, el("span", { class: "place" }, one.place), one.line && el("pre", { tabindex: "0", "aria-label": `line of ${one.place}` }, one.line));
    }
    // What an intruder on one machine of the segment reaches.
    radius(at, blast) {
      const found = this.web.blast(at);
      const by = /* @__PURE__ */ new Map();
      for (const [, hops] of found.hops) by.set(hops, (by.get(hops) ?? 0) + 1);
      const rings = [...by].sort(([one], [other]) => one - other);
      return el(
        "section",
        {},
        el("h3", {}, `Blast radius: ${found.radius.toLocaleString("en")}`),
        el(
          "p",
          {},
          found.radius ? `An intruder on one machine here reaches ${families(found)} in ${plural(found.hops.size, "segment")}` : "An intruder on a machine here reaches nobody else",
          found.observed > 0n && `; ${amount(found.observed)} only because somebody observes`,
          found.uncovered > 0n && `; ${amount(found.uncovered)} only because nothing enforces the deny`,
          "."
        ),
        rings.length > 0 && el("ol", { class: "rings" }, rings.map(([hops, many]) => el("li", {}, el("span", { class: `ring hop${Math.min(3, hops)}` }, hops), ` ${hops === 1 ? "hop" : "hops"}: ${plural(many, "segment")}`))),
        rings.length > 0 && el("button", { type: "button", "aria-pressed": blast ? "true" : "false", onclick: () => this.on.blast() }, blast ? "Hide on the map" : "Show on the map (b)")
      );
    }
    // Who gets to somebody in it in one hop, by whatever lets it pass.
    reached(at) {
      const found = [...this.web.reaching(at)].sort(([one, how], [other, as]) => how - as || one - other);
      return el(
        "section",
        {},
        el("h3", {}, `Who reaches it (${found.length})`),
        this.folded(found, ([other, how]) => el("li", {}, this.link(other, at), LOOSE[how] && el("span", { class: "soft" }, ` ${LOOSE[how]}`)))
      );
    }
    statements(title2, those, far, near, at) {
      const rows2 = those.map((one) => {
        const blocks = one.blocks.filter((block) => near(block).includes(at));
        const others = [...new Set(blocks.flatMap(far))];
        return this.statement(one, [...new Set(blocks.flatMap((block) => block.services))], others);
      });
      return rows2.length > 0 && el("section", {}, el("h3", {}, `${title2} (${rows2.length})`), this.folded(rows2, (row) => row));
    }
    statement(one, services, others = [], partly = false, parts = []) {
      const ends2 = parts.some(Boolean) && `${parts[0] ?? "all"} → ${parts[1] ?? "all"}`;
      return el(
        "li",
        { class: `statement ${one.kind}${one.active ? "" : " inactive"}` },
        el("div", {}, el("span", { class: "kind" }, one.kind), " ", el("b", {}, one.name), others.length > 0 && [" · ", this.some(others)]),
        el("div", { class: "services" }, services.join(", "), partly && " (a guardrail forbids some)"),
        ends2 && el("div", { class: "soft" }, ends2),
        one.why && el("div", {}, one.why),
        el("div", { class: "soft" }, [one.time, one.owner, one.ticket, one.remediation && "remediation", ...one.waivers ?? []].filter(Boolean).join(" · ")),
        this.line(one)
      );
    }
    two(a, b) {
      const names = [a, b].map((at) => this.site.segments[at].name);
      return [
        this.head(`${names[0]} → ${names[1]}`),
        el(
          "p",
          {},
          el("button", { type: "button", onclick: () => this.on.swap() }, "Swap (s)"),
          " ",
          el("button", { type: "button", onclick: () => this.on.chosen(a) }, `Only ${names[0]}`)
        ),
        this.answer(a, b),
        this.path(a, b),
        el("hr"),
        el("h3", {}, `And back: ${names[1]} → ${names[0]}`),
        this.answer(b, a)
      ];
    }
    answer(a, b) {
      const found = ask(this.site, a, b);
      const list = (title2, those) => those.length > 0 && [
        el("h4", {}, title2),
        this.folded(those, ({ one, services, partly, parts }) => this.statement(one, services, [], partly, parts))
      ];
      const rows2 = (this.site.changes?.rows ?? []).filter((row) => row.sources.includes(a) && row.destinations.includes(b));
      return el(
        "section",
        { class: "answer" },
        el("h3", { class: `verdict ${found.word}` }, WORDS[found.word]),
        rows2.length > 0 && [el("h4", {}, "This change"), ...this.folded(rows2, (row) => this.row(row))],
        list("Allowed by", found.allowing),
        this.rest(found),
        list("Forbidden by", found.forbidding),
        list("Not in force", found.idle)
      );
    }
    rest({ rest, allowing, source, target }) {
      const [one, other] = [source, target].map((at) => this.site.segments[at].name);
      if (!rest) return void 0;
      const all = allowing.length ? "All else" : "Everything";
      if (rest.default) return el("p", {}, source === target ? "Inside, all is allowed." : `${all} is allowed by both ends' defaults: ${one} outwards, ${other} inwards.`, rest.partly && " Guardrails forbid some of it.");
      const reason = {
        source: `${one} outwards`,
        destination: `${other} inwards`,
        intra: "inside itself",
        "source quarantine": `${one} is in quarantine`,
        "destination quarantine": `${other} is in quarantine`
      };
      const refuses = rest.refuses.map((end) => reason[end] ?? end).join(" and ");
      const denied = refuses && `${all} is denied: ${refuses}.`;
      if (rest.loose === "uncovered") return el("p", { class: "note" }, denied, " It passes all the same: no point stands between some of them (uncovered).");
      if (rest.loose) return el("p", { class: "note" }, denied, " It passes all the same: it is only observed", rest.enforced.length > 0 && `, but for ${rest.enforced.join(", ")}`, ".");
      return el("p", {}, denied);
    }
    // A shortest way for an intruder.
    path(a, b) {
      const steps = this.web.way(a, b).map((step) => step.map((at) => this.site.web.segments[at]));
      if (!steps.length) return el("section", {}, el("h3", {}, "Path"), el("p", {}, "No way leads there, in any number of hops."));
      return el(
        "section",
        { class: "path" },
        el("h3", {}, `Shortest path: ${plural(steps.length, "hop")}`),
        el("ol", {}, steps.map(([from, to]) => {
          const { allowing, rest, word } = ask(this.site, from, to);
          const why = allowing.length ? void 0 : rest?.default ? "by defaults" : word === "loose" ? LOOSE[rest.loose === "observed" ? 1 : 2] : "";
          return el(
            "li",
            {},
            this.link(from),
            " → ",
            this.link(to),
            why && el("span", { class: "soft" }, ` ${why}`),
            el("ul", {}, allowing.slice(0, 3).map(({ one, services }) => this.statement(one, services))),
            allowing.length > 3 && el("span", { class: "soft" }, `and ${allowing.length - 3} more lines`)
          );
        }))
      );
    }
    // A list of which the first rows are seen.
    folded(items, row) {
      const list = (those) => el("ul", { class: "list" }, those.map(row));
      if (items.length <= SHOWN) return [list(items)];
      const more = el("details", {}, el("summary", {}, `${items.length - SHOWN} more`));
      more.addEventListener("toggle", () => more.append(list(items.slice(SHOWN))), { once: true });
      return [list(items.slice(0, SHOWN)), more];
    }
  };
  var families = ({ v4, v6 }) => [v4 && `${amount(v4)} IPv4`, v6 && `${amount(v6)} IPv6`].filter(Boolean).join(" and ") + " addresses";
  var allows = (one) => one.kind !== "guardrail";
  var forbids = (one) => one.kind === "guardrail";
  function amount(number2) {
    if (number2 < 1n << 20n) return number2.toLocaleString("en");
    return `some 2^${number2.toString(2).length - 1}`;
  }

  // tools/page/src/keys.js
  var PAN = 80;
  var ARROWS = { ArrowUp: [0, PAN], ArrowDown: [0, -PAN], ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0] };
  function keys(page2, actions) {
    const pressed = {
      "/": () => byId("q").focus(),
      Escape: () => escape(page2),
      f: actions.fit,
      "+": actions.closer,
      "=": actions.closer,
      "-": actions.farther,
      t: actions.theme,
      "?": actions.help,
      s: () => page2.swap(),
      m: () => page2.set({ view: "matrix" }),
      g: () => page2.set({ view: "map" }),
      b: () => page2.state.a !== void 0 && page2.set({ blast: !page2.state.blast, b: void 0 }),
      n: () => next(page2, 1),
      p: () => next(page2, -1)
    };
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || byId("about").open) return;
      const typing = event.target.matches("input:not([type=checkbox]), select, textarea");
      if (typing && event.key !== "Escape") return;
      if (event.target.id === "map" && ARROWS[event.key]) page2.map.pan(...ARROWS[event.key]);
      else if (pressed[event.key]) pressed[event.key]();
      else return;
      event.preventDefault();
    });
  }
  function escape(page2) {
    if (document.activeElement === byId("q")) {
      byId("q").blur();
      byId("map").focus();
    } else page2.choose(void 0);
  }
  function next(page2, by) {
    const those = [...page2.filter.segments(page2.state.filters) ?? page2.site.segments.map((one) => one.at)];
    if (!those.length) return;
    const at = those.indexOf(page2.state.a);
    page2.choose(those[(at < 0 ? by > 0 ? 0 : -1 : at + by + those.length) % those.length] ?? those.at(-1));
  }

  // tools/page/src/main.js
  var LISTED = 80;
  var Page = class {
    constructor(data) {
      this.site = read(data);
      this.web = new Web(data.web, this.site.numbers.get("world"), data.through_world);
      this.filter = new Filter(this.site, this.web);
      this.best = bestGrouping(this.site);
      this.state = this.parsed(location.hash.slice(1) || data.start);
      this.map = new SiteMap(byId("map"), this.site, {
        chosen: (at) => this.clicked(at),
        cleared: () => this.choose(void 0),
        toggled: (id) => this.toggle(id),
        line: (line) => this.lineChosen(line),
        many: (numbers) => this.panel.show({ many: numbers })
      });
      this.matrix = new Matrix(byId("cells"), byId("matrix"), this.site, this.web, {
        chosen: (source, target) => this.cellChosen(source, target),
        told: (text2) => byId("told").textContent = text2
      });
      this.panel = new Panel(byId("panel"), this.site, this.web, {
        chosen: (at, second) => this.choose(at, second),
        blast: () => this.set({ blast: !this.state.blast }),
        swap: () => this.swap(),
        cleared: () => this.choose(void 0)
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
    parsed(text2) {
      return parse(text2, this.site, this.best, groupings(this.site));
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
      const text2 = write(this.state, this.site, this.best);
      if (text2 !== location.hash.slice(1)) {
        this.written = text2;
        location.hash = text2;
      }
      if (this.state.by !== before.by) this.regroup();
      this.render({ fit: this.state.by !== before.by || this.state.view !== before.view });
    }
    fromLink() {
      const text2 = location.hash.slice(1);
      if (text2 === this.written) return;
      this.written = text2;
      const by = this.state.by;
      this.state = this.parsed(text2);
      if (this.state.by !== by) this.regroup();
      this.render({ fit: true });
    }
    clicked(at) {
      const { a, b } = this.state;
      if (a !== void 0 && b === void 0 && a !== at && !this.state.blast) this.choose(a, at);
      else this.choose(at);
    }
    choose(a, b) {
      this.set({ a, b, blast: false });
      if (this.state.view === "map") this.show();
    }
    // What is chosen, and the way between the two.
    show() {
      const { a, b } = this.state;
      if (b !== void 0) this.map.show([a, b, ...this.steps(a, b)]);
      else if (a !== void 0) this.map.show([a]);
    }
    // The segments of the shortest way.
    steps(a, b) {
      const way = this.web.way(a, b).map((step) => step.map((at) => this.site.web.segments[at]));
      return way.length ? [way[0][0], ...way.map(([, to]) => to)] : [];
    }
    swap() {
      if (this.state.b !== void 0) this.choose(this.state.b, this.state.a);
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
        if (at === void 0) continue;
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
      const chosen2 = [a, b].filter((at) => at !== void 0);
      if (key !== this.drawn || this.map.many && chosen2.join() !== this.chosen) {
        [this.drawn, this.chosen] = [key, chosen2.join()];
        this.count = this.map.draw(this.tree, this.open, keeps, { anew: this.anew, chosen: chosen2 });
        this.anew = false;
      }
      this.mark(keep);
      for (const view of ["map", "matrix"]) byId(view).hidden = state.view === "matrix" !== (view === "matrix");
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
      const hops = blast ? this.web.blast(a).hops : void 0;
      this.map.mark({ a, b, keep, hops, changing: Boolean(this.site.changes) && a === void 0 });
      const steps = b === void 0 ? [] : this.steps(a, b);
      if (steps.length > 2 || steps.length === 2 && !this.map.joined(a, b)) this.map.way(steps);
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
      if (a !== void 0 && b !== void 0 && place(a) >= 0 && place(b) >= 0) this.matrix.at = [place(a), place(b)];
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
      const rows2 = those.slice(0, LISTED).map((at) => {
        const one = this.site.segments[at];
        const current = at === this.state.a || at === this.state.b;
        return el("li", {}, el(
          "button",
          { type: "button", class: "row", "aria-pressed": current ? "true" : "false", onclick: () => this.clicked(at) },
          el("span", { class: `dot ${one.strictness}` }),
          el("span", { class: "name" }, one.name)
        ));
      });
      byId("found").replaceChildren(...rows2);
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
        if (first !== void 0) this.choose(first);
      });
      const options = (id, all) => {
        byId(id).append(...all.map(([value2, words2]) => el("option", { value: value2 }, words2)));
        byId(id).addEventListener("change", (event) => id === "by" ? this.set({ by: event.target.value }) : filters({ [id]: event.target.value }));
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
        fit: () => this.map.fit(),
        closer: () => this.map.zoom(1.3),
        farther: () => this.map.zoom(1 / 1.3),
        theme: () => this.theme(),
        help: () => byId("about").showModal()
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
      byId("legend-matrix").replaceChildren(...cells.map(([key, words2]) => {
        const canvas = el("canvas", { width: 40, height: 40, "aria-hidden": "true" });
        const pen = canvas.getContext("2d");
        pen.scale(2, 2);
        swatch(pen, colours(), key, 0, 0, 20, false);
        return el("li", {}, canvas, words2);
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
  };
  var page = new Page(JSON.parse(byId("data").textContent));
  globalThis.segctl = {
    page,
    Web,
    read,
    ask
  };
  document.documentElement.dataset.ready = "true";
})();
