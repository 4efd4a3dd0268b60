// What is chosen, as the part of the page's address behind `#`: a link brings it back.

import { NOTHING } from "./filter.js";

const FLAGS = ["expiring", "observing", "uncovered"];

// `state`: view, a, b (numbers or undefined), blast, filters, by, and the grouping that nobody had to choose.
export function write(state, site, by) {
  const out = new URLSearchParams();
  const { filters } = state;
  if (state.a !== undefined) out.set("a", site.segments[state.a].name);
  if (state.b !== undefined) out.set("b", site.segments[state.b].name);
  if (state.view !== "map") out.set("view", state.view);
  if (state.blast) out.set("blast", "1");
  if (state.by !== by) out.set("by", state.by);
  if (filters.q) out.set("q", filters.q);
  if (filters.strictness.length) out.set("strictness", filters.strictness.join());
  for (const key of ["service", "owner"]) if (filters[key]) out.set(key, filters[key]);
  for (const key of FLAGS) if (filters[key]) out.set(key, "1");
  return out.toString();
}

// The reverse; what the site doesn't have is left out.
export function parse(text, site, by, groupings) {
  const said = new URLSearchParams(text);
  const number = (key) => site.numbers.get(said.get(key) ?? "\0");
  const filters = { ...NOTHING, q: said.get("q") ?? "", strictness: (said.get("strictness") ?? "").split(",").filter(Boolean) };
  for (const key of ["service", "owner"]) filters[key] = said.get(key) ?? "";
  for (const key of FLAGS) filters[key] = said.get(key) === "1";
  const view = ["matrix", "changes"].includes(said.get("view")) ? said.get("view") : "map";
  const wanted = said.get("by");
  return {
    view: view === "changes" && !site.changes ? "map" : view,
    a: number("a"),
    b: number("a") === undefined ? undefined : number("b"),
    blast: said.get("blast") === "1" && number("a") !== undefined,
    by: groupings.some(([key]) => key === wanted) ? wanted : by,
    filters,
  };
}
