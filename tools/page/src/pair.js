// May two segments talk, and by which line: the statements between them, and what holds where there is none.

// What is said of new connections from one to another: statements with the services that they speak of.
export function said(site, source, target) {
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

// The numbers are in order.
function has(numbers, wanted) {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return numbers[low] === wanted;
}

// Whether no point stands between some addresses of the two.
export function uncovered(site, source, target) {
  const { places, groups } = site.rest;
  const [first, second] = [places[source], places[target]];
  return site.apart.has(`${groups[first]},${groups[second]}`) !== site.flipped.has(`${first},${second}`);
}

// What meets a connection between two different segments that no statement allows.
export function unsaid(site, source, target) {
  const { kinds, table, passings } = site.rest;
  if (kinds[source] === undefined || kinds[target] === undefined) return undefined; // one is gone
  const own = site.odd.get(source * site.segments.length + target);
  if (own !== undefined) return passings[own];
  return passings[table[kinds[source]][kinds[target]][Number(uncovered(site, source, target))]];
}

// The whole answer. word: "yes" all may, "some" something may, "loose" denied but passes, "no" nothing passes.
export function ask(site, source, target) {
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

// The same of connections inside one segment.
function within(segment) {
  const loose = segment.inside_uncovered ? "uncovered" : segment.intra_observed ? "observed" : "";
  const open = segment.intra === "allow";
  return { default: open, partly: false, loose: open ? "" : loose, enforced: [], refuses: open ? [] : ["intra"] };
}
