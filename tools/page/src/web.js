// Who reaches whom in any number of hops: a search over classes of addresses, as segctl/ask/reach.py, blast.py and
// path.py do it; tests put the same questions to both. A set of classes is a Uint32Array of bits.

import { unrun } from "./data.js";

export class Web {
  // `data`: the page's "web"; `world`: the number of the world's segment; `through`: ways may lead through it.
  constructor(data, world, through) {
    this.data = data;
    this.through = through;
    this.count = data.segments.length;
    this.words = (this.count + 31) >> 5;
    this.world = this.set(data.segments.flatMap((owner, at) => (owner === world ? [at] : [])));
    this.of = new Map(); // segment: its classes
    data.segments.forEach((owner, at) => this.of.set(owner, [...(this.of.get(owner) ?? []), at]));
    this.decoded = [];
    this.sums = [];
    this.linked = new Map(); // class: all classes of the machines with addresses in it
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
  row(number) {
    if (!this.decoded[number]) {
      const [base, ...runs] = this.data.reached[Math.floor(number / 3)][number % 3];
      const out = base < 0 ? this.set([]) : this.row(base).slice();
      for (const at of unrun(runs)) out[at >> 5] ^= 1 << (at & 31);
      this.decoded[number] = out;
    }
    return this.decoded[number];
  }

  // What a class reaches in one hop: [allowed, only observed, only as nothing enforces the deny].
  hops(at) {
    const first = this.data.hops[at] * 3;
    return [this.row(first), this.row(first + 1), this.row(first + 2)];
  }

  // What a row of hops comes to, with or without what is only observed or uncovered.
  chosen(row, observed, uncovered) {
    const key = row * 4 + (observed ? 2 : 0) + (uncovered ? 1 : 0);
    if (!this.sums[key]) {
      const out = this.row(row * 3).slice();
      if (observed) join(out, this.row(row * 3 + 1));
      if (uncovered) join(out, this.row(row * 3 + 2));
      this.sums[key] = out;
    }
    return this.sums[key];
  }

  // From machines that can speak from these classes: what is reached first by each number of hops, and from where he
  // can speak first after each. `own`: classes that don't count as reached.
  rings(start, { observed = true, uncovered = true, own = [] } = {}) {
    const never = this.set(own);
    const reached = this.set([]);
    const spoken = this.set(start);
    let frontier = this.set(start);
    const out = { reached: [], speaking: [frontier] };
    for (;;) {
      const fresh = this.set([]);
      const rows = new Set();
      for (const at of bits(frontier)) rows.add(this.data.hops[at]);
      for (const row of rows) join(fresh, this.chosen(row, observed, uncovered));
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
    const out = { radius: -1n, v4: 0n, v6: 0n, observed: 0n, uncovered: 0n, hops: new Map() };
    for (const place of this.data.starts[segment] ?? []) {
      const kind = this.data.kinds[place];
      const rings = this.rings(kind[0], { own: kind[3] });
      rings.reached.forEach((those, number) => {
        for (const at of bits(those)) {
          const owner = this.data.segments[at];
          if (!(out.hops.get(owner) <= number + 1)) out.hops.set(owner, number + 1);
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
    for (let number = last; number >= 0; number--) {
      const from = bits(speaking[number]).find((at) => get(this.chosen(this.data.hops[at], true, true), to));
      found.unshift([from, to]);
      if (number) to = this.arrived(reached[number - 1], from);
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
    const out = new Map();
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
    const out = new Map();
    this.data.segments.forEach((owner, at) => {
      const found = how[this.data.hops[at]];
      if (found !== undefined && owner >= 0 && !(out.get(owner) <= found)) out.set(owner, found);
    });
    return out;
  }
}

// Addresses that are added up; of one IPv6 /64 as many count as one IPv4 /24 has at most (segctl/ask/blast.py).
const FULL = 256n;

class Weight {
  constructor() {
    [this.v4, this.v6, this.inner] = [0n, 0n, 0n];
    this.links = new Map();
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
    const out = new Weight();
    [out.v4, out.v6, out.inner] = [this.v4 - part.v4, this.v6 - part.v6, this.inner - part.inner];
    for (const [link, many] of this.links) out.links.set(link, many - (part.links.get(link) ?? 0n));
    return out;
  }

  radius() {
    let out = this.v4 + this.inner * FULL;
    for (const many of this.links.values()) out += many < FULL ? many : FULL;
    return out;
  }
}

const put = (set, at) => (set[at >> 5] |= 1 << (at & 31));
export const get = (set, at) => ((set[at >> 5] >>> (at & 31)) & 1) === 1;

// Plain loops: these run thousands of times for one question.
export function join(set, other) {
  for (let at = 0; at < set.length; at++) set[at] |= other[at];
}

function without(set, other) {
  for (let at = 0; at < set.length; at++) set[at] &= ~other[at];
}

export function meets(set, other) {
  for (let at = 0; at < set.length; at++) if (set[at] & other[at]) return true;
  return false;
}

const empty = (set) => !meets(set, set);
const and = (set, other) => set.map((word, at) => word & other[at]);
const lowest = (set) => bits(set)[0];

export function bits(set) {
  const out = [];
  for (let at = 0; at < set.length; at++) {
    for (let rest = set[at]; rest; rest &= rest - 1) out.push(at * 32 + 31 - Math.clz32(rest & -rest));
  }
  return out;
}
