// The side panel: everything about one segment, or about two and who opens connections to whom.

import { el, plural } from "./dom.js";
import { ask } from "./pair.js";

const SHOWN = 12; // rows of a list; the rest unfolds
const LOOSE = ["", "only observed", "nothing enforces the deny"];
const STANCES = { allow: "allow", observed: "observed", deny: "deny", other: "as the other end" };
export const WORDS = {
  yes: "allowed", some: "in part", loose: "denied, but passes", no: "denied",
};

export class Panel {
  // `on`: chosen(number, second), blast(), swap(), cleared().
  constructor(root, site, web, on) {
    Object.assign(this, { root, site, web, on });
  }

  show({ a, b, blast, many }) {
    const children = many ? this.many(many) : a === undefined ? this.nothing() : b === undefined ? this.one(a, blast) : this.two(a, b);
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
      el("p", { class: "soft" }, `As of ${site.at}. ${plural(site.segments.length, "segment")}, ${plural(flows.length, "flow")}, `,
        `${plural(site.statements.filter((one) => one.kind === "guardrail").length, "guardrail")}.`),
      !site.points && el("p", { class: "note" }, "This site has no points: nothing enforces what is drawn here."),
      site.changes && this.changes(),
      site.changes && el("hr"),
      el("p", {}, "Choose a segment to see who reaches it and what an intruder in it could reach; a second one to ask whether the two may talk, by which line and by which path."),
    ];
  }

  // What a change does, opening first.
  changes() {
    const { rows, before } = this.site.changes;
    const list = (way, title) => {
      const those = rows.filter((one) => one.way === way);
      return those.length ? [el("h3", { class: way }, `${title} (${those.length})`), ...this.folded(those, (one) => this.row(one))] : [];
    };
    const none = !rows.some((one) => one.way !== "otherwise");
    return el("section", { class: "changes" }, el("h2", {}, "What changes"), el("p", { class: "soft" }, `against ${before}`),
      none && el("p", {}, "No connection opens or closes."),
      list("opens", "+ Opens"), list("closes", "− Closes"), list("otherwise", "~ Is answered otherwise"));
  }

  row(one) {
    const ends = [one.sources, one.destinations].map((those) => this.some(those));
    return el("li", { class: `change ${one.way}` }, el("div", {}, ends[0], " → ", ends[1], !one.whole && " (each with some)"),
      el("div", { class: "services" }, one.services),
      el("div", { class: "soft" }, `before: ${one.before}`), el("div", { class: "soft" }, `now: ${one.after}`), this.line(one));
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
      el("p", { class: "chips" }, el("span", { class: `chip ${one.strictness}` }, one.strictness), one.mode && el("span", { class: "chip" }, one.mode),
        one.classification && el("span", { class: "chip" }, one.classification), one.bound === undefined && el("span", { class: "chip warn" }, "on no interface"),
        this.is("gone", at) && el("span", { class: "chip warn" }, "gone with this change"), this.is("added", at) && el("span", { class: "chip warn" }, "new with this change")),
      this.facts(one),
      this.line(one),
      this.radius(at, blast),
      this.reached(at),
      this.statements("May open connections to", this.site.from[at].filter(allows), (block) => block.destinations, (block) => block.sources, at),
      this.statements("May be opened to from", this.site.to[at].filter(allows), (block) => block.sources, (block) => block.destinations, at),
      this.statements("Must never open to", this.site.from[at].filter(forbids), (block) => block.destinations, (block) => block.sources, at),
      this.statements("Must never be opened to from", this.site.to[at].filter(forbids), (block) => block.sources, (block) => block.destinations, at),
    ];
  }

  is(what, at) {
    return this.site.changes?.[what].includes(at);
  }

  head(title) {
    return el("div", { class: "head" }, el("h2", {}, title),
      el("button", { type: "button", class: "icon", "aria-label": "Close", title: "Close (Esc)", onclick: () => this.on.cleared() }, "✕"));
  }

  facts(one) {
    const rows = [
      ["within", one.within], ["owner", one.owner],
      ["labels", one.labels && Object.entries(one.labels).map(([key, value]) => `${key}: ${value}`).join(", ")],
      ["addresses", [one.v4 !== "0" && `${one.v4} IPv4`, one.v6 !== "0" && `${one.v6} IPv6`].filter(Boolean).join(", ") || "none"],
      ["members", one.members.length ? one.members.join(", ") + (one.more ? ` and ${one.more} more` : "") : one.built_in ? "built in" : ""],
      ["outwards", STANCES[one.out]], ["inwards", STANCES[one.into]],
      ["inside", one.intra + (one.inside_uncovered && one.intra === "deny" ? ", but uncovered" : one.intra_observed ? ", only observed" : "")],
      ["waivers", one.waivers.join("; ")],
    ].filter(([, value]) => value);
    return el("dl", {}, rows.map(([key, value]) => [el("dt", {}, key), el("dd", {}, value)]));
  }

  line(one) {
    if (!one.place) return undefined;
    return el("div", { class: "line" }, el("span", { class: "place" }, one.place), one.line && el("pre", { tabindex: "0", "aria-label": `line of ${one.place}` }, one.line));
  }

  // What an intruder on one machine of the segment reaches.
  radius(at, blast) {
    const found = this.web.blast(at);
    const by = new Map();
    for (const [, hops] of found.hops) by.set(hops, (by.get(hops) ?? 0) + 1);
    const rings = [...by].sort(([one], [other]) => one - other);
    return el("section", {}, el("h3", {}, `Blast radius: ${found.radius.toLocaleString("en")}`),
      el("p", {}, found.radius ? `An intruder on one machine here reaches ${families(found)} in ${plural(found.hops.size, "segment")}` : "An intruder on a machine here reaches nobody else",
        found.observed > 0n && `; ${amount(found.observed)} only because somebody observes`,
        found.uncovered > 0n && `; ${amount(found.uncovered)} only because nothing enforces the deny`, "."),
      rings.length > 0 && el("ol", { class: "rings" }, rings.map(([hops, many]) => el("li", {}, el("span", { class: `ring hop${Math.min(3, hops)}` }, hops), ` ${hops === 1 ? "hop" : "hops"}: ${plural(many, "segment")}`))),
      rings.length > 0 && el("button", { type: "button", "aria-pressed": blast ? "true" : "false", onclick: () => this.on.blast() }, blast ? "Hide on the map" : "Show on the map (b)"));
  }

  // Who gets to somebody in it in one hop, by whatever lets it pass.
  reached(at) {
    const found = [...this.web.reaching(at)].sort(([one, how], [other, as]) => how - as || one - other);
    return el("section", {}, el("h3", {}, `Who reaches it (${found.length})`),
      this.folded(found, ([other, how]) => el("li", {}, this.link(other, at), LOOSE[how] && el("span", { class: "soft" }, ` ${LOOSE[how]}`))));
  }

  statements(title, those, far, near, at) {
    const rows = those.map((one) => {
      const blocks = one.blocks.filter((block) => near(block).includes(at));
      const others = [...new Set(blocks.flatMap(far))];
      return this.statement(one, [...new Set(blocks.flatMap((block) => block.services))], others);
    });
    return rows.length > 0 && el("section", {}, el("h3", {}, `${title} (${rows.length})`), this.folded(rows, (row) => row));
  }

  statement(one, services, others = [], partly = false, parts = []) {
    const ends = parts.some(Boolean) && `${parts[0] ?? "all"} → ${parts[1] ?? "all"}`;
    return el("li", { class: `statement ${one.kind}${one.active ? "" : " inactive"}` },
      el("div", {}, el("span", { class: "kind" }, one.kind), " ", el("b", {}, one.name), others.length > 0 && [" · ", this.some(others)]),
      el("div", { class: "services" }, services.join(", "), partly && " (a guardrail forbids some)"),
      ends && el("div", { class: "soft" }, ends),
      one.why && el("div", {}, one.why),
      el("div", { class: "soft" }, [one.time, one.owner, one.ticket, one.remediation && "remediation", ...(one.waivers ?? [])].filter(Boolean).join(" · ")),
      this.line(one));
  }

  two(a, b) {
    const names = [a, b].map((at) => this.site.segments[at].name);
    return [
      this.head(`${names[0]} → ${names[1]}`),
      el("p", {}, el("button", { type: "button", onclick: () => this.on.swap() }, "Swap (s)"), " ",
        el("button", { type: "button", onclick: () => this.on.chosen(a) }, `Only ${names[0]}`)),
      this.answer(a, b), this.path(a, b),
      el("hr"), el("h3", {}, `And back: ${names[1]} → ${names[0]}`), this.answer(b, a),
    ];
  }

  answer(a, b) {
    const found = ask(this.site, a, b);
    const list = (title, those) => those.length > 0 && [el("h4", {}, title),
      this.folded(those, ({ one, services, partly, parts }) => this.statement(one, services, [], partly, parts))];
    const rows = (this.site.changes?.rows ?? []).filter((row) => row.sources.includes(a) && row.destinations.includes(b));
    return el("section", { class: "answer" }, el("h3", { class: `verdict ${found.word}` }, WORDS[found.word]),
      rows.length > 0 && [el("h4", {}, "This change"), ...this.folded(rows, (row) => this.row(row))],
      list("Allowed by", found.allowing), this.rest(found), list("Forbidden by", found.forbidding), list("Not in force", found.idle));
  }

  rest({ rest, allowing, source, target }) {
    const [one, other] = [source, target].map((at) => this.site.segments[at].name);
    if (!rest) return undefined;
    const all = allowing.length ? "All else" : "Everything";
    if (rest.default) return el("p", {}, source === target ? "Inside, all is allowed." : `${all} is allowed by both ends' defaults: ${one} outwards, ${other} inwards.`, rest.partly && " Guardrails forbid some of it.");
    const reason = { source: `${one} outwards`, destination: `${other} inwards`, intra: "inside itself",
      "source quarantine": `${one} is in quarantine`, "destination quarantine": `${other} is in quarantine` };
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
    return el("section", { class: "path" }, el("h3", {}, `Shortest path: ${plural(steps.length, "hop")}`),
      el("ol", {}, steps.map(([from, to]) => {
        const { allowing, rest, word } = ask(this.site, from, to);
        const why = allowing.length ? undefined : rest?.default ? "by defaults" : word === "loose" ? LOOSE[rest.loose === "observed" ? 1 : 2] : "";
        return el("li", {}, this.link(from), " → ", this.link(to), why && el("span", { class: "soft" }, ` ${why}`),
          el("ul", {}, allowing.slice(0, 3).map(({ one, services }) => this.statement(one, services))),
          allowing.length > 3 && el("span", { class: "soft" }, `and ${allowing.length - 3} more lines`));
      })));
  }

  // A list of which the first rows are seen.
  folded(items, row) {
    const list = (those) => el("ul", { class: "list" }, those.map(row));
    if (items.length <= SHOWN) return [list(items)];
    const more = el("details", {}, el("summary", {}, `${items.length - SHOWN} more`));
    more.addEventListener("toggle", () => more.append(list(items.slice(SHOWN))), { once: true });
    return [list(items.slice(0, SHOWN)), more];
  }
}

const families = ({ v4, v6 }) => [v4 && `${amount(v4)} IPv4`, v6 && `${amount(v6)} IPv6`].filter(Boolean).join(" and ") + " addresses";
const allows = (one) => one.kind !== "guardrail";
const forbids = (one) => one.kind === "guardrail";

function amount(number) {
  if (number < 1n << 20n) return number.toLocaleString("en");
  return `some 2^${number.toString(2).length - 1}`;
}
