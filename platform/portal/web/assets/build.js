// `npm run build -- FOLDER`: FOLDER/page (style sheet and scripts) and FOLDER/locale (the words of each language).
import {execFileSync} from "node:child_process";
import {cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from "node:fs";
import {dirname, join, resolve} from "node:path";
import {fileURLToPath} from "node:url";
import {mo, po} from "gettext-parser";

const here = dirname(fileURLToPath(import.meta.url));
const portal = resolve(here, "../..");
const modules = join(here, "node_modules");
const folder = resolve(process.argv[2] ?? "build");
const scripts = {
  "htmx.js": "htmx.org/dist/htmx.min.js",
  "htmx-sse.js": "htmx-ext-sse/dist/sse.min.js",
  "alpine.js": "@alpinejs/csp/dist/cdn.min.js",
  "uplot.js": "uplot/dist/uPlot.iife.min.js",
  "uplot.css": "uplot/dist/uPlot.min.css",
};

function copy(from, to) {
  mkdirSync(dirname(to), {recursive: true});
  cpSync(join(modules, from), to, {dereference: true});
}

function styleSheet(target) {
  const tailwind = join(modules, "@tailwindcss/cli/dist/index.mjs");
  execFileSync(process.execPath, [tailwind, "--input", "page.css", "--output", target, "--minify"], {
    cwd: here,
    stdio: ["ignore", "ignore", "inherit"],
  });
}

// Each app and page group keeps its own words; Django reads one file a language.
function words() {
  const languages = {};
  const files = readdirSync(portal, {recursive: true}).filter((path) => !path.includes("node_modules"));
  for (const file of files.sort()) {
    const language = file.match(/(?:^|\/)locale\/(\w+)\/LC_MESSAGES\/\w+\.po$/)?.[1];
    if (!language) continue;
    const together = (languages[language] ??= {charset: "utf-8", headers: {}, translations: {}});
    const parsed = po.parse(readFileSync(join(portal, file)));
    Object.assign(together.headers, parsed.headers);
    for (const [context, entries] of Object.entries(parsed.translations)) {
      const known = (together.translations[context] ??= {});
      for (const [id, entry] of Object.entries(entries)) {
        if (entry.comments?.flag?.includes("fuzzy") || !entry.msgstr.every(Boolean)) continue;
        known[id] ??= entry;
      }
    }
  }
  return languages;
}

for (const [name, from] of Object.entries(scripts)) copy(from, join(folder, "page/web/vendor", name));
styleSheet(join(folder, "page/web/page.css"));
for (const [language, together] of Object.entries(words())) {
  const target = join(folder, "locale", language, "LC_MESSAGES/django.mo");
  mkdirSync(dirname(target), {recursive: true});
  writeFileSync(target, mo.compile(together));
}
