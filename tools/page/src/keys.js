// The keyboard.

import { byId } from "./dom.js";

const PAN = 80;
const ARROWS = { ArrowUp: [0, PAN], ArrowDown: [0, -PAN], ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0] };

export function keys(page, actions) {
  const pressed = {
    "/": () => byId("q").focus(), Escape: () => escape(page), f: actions.fit, "+": actions.closer, "=": actions.closer,
    "-": actions.farther, t: actions.theme, "?": actions.help, s: () => page.swap(),
    m: () => page.set({ view: "matrix" }), g: () => page.set({ view: "map" }),
    b: () => page.state.a !== undefined && page.set({ blast: !page.state.blast, b: undefined }),
    n: () => next(page, 1), p: () => next(page, -1),
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("about").open) return;
    const typing = event.target.matches("input:not([type=checkbox]), select, textarea");
    if (typing && event.key !== "Escape") return;
    if (event.target.id === "map" && ARROWS[event.key]) page.map.pan(...ARROWS[event.key]);
    else if (pressed[event.key]) pressed[event.key]();
    else return;
    event.preventDefault();
  });
}

function escape(page) {
  if (document.activeElement === byId("q")) {
    byId("q").blur();
    byId("map").focus();
  } else page.choose(undefined);
}

// The next of the segments that the filters leave.
function next(page, by) {
  const those = [...(page.filter.segments(page.state.filters) ?? page.site.segments.map((one) => one.at))];
  if (!those.length) return;
  const at = those.indexOf(page.state.a);
  page.choose(those[(at < 0 ? (by > 0 ? 0 : -1) : at + by + those.length) % those.length] ?? those.at(-1));
}
