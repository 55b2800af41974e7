// Builds the dashboard: `node build.mjs DIR` writes all that is embedded into DIR, and
// `node build.mjs --tests DIR` the tests, for Node's own runner.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const [first, second] = process.argv.slice(2);

if (first === "--tests") {
  await tests(second);
} else {
  await dashboard(first);
}

async function dashboard(into) {
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true });
  const result = await build({
    entryPoints: [{ in: join(here, "src/main.tsx"), out: "app" }],
    outdir: into,
    bundle: true,
    minify: true,
    metafile: true,
    format: "esm",
    target: ["es2022", "chrome111", "firefox115", "safari16.4"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    charset: "utf8",
  });
  for (const name of ["index.html", "favicon.svg"]) {
    await copyFile(join(here, "src", name), join(into, name));
  }
  await writeFile(join(into, "LICENSES.txt"), await licenses(result.metafile));
  for (const name of ["app.js", "app.css"]) {
    const body = await readFile(join(into, name));
    console.log(`${name}: ${body.length} bytes, ${gzipSync(body, { level: 9 }).length} by gzip`);
  }
}

// licenses has the licence of each package of which something is in the bundle.
async function licenses(metafile) {
  const names = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) names.add(found[1]);
  }
  let text = "The dashboard's app.js and app.css contain these packages.\n";
  for (const name of [...names].sort()) {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const terms = await readFile(join(folder, "LICENSE"), "utf8");
    text += `\n${"-".repeat(72)}\n${name} ${version} (${license})\n\n${terms.trim().replaceAll("\r\n", "\n")}\n`;
  }
  return text;
}

async function tests(into) {
  await rm(into, { recursive: true, force: true });
  const sources = (await readdir(join(here, "test"))).filter((name) => name.endsWith(".test.ts"));
  await build({
    entryPoints: sources.map((name) => join(here, "test", name)),
    outdir: into,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
  });
}
