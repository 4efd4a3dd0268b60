// How boxes and lines look on the map, in the colours of the theme.

import { colours } from "./dom.js";

export const SHADES = ["open", "guarded", "strict", "sealed", "quarantine", "outside", "point", "own"];
const HEADS = { guardrail: "tee" };
const DASHES = { inactive: "dashed", guardrail: "solid", management: "solid" };

export function look() {
  const of = colours();
  const font = { "font-family": "system-ui, sans-serif", "font-size": 13 };
  const style = [
    { selector: "node", style: {
      ...font, width: "data(w)", height: "data(h)", shape: "round-rectangle", label: "data(label)", "text-wrap": "wrap",
      "text-max-width": 400, "text-valign": "center", "text-halign": "center", "line-height": 1.18, "font-weight": 600,
      color: of("text"), "border-width": 1.5, "background-color": of("ground"), "border-color": of("faint"),
      "corner-radius": 7, "overlay-opacity": 0, "min-zoomed-font-size": 5,
    } },
    { selector: ".frame", style: {
      "background-color": of("frame"), "border-color": of("edge"), "border-width": 1, label: "", "z-compound-depth": "bottom",
      "corner-radius": 12,
    } },
    { selector: ".title", style: { "background-color": of("frame"), "border-width": 0, color: of("soft"), "z-index": 5 } },
    { selector: ".group", style: {
      "border-color": of("faint"), "border-width": 4, "border-style": "double", "background-fill": "linear-gradient",
      "background-gradient-direction": "to-right", "background-gradient-stop-positions": "data(stops)",
      "background-gradient-stop-colors": (one) => one.data("shades").map((shade) => of(`${shade}-fill`)).join(" "),
    } },
    { selector: ".many", style: {
      shape: "ellipse", "border-style": "dotted", "background-color": of("ground"), "border-color": of("faint"),
    } },
    ...SHADES.map((shade) => ({ selector: `.${shade}`, style: {
      "background-color": of(`${shade}-fill`), "border-color": of(`${shade}-border`),
    } })),
    { selector: ".outside", style: { shape: "round-rectangle", "corner-radius": 24 } },
    { selector: ".observes", style: { "border-style": "dashed", "border-width": 2.5 } },
    { selector: ".sealed, .quarantine", style: { "border-width": 3.5 } },
    { selector: "edge", style: {
      ...font, "font-size": 11, "font-weight": 500, width: "data(weight)", "curve-style": "bezier",
      "control-point-step-size": 34, "target-arrow-shape": "triangle", "arrow-scale": 0.95, "line-color": of("flow"),
      "target-arrow-color": of("flow"), color: of("text"), "text-background-color": of("ground"),
      "text-background-opacity": 0.92, "text-background-padding": 3, "text-background-shape": "roundrectangle",
      "overlay-opacity": 0, opacity: 0.62, "text-wrap": "ellipsis", "text-max-width": 190, "loop-direction": "-45deg",
    } },
    { selector: "edge:loop", style: { "control-point-step-size": 62, "loop-sweep": "60deg" } },
    ...["flow", "inactive", "management", "guardrail"].map((kind) => ({ selector: `edge.${kind}`, style: {
      "line-color": of(kind), "target-arrow-color": of(kind), "line-style": DASHES[kind] ?? "solid",
      "target-arrow-shape": HEADS[kind] ?? "triangle",
    } })),
    { selector: "edge.guardrail", style: { "line-dash-pattern": [2, 4], "line-style": "dashed" } },
    { selector: "edge.thin", style: { opacity: 0.2, "arrow-scale": 0.7, "curve-style": "straight" } },
    { selector: "edge.pale", style: { opacity: 0.13 } },
  ];
  return [...style, ...changes(of), ...chosen(of)];
}

const changes = (of) => [
  { selector: "edge.opens", style: {
    "line-color": of("opens"), "target-arrow-color": of("opens"), width: 4.5, opacity: 1, "z-index": 20, "arrow-scale": 1.25,
  } },
  { selector: "edge.closes", style: {
    "line-color": of("closes"), "target-arrow-color": of("closes"), width: 3, opacity: 1, "line-style": "dashed",
    "line-dash-pattern": [8, 6], "z-index": 19,
  } },
  { selector: "edge.opens.named", style: { label: "data(label)" } },
  { selector: ".added", style: { "border-color": of("opens"), "border-width": 3.5 } },
  { selector: ".gone", style: { "border-color": of("closes"), "border-width": 3, "border-style": "dashed", "background-opacity": 0.3 } },
];

const chosen = (of) => [
  { selector: "node.faded", style: { opacity: 0.22 } },
  { selector: "edge.faded", style: { opacity: 0.05 } },
  { selector: "edge.faded.thin", style: { visibility: "hidden" } }, // hundreds that nobody could tell apart
  { selector: "edge.said", style: { opacity: 1, label: "data(label)", "z-index": 30 } },
  { selector: "edge.way", style: {
    "line-color": of("accent"), "target-arrow-color": of("accent"), opacity: 1, label: "data(label)", "z-index": 35,
    "arrow-scale": 1.2,
  } },
  { selector: "edge.hover", style: { opacity: 1, label: "data(label)", "z-index": 40 } },
  { selector: "node.chosen", style: {
    "outline-width": 4, "outline-color": of("accent"), "outline-offset": 2, "outline-opacity": 1, "z-index": 50,
  } },
  { selector: "node.near", style: { "outline-width": 3, "outline-color": of("accent"), "outline-offset": 2, "outline-opacity": 0.7 } },
  ...[1, 2, 3].map((number) => ({ selector: `node.hop${number}`, style: {
    "background-fill": "solid", "background-color": of(`hop${number}`), color: of(`hop${number}-text`), "border-color": of(`hop1`), opacity: 1,
  } })),
];
