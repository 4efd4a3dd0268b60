// Which segments and lines the filters leave.

import { holds, number } from "./address.js";

export const NOTHING = { q: "", strictness: [], service: "", owner: "", expiring: false, observing: false, uncovered: false };

export const observes = (segment) => segment.mode === "observe" || Boolean(segment.mode?.startsWith("enforce "));

export class Filter {
  constructor(site, web) {
    this.site = site;
    this.bare = new Set(); // segments of which somebody passes, or is reached, as nothing enforces the deny
    const targets = web.set([]);
    site.web.segments.forEach((owner, at) => {
      const row = web.hops(at)[2];
      if (row.some(Boolean)) this.bare.add(owner);
      row.forEach((word, n) => (targets[n] |= word));
    });
    site.web.segments.forEach((owner, at) => {
      if ((targets[at >> 5] >>> (at & 31)) & 1) this.bare.add(owner);
    });
    this.services = [...new Set(site.statements.flatMap((one) => one.blocks.flatMap((each) => each.services)))]
      .filter((each) => each !== "all").sort();
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
    const { q, strictness, service, owner, expiring, observing, uncovered } = filters;
    if (!q && !strictness.length && !service && !owner && !expiring && !observing && !uncovered) return undefined;
    const words = q.toLowerCase().split(/\s+/).filter(Boolean);
    const touched = service || expiring ? this.touched(filters) : undefined;
    const owned = owner ? this.owned(owner) : undefined;
    const out = new Set();
    this.site.segments.forEach((one, at) => {
      if (words.some((word) => !this.found(at, word))) return;
      if (strictness.length && !strictness.includes(one.strictness)) return;
      if (touched && !touched.has(at)) return;
      if (owned && !owned.has(at)) return;
      if (observing && !observes(one)) return;
      if (uncovered && !this.bare.has(at)) return;
      out.add(at);
    });
    return out;
  }

  // A word is found in a segment's words; an address in what it has, too.
  found(at, word) {
    if (this.texts[at].includes(word)) return true;
    const address = number(word);
    return address !== undefined && this.site.segments[at].members.some((member) => holds(member, address));
  }

  touched(filters) {
    const out = new Set();
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
}

// All words that a segment is found by.
function text(one) {
  const labels = Object.entries(one.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return [one.name, one.owner, one.strictness, one.classification, one.within, ...labels, ...one.members]
    .filter(Boolean).join("\n").toLowerCase();
}
