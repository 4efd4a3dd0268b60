// The site as a tree of groups, which unfold: so that at most a few hundred boxes stand on the map at a time.

const FEW = 60; // segments that need no groups
const ALL = 100; // segments that all stand on the map from the start
const CHILDREN = 60; // boxes in one frame; of more, groups by their names
export const MOST = 150; // boxes on the map

const value = (segment, by) => {
  if (by === "owner" || by === "strictness") return segment[by];
  const label = by.startsWith("label:") && by.slice(6);
  return label && Object.hasOwn(segment.labels ?? {}, label) ? segment.labels[label] : undefined; // "constructor", too
};

// All that segments can be grouped by: [key, words].
export function groupings(site) {
  const labels = [...new Set(site.segments.flatMap((one) => Object.keys(one.labels ?? {})))].sort();
  const out = [["within", "within"], ...labels.map((label) => [`label:${label}`, `label ${label}`])];
  if (site.segments.some((one) => one.owner)) out.push(["owner", "owner"]);
  return [...out, ["strictness", "strictness"], ["none", "nothing"]];
}

// What a site of this size is best grouped by: few segments by what holds them, many by a label that cuts them evenly.
export function bestGrouping(site) {
  if (site.segments.length <= FEW) return "within";
  let best = ["none", 0];
  for (const [by] of groupings(site).filter(([key]) => key !== "none")) {
    const counts = new Map();
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

// {root, leaves: the leaf of each segment, groups: by id}. A node: id, title, parent, children (none of a leaf),
// segments (all numbers below).
export function tree(site, by) {
  const root = { id: "", title: "", parent: null, children: [], segments: [] };
  const leaves = site.segments.map((one) => ({ id: `s${one.at}`, title: one.name, segments: [one.at], at: one.at }));
  if (by === "within") nest(site, root, leaves);
  else if (by === "none") root.children = leaves;
  else gather(site, root, leaves, by);
  const groups = new Map();
  finish(root, null, groups);
  return { root, leaves, groups, by };
}

// A segment with others within it is a leaf of its own group.
function nest(site, root, leaves) {
  const holds = new Map();
  for (const one of site.segments) {
    if (site.numbers.has(one.within)) {
      const outer = site.numbers.get(one.within);
      holds.set(outer, [...(holds.get(outer) ?? []), one.at]);
    }
  }
  const made = (at) => {
    if (!holds.has(at)) return leaves[at];
    const inner = holds.get(at).map(made);
    return { id: `w:${site.segments[at].name}`, title: `within ${site.segments[at].name}`, children: [leaves[at], ...inner] };
  };
  const tops = site.segments.filter((one) => !site.numbers.has(one.within));
  root.children = tops.map((one) => made(one.at));
}

function gather(site, root, leaves, by) {
  const groups = new Map();
  const words = by.startsWith("label:") ? `${by.slice(6)} ` : "";
  for (const one of site.segments) {
    const key = one.built_in ? undefined : value(one, by);
    if (key === undefined) root.children.push(leaves[one.at]);
    else groups.set(key, [...(groups.get(key) ?? []), leaves[one.at]]);
  }
  for (const [key, children] of [...groups].sort(([one], [other]) => (one < other ? -1 : 1))) {
    root.children.push({ id: `g:${key}`, title: `${words}${key}`, children });
  }
}

const natural = new Intl.Collator("en", { numeric: true });

function finish(node, parent, groups) {
  node.parent = parent;
  if (!node.children) return;
  if (node.children.length > CHILDREN) chunk(node);
  groups.set(node.id, node);
  for (const child of node.children) finish(child, node, groups);
  node.segments = node.children.flatMap((child) => child.segments);
}

// Many children in groups by name, built-in segments apart.
function chunk(node) {
  const sorted = [...node.children].sort((one, other) => natural.compare(one.title, other.title));
  const apart = sorted.filter((one) => ["world", "points", "quarantine"].includes(one.title));
  const rest = sorted.filter((one) => !apart.includes(one));
  const each = Math.max(12, Math.min(CHILDREN, Math.ceil(Math.sqrt(rest.length))));
  const many = Math.ceil(rest.length / each);
  const children = [];
  for (let n = 0; n < many; n++) {
    const those = rest.slice(Math.round((n * rest.length) / many), Math.round(((n + 1) * rest.length) / many));
    const title = those.length > 1 ? `${those[0].title} – ${those.at(-1).title}` : those[0].title;
    children.push({ id: `${node.id}/${n}`, title, children: those, chunk: true });
  }
  node.children = [...children, ...apart];
}

// The groups that are open from the start: all, where all have room or it was asked for.
export function opened(made, site) {
  const open = new Set([""]);
  if (site.fold === "never" || (site.fold === "auto" && site.segments.length <= ALL)) for (const id of made.groups.keys()) open.add(id);
  return open;
}

// What stands on the map: top-level nodes, and of each segment the node that stands for it.
export function standing(made, open) {
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

// Opens a group, and closes those opened longest ago until there is room again.
export function unfold(made, open, id) {
  const keep = new Set([""]);
  for (let node = made.groups.get(id); node; node = node.parent) keep.add(node.id);
  open.delete(id);
  for (const each of keep) open.add(each);
  for (const each of [...open]) {
    if (standing(made, open).boxes <= MOST) break;
    if (!keep.has(each)) fold(made, open, each);
  }
}

// Closes a group and all in it.
export function fold(made, open, id) {
  open.delete(id);
  for (const child of made.groups.get(id)?.children ?? []) if (child.children) fold(made, open, child.id);
}
