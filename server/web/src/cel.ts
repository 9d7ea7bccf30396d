// The CEL box: one expression, one value.
import { api, Problem } from "./api";
import { el, fill, icon } from "./dom";
import { Editor } from "./editor";
import { problemCard } from "./query";
import { celLanguage } from "./sparql";
import { duration, percent, shortIRI } from "./terms";

export class CELView {
  readonly element: HTMLElement;
  private readonly editor: Editor;
  private readonly out = el("div", { class: "cel-out", "aria-live": "polite" });

  constructor(private readonly explore: (iri: string) => void) {
    const host = el("div", { class: "editor line", id: "cel-editor" });
    this.element = el("section", { class: "view narrow", "aria-label": "Expression" },
      el("h2", {}, "Expression"),
      el("p", { class: "lead" }, "One question in CEL, over the same functions as queries: prob, is_fact, predict_tail, similar, degree, match …"),
      el("div", { class: "card" }, el("div", { class: "cel-line" }, host,
        el("button", { type: "button", class: "primary", id: "cel-run", onclick: () => this.execute() }, icon("play"), "Evaluate"))),
      this.out);
    this.editor = new Editor(host, { label: "CEL expression", hint: 'predict_tail("penicillin", "treats", 5)', language: celLanguage, run: () => void this.execute(), singleLine: true });
  }

  /** Puts an expression in the box and evaluates it. */
  take(text: string): void {
    this.editor.text = text;
    void this.execute();
  }

  focus(): void {
    this.editor.focus();
  }

  private async execute(): Promise<void> {
    const text = this.editor.text;
    if (!text.trim()) return;
    this.editor.fault(null);
    try {
      const answer = await api.eval(text);
      fill(this.out, el("div", { class: "card pad" }, valueNode(answer.value, this.explore),
        el("div", { class: "status" }, `${duration(answer.elapsed_ms)} · graph @${answer.version}`)));
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem(0, "Error", String(error));
      if (problem.line) this.editor.fault(problem);
      fill(this.out, problemCard(problem, () => this.editor.goTo(problem)));
    }
  }
}

/** Returns a JSON value as text, a list of like maps as a table. */
function valueNode(value: unknown, explore: (iri: string) => void): Node {
  if (Array.isArray(value) && value.length > 0 && value.every(isMap)) return mapTable(value, explore);
  if (typeof value === "boolean") return el("p", { class: `verdict ${value ? "yes" : "no"}` }, value ? "true" : "false");
  if (typeof value === "number") return el("p", { class: "verdict" }, String(Number(value.toPrecision(8))));
  if (typeof value === "string") return el("p", { class: "value" }, stringNode(value, explore));
  if (Array.isArray(value) && value.every((v) => typeof v === "string"))
    return el("ul", { class: "values" }, value.map((v) => el("li", {}, stringNode(v as string, explore))));
  return el("pre", {}, JSON.stringify(value, null, 2));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function mapTable(list: Record<string, unknown>[], explore: (iri: string) => void): HTMLElement {
  const keys = [...new Set(list.flatMap((m) => Object.keys(m)))];
  return el("div", { class: "table-wrap" }, el("table", {},
    el("thead", {}, el("tr", {}, keys.map((k) => el("th", { scope: "col", class: typeof list[0]![k] === "number" ? "right" : null }, k)))),
    el("tbody", {}, list.map((m) => el("tr", {}, keys.map((k) => el("td", { class: typeof m[k] === "number" ? "right" : null }, cell(k, m[k], explore))))))));
}

function cell(key: string, value: unknown, explore: (iri: string) => void): Node | string {
  if (typeof value === "number") return /prob/.test(key) ? percent(value) : String(Number(value.toPrecision(5)));
  if (typeof value !== "string") return JSON.stringify(value ?? null);
  return key === "node" ? nodeLink(value, value.replace(/^<(.*)>$/, "$1"), explore) : stringNode(value, explore);
}

function stringNode(text: string, explore: (iri: string) => void): Node {
  const iri = /^<(.*)>$/.exec(text)?.[1] ?? (/^[a-z][a-z0-9+.-]*:\S+$/i.test(text) ? text : "");
  return iri ? nodeLink(shortIRI(iri), iri, explore) : document.createTextNode(text);
}

function nodeLink(text: string, iri: string, explore: (iri: string) => void): Node {
  return el("a", { class: "iri", title: iri, href: `#explore=${encodeURIComponent(iri)}`, onclick: (event: Event) => (event.preventDefault(), explore(iri)) }, text);
}
