// Starts the page: views, navigation, theme and token.
import "./style.css";
import { api, keepToken, onTokenNeeded, Problem } from "./api";
import { CELView } from "./cel";
import { el, fill, icon } from "./dom";
import { ExploreView } from "./explore";
import { hasLabels, labelIRI } from "./labels";
import { ModelsView } from "./models";
import { restylePictures } from "./picture";
import { restylePlots } from "./plots";
import { problemCard, QueryView } from "./query";
import { StatsView } from "./stats";
import { count, setBase } from "./terms";

const names = ["query", "explore", "cel", "models", "graph"] as const;
type Name = (typeof names)[number];
const titles: Record<Name, string> = { query: "Query", explore: "Explore", cel: "Expression", models: "Models", graph: "Graph" };
const themeKey = "inkling-theme";

const explore = (iri: string) => {
  location.hash = `explore=${encodeURIComponent(iri)}`;
};
const query = new QueryView(explore, () => void load(), (text) => {
  location.hash = "cel";
  cel.take(text);
});
const cel = new CELView(explore);
const exploring = new ExploreView(explore);
const models = new ModelsView(() => void load());
const stats = new StatsView((text) => {
  sessionStorage.setItem("inkling-query", text);
  location.hash = "query";
  query.ask(text);
}, () => void load());

const views: Record<Name, HTMLElement> = {
  query: query.element, explore: exploring.element, cel: cel.element, models: models.element, graph: stats.element,
};
const summary = document.getElementById("summary")!;
const alerts = document.getElementById("alerts")!;

/** Asks what the database holds and tells it to the views. */
async function load(): Promise<void> {
  try {
    const [now, cards] = await Promise.all([api.stats(), api.models()]);
    setBase(now.base);
    hasLabels((now.relations ?? []).some((r) => r.relation === labelIRI));
    fill(alerts);
    fill(summary, `${count(now.triples)} triples · @${now.version}${cards.length ? ` · ${cards.length === 1 ? cards[0]!.name : `${cards.length} models`}` : ""}`);
    stats.show(now);
    await Promise.all([query.offer(now, cards.length > 0), exploring.offer(now)]);
  } catch (error) {
    fill(alerts, problemCard(error instanceof Problem ? error : new Problem(0, "Error", String(error))));
  }
}

function route(): void {
  const [name, argument] = location.hash.slice(1).split("=", 2) as [string, string | undefined];
  const chosen: Name = names.find((n) => n === name) ?? "query";
  for (const n of names) {
    views[n].hidden = n !== chosen;
    document.getElementById(`nav-${n}`)!.setAttribute("aria-current", n === chosen ? "page" : "false");
  }
  document.title = `${titles[chosen]} · Inkling`;
  if (chosen === "explore") void exploring.open(argument ? decodeURIComponent(argument) : "");
  if (chosen === "models") void models.refresh();
  if (chosen === "query") query.focus();
  if (chosen === "cel") cel.focus();
}

function restyle(): void {
  restylePictures();
  restylePlots();
}

function theme(next: string | null): void {
  if (next) localStorage.setItem(themeKey, next);
  const kept = next ?? localStorage.getItem(themeKey);
  if (kept) document.documentElement.dataset["theme"] = kept;
  restyle();
}

function toggleTheme(): void {
  const chosen = document.documentElement.dataset["theme"];
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  theme(dark ? "light" : "dark");
}

/** Asks for the token in a dialog; null when the reader gives up. One dialog serves all requests that wait. */
let asking: Promise<string | null> | null = null;
function askForToken(): Promise<string | null> {
  return (asking ??= new Promise<string | null>((resolve) => {
    const input = el("input", { type: "password", id: "token", autocomplete: "current-password", required: true });
    const dialog = el("dialog", { "aria-labelledby": "token-title" }, el("form", { method: "dialog" },
      el("h2", { id: "token-title" }, "Token"), el("p", {}, "This server asks for the token it was started with. It is kept for this tab only."),
      el("label", { class: "field" }, "Token", input), el("div", { class: "bar" }, el("button", { class: "primary", type: "submit", value: "ok" }, "Continue"))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      asking = null;
      resolve(dialog.returnValue === "ok" && input.value ? input.value : null);
    });
    document.body.append(dialog);
    dialog.showModal();
  }));
}

onTokenNeeded(async () => {
  keepToken(null);
  return askForToken();
});

document.getElementById("views")!.append(...Object.values(views));
document.getElementById("nav")!.append(...names.map((n) => el("a", { id: `nav-${n}`, href: `#${n}` }, titles[n])));
document.getElementById("theme")!.append(icon("sun"));
document.getElementById("theme")!.addEventListener("click", toggleTheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", restyle);
addEventListener("hashchange", route);
theme(null);
route();
void load();
