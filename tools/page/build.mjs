// Bundles tools/page/src; see build.sh, which calls it with: node_modules, the folder to write into, axe's, all|page.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [modules, into, axe, what] = process.argv.slice(2);
const source = join(dirname(fileURLToPath(import.meta.url)), "src");
const esbuild = createRequire(join(modules, "x"))("esbuild");
// cytoscape's file has parts of heap and lodash in it.
const LIBRARY = ["cytoscape", "cytoscape-fcose", "cose-base", "layout-base", "heap", "lodash"];

const manifest = (name) => JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
// A file's own version of the sources, which a test compares: who changes a module and forgets to build hears of it.
const digest = (names) => {
  const hash = createHash("sha256");
  for (const name of [...names].sort()) hash.update(`${name}\n${readFileSync(join(source, name), "utf8")}`);
  return hash.digest("hex");
};
const bundle = (entry, banner, minify) =>
  esbuild.build({
    entryPoints: [join(source, entry)],
    bundle: true,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    legalComments: "inline",
    nodePaths: [modules],
    minify,
    outfile: join(into, entry),
    banner: { js: banner },
  });

mkdirSync(into, { recursive: true });
const ours = readdirSync(source).filter((name) => name.endsWith(".js") && name !== "library.js");
await bundle("main.js", `// segctl's own page, bundled by tools/page/build.sh from tools/page/src ${digest(ours)}`, false);
if (what !== "page") {
  const named = LIBRARY.map((name) => `${name} ${manifest(name).version} (${manifest(name).license})`).join(", ");
  await bundle("library.js", `/* ${named}; licences: LICENSES.txt; ${digest(["library.js"])} */`, true);
  const licences = LIBRARY.map((name) => {
    const file = readdirSync(join(modules, name)).find((each) => /^licen[cs]e/i.test(each));
    const text = file ? readFileSync(join(modules, name, file), "utf8") : readme(name);
    const { version, license } = manifest(name);
    return `${name} ${version} (${license})\n\n${text.trim().replace(/[ \t]+$/gm, "")}\n`;
  });
  writeFileSync(join(into, "LICENSES.txt"), licences.join(`\n${"-".repeat(80)}\n\n`));
  mkdirSync(axe, { recursive: true });
  for (const name of ["axe.min.js", "LICENSE"]) copyFileSync(join(modules, "axe-core", name), join(axe, name));
}

function readme(name) {
  // heap has its licence in its README only
  const text = readFileSync(join(modules, name, "README.md"), "utf8");
  return text.slice(text.search(/license/i));
}
