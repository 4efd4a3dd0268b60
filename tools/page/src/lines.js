// The lines between what stands on the map: all statements between the segments of two boxes are one line of a kind.

const WIDE = 10; // boxes at one end of a statement; of more, one box stands for all of them

// `by`: of each segment the box that stands for it; `keeps`: which statements are drawn, with which services. Returns
// lines {source, target, kind, count, names, services} and extra boxes {id, title, count} for the many.
export function lines(site, by, keeps) {
  const found = new Map();
  const many = new Map();
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
  const ids = new Set();
  for (const at of numbers) ids.add(by[at].id);
  if (ids.size <= WIDE) return ids;
  const key = `m${numbers.join()}`;
  if (!many.has(key)) {
    const title = ids.size === boxes ? "any" : `${numbers.length} segments`;
    many.set(key, { id: `m${many.size}`, title, segments: numbers });
  }
  return [many.get(key).id];
}

function add(found, source, target, kind, one, services) {
  if (source === target && !source.startsWith("s")) return; // inside a group: seen when it unfolds
  const key = `${source} ${target} ${kind}`;
  let line = found.get(key);
  if (!line) found.set(key, (line = { id: `e ${key}`, source, target, kind, names: new Set(), services: new Set() }));
  line.names.add(one.name);
  for (const each of services) line.services.add(each);
}

// The lines of a change: what opens and what closes, between boxes.
export function changed(site, by) {
  const found = new Map();
  const many = new Map();
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
