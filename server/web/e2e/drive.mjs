// Drives the page in headless Chromium as a reader would, against a real server, and saves screenshots.
// usage: node e2e/drive.mjs SERVER-COMMAND SCREENSHOT-FOLDER
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [serverCommand, folder = "screenshots"] = process.argv.slice(2);
const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const patience = 60_000; // milliseconds for one thing to appear; the machine may be busy

/** Starts a server and returns its address and how to stop it. */
async function start(...args) {
  const child = spawn(serverCommand, args, { stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise((resolve, reject) => {
    child.stdout.once("data", (line) => resolve(String(line).trim()));
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
  const stop = () => new Promise((resolve) => {
    child.removeAllListeners("exit");
    child.once("exit", (code) => resolve(code));
    child.kill("SIGTERM");
  });
  return { url, stop };
}

mkdirSync(folder, { recursive: true });
const profile = mkdtempSync(join(tmpdir(), "inkling-e2e-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: quiet, viewport: { width: 1280, height: 860 }, colorScheme: "light",
});
const faults = [];
const requests = [];

async function open(url) {
  const page = await browser.newPage();
  page.setDefaultTimeout(patience);
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    // The browser styles what is typed into an editable element by itself; the policy stops that, which is harmless.
    const expected = /Applying inline style|status of (400|401|404|422)/.test(message.text());
    if (message.type() === "error" && !expected) faults.push(message.text());
  });
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(url);
  return page;
}

async function step(name, act) {
  const begin = Date.now();
  await act();
  console.log(`ok  ${name} (${Date.now() - begin} ms)`);
}

async function write(page, text) {
  await page.click("#editor");
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(text);
}

const shot = (page, name) => page.screenshot({ path: join(folder, `${name}.png`) });

/** Waits for a drawing, and until its first frames are painted. */
async function drawn(page, view) {
  await page.waitForSelector(`${view} canvas`);
  await page.waitForTimeout(1000);
  const panel = page.locator(`${view} .picture`);
  return { stated: Number(await panel.getAttribute("data-stated")), plausible: Number(await panel.getAttribute("data-plausible")) };
}

async function examples(page) {
  await page.waitForSelector(".examples li:nth-child(5)");
  const titles = await page.locator(".examples button").allTextContents();
  assert.ok(titles.some((t) => t.includes("Missing")), `no example asks for missing links: ${titles}`);
}

async function queryAndTable(page) {
  await write(page, "SELECT ?s ?p ?o { ?s ?p ?o } LIMIT 7");
  await page.keyboard.press("Control+Enter");
  await page.waitForFunction(() => document.querySelectorAll("#pane-table tbody tr").length === 7);
  assert.match(await page.locator(".status").first().textContent(), /^7 rows/);
  await page.click("#pane-table th button");
  assert.equal(await page.locator("#pane-table th").first().getAttribute("aria-sort"), "ascending");
}

async function missingLinks(page) {
  await page.locator(".examples button", { hasText: "Missing" }).click();
  await page.waitForSelector("#pane-table td.has-share");
  await shot(page, "1-table");
  await page.click("#tab-graph");
  const edges = await drawn(page, "#pane-graph");
  assert.ok(edges.plausible > 0, "no edge is drawn as plausible");
  await shot(page, "2-graph");
  await page.click("#pane-graph .as-list summary");
  assert.match(await page.locator("#pane-graph .edge-list .plausible").first().textContent(), /\(.*%\)/);
  await page.click("#pane-graph .as-list summary");
}

/** Runs every example: none may fail, as a table or as a graph. */
async function everyExample(page) {
  const buttons = page.locator(".examples button", { hasNotText: "CEL" });
  await page.click("#tab-table");
  for (let i = 0; i < await buttons.count(); i++) {
    const title = await buttons.nth(i).textContent();
    if (/Add a triple/.test(title)) continue;
    await page.evaluate(() => { document.querySelector("#pane-table").replaceChildren(); });
    await buttons.nth(i).click();
    await page.waitForSelector("#pane-table table, .problem");
    await page.click("#tab-graph");
    await page.waitForSelector("#pane-graph:not(.loading)");
    assert.equal(await page.locator(".problem").count(), 0, `${title}: ${await page.locator(".problem").allTextContents()}`);
    await page.click("#tab-table");
  }
}

async function importing(page) {
  await page.click("#nav-graph");
  const file = { name: "more.tsv", mimeType: "text/plain", buffer: Buffer.from("a\tlikes\tb\nbroken\n") };
  await page.setInputFiles("#import-file", file);
  await page.click(".import-form button");
  await page.waitForSelector(".stats-view .problem");
  await page.check("#skip-bad");
  await page.click(".import-form button");
  await page.waitForSelector(".good-text");
  assert.match(await page.locator(".good-text").textContent(), /^1 triple added .*1 broken line skipped/);
}

async function plan(page) {
  await page.locator(".examples button", { hasText: "Two steps" }).click();
  await page.click("#tab-plan");
  await page.waitForSelector("#pane-plan pre");
  await shot(page, "3-plan");
}

async function marksAnError(page) {
  await page.click("#tab-table");
  await write(page, "SELECT ?a WHERE {\n  ?a :knows ?b .\n  FILTER(?b > )\n}");
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector(".problem");
  assert.match(await page.locator(".problem strong").textContent(), /^Line 3, column \d+/);
  await page.waitForSelector(".cm-fault");
  await shot(page, "4-error");
}

async function update(page) {
  await write(page, "INSERT DATA { :e2e :knows :inkling }");
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector("#pane-table .verdict");
  assert.match(await page.locator("#pane-table .verdict").textContent(), /Added 1, removed 0/);
  await write(page, "ASK { :e2e :knows :inkling }");
  await page.keyboard.press("Control+Enter");
  await page.waitForFunction(() => document.querySelector("#pane-table .verdict")?.textContent === "Yes");
}

async function labels(page) {
  await write(page, 'INSERT DATA { :e2e rdfs:label "Ende zu Ende"@de, "End to end"@en }');
  await page.keyboard.press("Control+Enter");
  await page.waitForFunction(() => /Added 2/.test(document.querySelector("#pane-table .verdict")?.textContent));
  await page.waitForFunction(() => /@4/.test(document.querySelector("#summary").textContent)); // the page knows of it
  await write(page, "SELECT ?s { ?s :knows :inkling }");
  await page.keyboard.press("Control+Enter");
  await page.waitForFunction(() => document.querySelector("#pane-table td")?.textContent === "End to end");
}

async function explore(page) {
  await page.click("#nav-explore");
  await drawn(page, ".explore-view");
  await page.locator("#least").fill("5");
  await page.locator("#least").dispatchEvent("change");
  await page.waitForFunction(() => Number(document.querySelector(".explore-view .picture").dataset.plausible) > 0);
  const edges = await drawn(page, ".explore-view");
  assert.ok(edges.stated > 0 && edges.plausible > 0, `${edges.stated} stated and ${edges.plausible} plausible edges`);
  await shot(page, "5-explore");
}

async function models(page) {
  await page.click("#nav-models");
  await page.waitForSelector(".model .curve .line.loss");
  assert.ok((await page.locator(".model .curve .line.loss").getAttribute("d")).split("L").length > 3, "the curve has too few points");
  assert.match(await page.locator(".model .figure.strong b").textContent(), /^0\.\d{3}$/);
  await shot(page, "6-models");
  await page.selectOption("#family", "distmult");
  await page.fill("#epochs", "3");
  await page.fill("#dim", "16");
  await page.click(".train-form button");
  await page.waitForSelector('[data-model="distmult"] .curve');
}

/** Opens what a model doubts and believes: rows of triples with their probability. */
async function review(page) {
  await page.click("#nav-models");
  const panel = page.locator('[data-model="complex"] .review');
  await panel.locator("summary").click();
  await page.waitForFunction(() => document.querySelectorAll('[data-model="complex"] .review section > div > .small-text').length === 2);
  assert.match(await panel.locator("section").last().textContent(), /From probability 0\.\d\d on/);
  await shot(page, "6-review");
  await panel.locator("summary").click();
}

/** Opens a model's plots: four pictures of the server's, in the theme, with words; the map by another method. */
async function plots(page) {
  await page.click("#nav-models");
  const card = page.locator('[data-model="complex"]');
  await card.locator(".plots summary").click();
  const drawn = (count) => page.waitForFunction((count) => {
    const images = [...document.querySelectorAll('[data-model="complex"] .plot:not(.loading) img')];
    return images.length === count && images.every((i) => i.complete && i.naturalWidth > 200);
  }, count, { timeout: 4 * patience }); // a map takes seconds of a processor, which the machine may not have
  await drawn(4);
  const words = await card.locator(".plot img").evaluateAll((images) => images.map((i) => i.alt));
  for (const part of [/loss/, /by relation/, /Colour/, /first ten/]) assert.ok(words.some((w) => part.test(w)), `no picture tells of ${part}: ${words}`);
  await page.setViewportSize({ width: 1280, height: 1900 });
  await card.screenshot({ path: join(folder, "12-plots.png") });
  const map = card.locator('[data-plot="entities"]');
  const before = await map.locator("img").getAttribute("src");
  await map.locator("select").selectOption("pca");
  await map.locator("input").fill("occupation");
  await map.locator("input").press("Enter");
  await page.waitForFunction((before) => {
    const image = document.querySelector('[data-model="complex"] [data-plot="entities"] .plot:not(.loading) img');
    return image && image.src !== before && /occupation/.test(image.alt);
  }, before);
  await page.click("#theme");
  await page.waitForFunction(() => [...document.querySelectorAll('[data-model="complex"] .plot img')].every((i) => i.src.includes(encodeURIComponent("#181C26"))));
  await card.screenshot({ path: join(folder, "13-plots-dark.png") });
  await page.setViewportSize({ width: 390, height: 2600 });
  await drawn(4);
  await page.waitForTimeout(300);
  await shot(page, "14-plots-narrow");
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.click("#theme");
  await map.locator("input").fill("nosuchrelation");
  await map.locator("input").press("Enter");
  await map.locator(".problem").waitFor();
  await map.locator("input").fill("");
  await map.locator("input").press("Enter");
  await drawn(4);
  const saving = page.waitForEvent("download");
  await map.getByRole("button", { name: "Save entities as PNG" }).click();
  assert.equal((await saving).suggestedFilename(), "complex-entities.png");
}

async function expression(page) {
  await page.click("#nav-cel");
  await page.click("#cel-editor");
  await page.keyboard.insertText("1 + 2 * 3");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".cel-out .verdict")?.textContent === "7");
  await page.click("#nav-query");
  await page.locator(".examples button", { hasText: "Five best" }).click();
  await page.waitForSelector(".cel-out td");
  await shot(page, "7-expression");
}

