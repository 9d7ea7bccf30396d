import { defineConfig } from "vite";

// Names without content hashes keep the committed dist diffable; the server sends an ETag per file instead.
export default defineConfig({
  base: "./",
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
