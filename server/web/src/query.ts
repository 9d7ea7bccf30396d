// The query view: editor, examples, and results as a table, a graph or a plan.
import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { api, Problem, type QueryAnswer, type Stats, type UpdateReport } from "./api";
import { el, fill, icon } from "./dom";
import { Editor } from "./editor";
import { examplesFor, type Example } from "./examples";
import { labelTerms } from "./labels";
import { download, PicturePanel } from "./picture";
import { isUpdate, sparqlLanguage } from "./sparql";
import { asCSV, table } from "./table";
import { watch, type Watched } from "./watch";
import { counted, duration, queryIRI, shortIRI } from "./terms";

const rowLimit = 1000;
const textKey = "inkling-query";
type Tab = "table" | "graph" | "plan";

/** Text completions of a query, besides what the graph holds. */
const words = `SELECT DISTINCT WHERE CONSTRUCT DESCRIBE ASK PREFIX OPTIONAL UNION MINUS FILTER BIND VALUES GRAPH SERVICE LIMIT OFFSET
  COUNT GROUP_CONCAT EXISTS INSERT DELETE DATA ink:plausible ink:predict ink:prob ink:k ink:model ink:stated ink:score ink:rank ink:is_fact ink:cel`.split(/\s+/);
const phrases = ["ORDER BY", "GROUP BY", "NOT EXISTS", "ORDER BY DESC(", "INSERT DATA {", "DELETE WHERE {"];

export class QueryView {
  readonly element: HTMLElement;
  private readonly editor: Editor;
  private readonly run: HTMLButtonElement;
  private readonly watchButton: HTMLButtonElement;
  private readonly tabs: Record<Tab, HTMLButtonElement>;
  private readonly panes: Record<Tab, HTMLElement>;
  private readonly status = el("div", { class: "status", role: "status", "aria-live": "polite" });
  private readonly note = el("div", { class: "note-area" });
  private readonly exampleList = el("ul", { class: "examples" });
  private readonly picture: PicturePanel;
  private readonly save = el("button", { type: "button", class: "quiet small", hidden: true, onclick: () => this.saveCSV() }, icon("download"), "CSV");
  private tab: Tab = "table";
  private running: AbortController | null = null;
  private watching: AbortController | null = null;
  private answer: QueryAnswer | null = null;
  private text = ""; // of the answer shown
  private drawn = "";
  private names: string[] = [];

  constructor(private readonly explore: (iri: string) => void, private readonly changed: () => void, private readonly useCEL: (text: string) => void) {
    const host = el("div", { class: "editor", id: "editor" });
    this.picture = new PicturePanel(explore);
    this.run = el("button", { type: "button", class: "primary", id: "run", onclick: () => this.execute() }, icon("play"), "Run");
    const explain = el("button", { type: "button", id: "explain", title: "Run and show the plan", onclick: () => this.execute(true) }, icon("plan"), "Explain");
    this.watchButton = el("button", { type: "button", id: "watch", "aria-pressed": "false", title: "Keep the rows up to date as the graph and its models change", onclick: () => void this.watch() }, icon("eye"), "Watch");
    this.tabs = { table: this.tabButton("table", "Table"), graph: this.tabButton("graph", "Graph"), plan: this.tabButton("plan", "Plan") };
    this.panes = { table: this.pane("table"), graph: this.pane("graph"), plan: this.pane("plan") };
    this.panes.graph.append(this.picture.element);
    this.element = el("section", { class: "view query-view", "aria-label": "Query" },
      el("aside", { class: "side" }, el("h2", {}, "Examples"), this.exampleList),
      el("div", { class: "main" },
        el("div", { class: "card editor-card" }, host,
          el("div", { class: "bar" }, this.run, explain, this.watchButton, el("span", { class: "hint" }, el("kbd", {}, "Ctrl"), "+", el("kbd", {}, "Enter")), el("span", { class: "spacer" }), this.status)),
        this.note,
        el("div", { class: "card result" },
          el("div", { class: "bar tabs" }, el("div", { role: "tablist", "aria-label": "Result" }, this.tabs.table, this.tabs.graph, this.tabs.plan), el("span", { class: "spacer" }), this.save),
          this.panes.table, this.panes.graph, this.panes.plan)));
    this.editor = new Editor(host, {
      label: "SPARQL query or update", hint: "SELECT … or INSERT …", language: sparqlLanguage, run: () => void this.execute(), complete: (context) => this.complete(context),
    });
    this.editor.text = sessionStorage.getItem(textKey) ?? "";
    fill(this.panes.table, el("p", { class: "empty" }, "Run a query to see its rows here."));
    this.show("table");
  }

  /** Takes the graph's names and makes examples of them. */
  async offer(stats: Stats, hasModel: boolean): Promise<void> {
    this.names = (stats.relations ?? []).slice(0, 400).map((r) => queryIRI(r.relation));
    const examples = await examplesFor(stats, hasModel);
    fill(this.exampleList, examples.map((example) => el("li", {}, el("button", { type: "button", onclick: () => this.take(example) },
      el("span", { class: `kind ${example.language}` }, example.language === "cel" ? "CEL" : "SPARQL"), example.title))));
    if (!this.editor.text) {
      this.editor.text = examples[0]!.text;
    }
  }