async function graph(page) {
  await page.click("#nav-graph");
  await page.waitForSelector(".stats-view tbody tr");
  await shot(page, "8-stats");
}

async function darkAndNarrow(page) {
  await page.evaluate(() => { document.documentElement.dataset.theme = "light"; });
  await page.click("#theme");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  await page.click("#nav-explore");
  await drawn(page, ".explore-view");
  await shot(page, "9-explore-dark");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.click("#nav-query");
  await page.locator(".examples button", { hasText: "First triples" }).click();
  await page.waitForSelector("#pane-table td");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `the page is ${wide} pixels wider than a phone`);
  await shot(page, "10-narrow-dark");
  await page.click("#theme");
}

/** Runs axe over every view in both themes: no rule may be broken. */
async function accessible(page) {
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(axe);
  for (const theme of ["light", "dark"]) {
    await page.evaluate((theme) => { document.documentElement.dataset.theme = theme; }, theme);
    for (const view of ["query", "explore", "cel", "models", "graph"]) {
      await page.click(`#nav-${view}`);
      await page.waitForTimeout(300);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document));
      const told = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(", ")}`);
      assert.deepEqual(told, [], `${view}, ${theme}`);
    }
  }
}

async function token() {
  const guarded = await start("-epochs", "0", "-token", "secret");
  const page = await open(guarded.url);
  await page.waitForSelector("dialog #token");
  await shot(page, "11-token");
  await page.fill("#token", "secret");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".examples button");
  await page.close();
  assert.equal(await guarded.stop(), 0, "the server did not stop gently");
}

const server = await start();
try {
  const page = await open(server.url);
  await step("examples adapt to the graph", () => examples(page));
  await step("a query fills the table", () => queryAndTable(page));
  await step("missing links as table and graph", () => missingLinks(page));
  await step("every example", () => everyExample(page));
  await step("the plan", () => plan(page));
  await step("an error is marked", () => marksAnError(page));
  await step("an update", () => update(page));
  await step("labels instead of names", () => labels(page));
  await step("exploring", () => explore(page));
  await step("model cards and training", () => models(page));
  await step("errors and gaps", () => review(page));
  await step("plots of a model", () => plots(page));
  await step("an expression", () => expression(page));
  await step("the graph's figures", () => graph(page));
  await step("an import", () => importing(page));
  await step("accessible by axe's rules", () => accessible(page));
  await step("dark and narrow", () => darkAndNarrow(page));
  await step("the token", token);
  const elsewhere = requests.filter((url) => !/^(http:\/\/127\.0\.0\.1:|data:|blob:)/.test(url));
  assert.deepEqual(elsewhere, [], "the page asked other hosts");
  assert.deepEqual(faults, [], "the page logged errors");
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
  await server.stop();
}
console.log(`screenshots are in ${folder}`);
