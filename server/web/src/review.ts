// What a model makes of the graph: stated triples that it doubts, and missing ones that it believes.
import { api, Problem, type Doubts, type Model, type Suggestions } from "./api";
import { el, fill } from "./dom";
import { problemCard } from "./query";
import { count, counted } from "./terms";

const shown = 25;

/** A part of a model's card that asks once it is opened. It outlives the card, which is made anew often. */
export class ReviewPanel {
  readonly element: HTMLDetailsElement;
  private readonly doubted = el("div", { "aria-live": "polite" });
  private readonly missing = el("div", { "aria-live": "polite" });
  private version = "";
  private asked = ""; // the version that is shown, or about to be

  constructor(private readonly model: string) {
    this.element = el("details", { class: "review", ontoggle: () => this.ask() },
      el("summary", {}, "Errors and gaps"),
      el("section", {}, el("h4", {}, "Stated, but improbable"), this.doubted),
      el("section", {}, el("h4", {}, "Probable, but not stated"), this.missing));
  }

  /** Takes note of the model as it is now; what is in view follows it. */
  update(model: Model): void {
    this.version = `${model.trained} ${model.version}`;
    this.ask();
  }

  private ask(): void {
    if (!this.element.open || this.asked === this.version) return;
    const version = (this.asked = this.version);
    const part = async <T>(into: HTMLElement, question: Promise<T>, show: (answer: T) => HTMLElement[]) => {
      try {
        const answer = await question;
        if (this.asked === version) fill(into, show(answer));
      } catch (error) {
        if (this.asked !== version) return;
        this.asked = ""; // opened again, it asks again
        fill(into, problemCard(error instanceof Problem ? error : new Problem(0, "Error", String(error))));
      }
    };
    for (const into of [this.doubted, this.missing]) if (!into.firstChild) fill(into, el("p", { class: "muted" }, "Asking the model …"));
    void part(this.doubted, api.errors({ model: this.model, limit: shown }), doubts);
    void part(this.missing, api.suggest({ model: this.model, limit: shown, per_relation: 5 }), suggestions);
  }
}

function doubts(d: Doubts): HTMLElement[] {
  const foot = el("p", { class: "muted small-text" }, `${count(d.doubtful)} of ${counted(d.judged, "triple")} below probability ${d.below.toFixed(2)}. ${d.note}`);
  return d.errors.length === 0 ? [foot] : [table("Stated, but improbable", ["probability", "triple", "because"], d.errors.map((e) => [
    e.probability.toFixed(3), triple(e), el("ul", {}, (e.reasons ?? []).map((r) => el("li", {}, r.text)))])), foot];
}

function suggestions(s: Suggestions): HTMLElement[] {
  const foot = el("p", { class: "muted small-text" }, `From probability ${s.least.toFixed(2)} on; ${counted(s.asked, "head")} of ${counted(s.relations, "relation")} were asked about.`);
  return s.suggestions.length === 0 ? [foot] : [table("Probable, but not stated", ["probability", "triple"], s.suggestions.map((t) => [t.probability.toFixed(3), triple(t)])), foot];
}

function triple(t: { head: string; relation: string; tail: string }): HTMLElement {
  return el("span", {}, t.head, " ", el("em", {}, t.relation), " ", t.tail);
}

function table(label: string, heads: string[], rows: (string | HTMLElement)[][]): HTMLElement {
  return el("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": label }, el("table", {},
    el("thead", {}, el("tr", {}, heads.map((h, i) => el("th", { scope: "col", class: i === 0 ? "right" : null }, h)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell, i) => el("td", { class: i === 0 ? "right" : null }, cell)))))));
}