  focus(): void {
    this.editor.focus();
  }

  /** Puts a query in the editor and runs it. */
  ask(text: string): void {
    this.take({ title: "", text, language: "sparql" });
  }

  private take(example: Example): void {
    if (example.language === "cel") {
      this.useCEL(example.text);
      return;
    }
    this.editor.text = example.text;
    if (isUpdate(example.text)) this.editor.focus(); // an update waits for the reader's own hand
    else void this.execute();
  }

  private tabButton(tab: Tab, label: string): HTMLButtonElement {
    return el("button", { type: "button", role: "tab", id: `tab-${tab}`, "aria-controls": `pane-${tab}`, onclick: () => this.show(tab), onkeydown: (event: Event) => this.arrow(event as KeyboardEvent) },
      tab === "plan" ? icon("plan") : icon(tab), label);
  }

  private pane(tab: Tab): HTMLElement {
    return el("div", { class: `pane ${tab}`, role: "tabpanel", id: `pane-${tab}`, "aria-labelledby": `tab-${tab}` });
  }

  private arrow(event: KeyboardEvent): void {
    const order: Tab[] = ["table", "graph", "plan"];
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? 2 : 0;
    if (!step) return;
    this.show(order[(order.indexOf(this.tab) + step) % 3]!);
    this.tabs[this.tab].focus();
  }

  private show(tab: Tab): void {
    this.tab = tab;
    for (const name of ["table", "graph", "plan"] as Tab[]) {
      this.tabs[name].setAttribute("aria-selected", String(name === tab));
      this.tabs[name].tabIndex = name === tab ? 0 : -1;
      this.panes[name].hidden = name !== tab;
    }
    if (tab === "graph") void this.draw();
    if (tab === "plan" && this.answer && !this.answer.plan && this.text) void this.execute(true);
  }

  private async execute(explain = this.tab === "plan"): Promise<void> {
    if (this.running) {
      this.running.abort();
      return;
    }
    const text = this.editor.text;
    if (!isUpdate(text)) this.watching?.abort(); // what is watched may be what an update changes
    sessionStorage.setItem(textKey, text);
    if (!text.trim()) return;
    this.editor.fault(null);
    fill(this.note);
    this.busy(true);
    const control = (this.running = new AbortController());
    try {
      if (isUpdate(text)) this.updated(await api.update(text, control.signal));
      else await this.answered(text, await api.query(text, rowLimit, explain, control.signal), explain);
    } catch (error) {
      this.failed(error);
    } finally {
      this.running = null;
      this.busy(false);
    }
  }

  /** Keeps the rows of the query in the editor up to date until told to stop. */
  private async watch(): Promise<void> {
    if (this.watching) {
      this.watching.abort();
      return;
    }
    const text = this.editor.text;
    sessionStorage.setItem(textKey, text);
    if (!text.trim()) return;
    this.running?.abort();
    this.editor.fault(null);
    fill(this.note);
    const control = (this.watching = new AbortController());
    this.watchButton.setAttribute("aria-pressed", "true");
    fill(this.watchButton, icon("eye"), "Stop watching");
    this.status.textContent = "watching …";
    try {
      await watch(text, (now) => void this.changedTo(text, now, control.signal), (why) => (this.status.textContent = `${why} Trying again …`), control.signal);
    } catch (error) {
      this.failed(error);
    } finally {
      this.watching = null;
      this.watchButton.setAttribute("aria-pressed", "false");
      fill(this.watchButton, icon("eye"), "Watch");
    }
  }

  private async changedTo(text: string, now: Watched, signal: AbortSignal): Promise<void> {
    const answer: QueryAnswer = { kind: "rows", vars: now.vars, rows: now.rows, truncated: false, versions: now.versions, elapsed_ms: 0 };
    this.answer = answer;
    this.text = text;
    this.drawn = "";
    this.save.hidden = !now.rows.length;
    await labelTerms(now.rows.flat());
    if (signal.aborted || this.answer !== answer) return;
    const models = Object.entries(now.versions.models ?? {}).map(([name, version]) => ` · ${name} @${version}`).join("");
    const change = now.fresh.size + now.gone ? ` · +${now.fresh.size} −${now.gone}` : "";
    this.status.textContent = `watching · ${counted(now.rows.length, "row")}${change} · graph @${now.versions.graph}${models}`;
    fill(this.panes.table, now.rows.length ? table(answer, this.explore, now.fresh) : this.rowsOf(answer));
    if (this.tab === "plan") this.show("table");
    else if (this.tab === "graph") await this.draw();
  }

  private busy(on: boolean): void {
    this.element.classList.toggle("busy", on);
    fill(this.run, on ? "Stop" : icon("play"), on ? "" : "Run");
    if (on) this.status.textContent = "running …";
  }

