// What the site says, read from the page's block of JSON (segctl/report/page_data.py), with the indexes that questions
// need. Segments are numbers here: their places in `segments`.

export function read(data) {
  const site = { ...data, numbers: new Map(data.segments.map((one, at) => [one.name, at])) };
  site.segments.forEach((one, at) => (one.at = at));
  site.from = data.segments.map(() => []);
  site.to = data.segments.map(() => []);
  for (const one of site.statements) {
    one.blocks = one.blocks.map(([sources, destinations, services, partly]) => ({
      sources: unrun(sources), destinations: unrun(destinations), services, partly: Boolean(partly),
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

const pairs = (rows) => new Set(rows.map((row) => row.join()));

// [skip, many, skip, many, …]
export function unrun(runs) {
  const out = [];
  let at = 0;
  for (let n = 0; n < runs.length; n += 2) {
    at += runs[n];
    for (let end = at + runs[n + 1]; at < end; at++) out.push(at);
  }
  return out;
}
