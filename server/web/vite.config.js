import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vite";

// Writes assets/third-party.txt: the licence of every package whose code is in the bundle.
const licences = {
  name: "licences",
  generateBundle(_, bundle) {
    const folders = new Set();
    for (const part of Object.values(bundle)) {
      for (const id of part.type === "chunk" ? part.moduleIds : []) {
        const folder = /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(id)?.[0];
        if (folder) folders.add(folder);
      }
    }
    const texts = [...folders].sort().map((folder) => {
      const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
      if (!file) this.error(`${name} has no licence file`);
      return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
    });
    this.emitFile({ type: "asset", fileName: "assets/third-party.txt", source: texts.join(`\n${"-".repeat(80)}\n\n`) });
  },
};

// Names without content hashes keep the committed dist diffable; the server sends an ETag per file instead.
export default defineConfig({
  base: "./",
  plugins: [licences],
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    rollupOptions: {
      output: {
        entryFileNames: "assets/[name].js",
        chunkFileNames: "assets/[name].js",
        assetFileNames: "assets/[name][extname]",
      },
    },
  },
  server: { proxy: { "/sparql": "http://127.0.0.1:7687", "/api": "http://127.0.0.1:7687" } },
});