  private async answered(text: string, answer: QueryAnswer, explain: boolean): Promise<void> {
    this.answer = answer;
    this.text = text;
    this.drawn = "";
    const models = Object.entries(answer.versions.models ?? {}).map(([name, version]) => `${name} @${version}`);
    const size = answer.kind === "boolean" ? "" : `${counted(answer.rows?.length ?? 0, answer.kind === "graph" ? "triple" : "row")}${answer.truncated ? " (first of more)" : ""} · `;
    this.status.textContent = `${size}${duration(answer.elapsed_ms)} · graph @${answer.versions.graph}${models.length ? ` · ${models.join(", ")}` : ""}`;
    this.save.hidden = answer.kind === "boolean" || !answer.rows?.length;
    await labelTerms((answer.rows ?? []).flat());
    fill(this.panes.table, this.rowsOf(answer));
    fill(this.panes.plan, answer.plan ? el("pre", { tabindex: "0" }, answer.plan) : el("p", { class: "empty" }, "Explain shows how the query was run."));
    if (explain) this.show("plan");
    else if (this.tab === "graph") await this.draw();
    else this.show("table");
  }

  private rowsOf(answer: QueryAnswer): HTMLElement {
    if (answer.kind === "boolean") return el("p", { class: `verdict ${answer.boolean ? "yes" : "no"}` }, answer.boolean ? "Yes" : "No");
    if (!answer.rows?.length) return el("p", { class: "empty" }, "No rows: nothing in the graph matches.");
    return table(answer, this.explore);
  }

  private updated(report: UpdateReport): void {
    if (this.watching) { // the rows stay; what the update changes of them comes by itself
      fill(this.note, el("p", { class: "muted", role: "status" }, `Added ${report.added}, removed ${report.removed}: version ${report.version}.`));
      if (this.status.textContent === "running …") this.status.textContent = `watching · graph @${report.version}`;
      this.changed();
      return;
    }
    this.answer = null;
    this.text = "";
    this.save.hidden = true;
    this.status.textContent = `${duration(report.elapsed_ns / 1e6)} · graph @${report.version}`;
    fill(this.panes.table, el("p", { class: "verdict yes" }, `Added ${report.added}, removed ${report.removed}`), el("p", { class: "empty" }, `This is version ${report.version} of the graph. Models follow it without a new training.`));
    this.show("table");
    this.changed();
  }

  private failed(error: unknown): void {
    this.status.textContent = "";
    if ((error as Error).name === "AbortError") {
      this.status.textContent = "stopped";
      return;
    }
    const problem = error instanceof Problem ? error : new Problem(0, "Error", String(error));
    fill(this.note, problemCard(problem, () => this.editor.goTo(problem)));
    if (problem.line) this.editor.fault(problem);
  }

  private async draw(): Promise<void> {
    if (!this.text || this.drawn === this.text) return;
    this.drawn = this.text;
    this.panes.graph.classList.add("loading");
    try {
      const picture = await api.picture({ query: this.text, limit: 120 });
      await labelTerms(picture.nodes.map((n) => n.term));
      await this.picture.show(picture);
    } catch (error) {
      this.drawn = "";
      this.failed(error);
    } finally {
      this.panes.graph.classList.remove("loading");
    }
  }

  private saveCSV(): void {
    if (!this.answer) return;
    const url = URL.createObjectURL(new Blob([asCSV(this.answer)], { type: "text/csv" }));
    download(url, "inkling.csv");
    URL.revokeObjectURL(url);
  }

  private complete(context: CompletionContext): CompletionResult | null {
    const word = context.matchBefore(/[:?\w][\w:.-]*/);
    if (!word || (word.text.length < 2 && !context.explicit)) return null;
    const vars = [...new Set(context.state.doc.toString().match(/\?\w+/g) ?? [])].filter((v) => v !== word.text);
    const options = [...vars.map((label) => ({ label, type: "variable" })), ...this.names.map((label) => ({ label, type: "property", detail: label.startsWith("<") ? shortIRI(label.slice(1, -1)) : "relation" })),
      ...phrases.map((label) => ({ label, type: "keyword" })), ...words.map((label) => ({ label, type: "keyword" }))];
    return { from: word.from, options, validFor: /^[:?\w][\w:.-]*$/ };
  }
}

/** Returns what is told of an error; goTo moves to its place. */
export function problemCard(problem: Problem, goTo?: () => void): HTMLElement {
  return el("div", { class: "problem", role: "alert" },
    el("strong", {}, problem.line ? `Line ${problem.line}, column ${problem.column}` : problem.title),
    el("span", {}, problem.message.replace(/^(\w+: )?line \d+, column \d+: /, "")),
    problem.hint && !problem.message.includes(problem.hint) && el("span", { class: "muted" }, problem.hint),
    problem.line > 0 && goTo && el("button", { type: "button", class: "small", onclick: goTo }, "Show"));
}
