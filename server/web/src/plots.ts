// The plots of a model: drawn by the server when the reader opens them, in the page's theme.
import { api, Problem, type Model, type PlotKind } from "./api";
import { el, fill, icon } from "./dom";
import { download } from "./picture";
import { problemCard } from "./query";

const kinds: { kind: PlotKind; caption: string }[] = [
  { kind: "curves", caption: "Training" },
  { kind: "relations", caption: "Held-out triples by relation" },
  { kind: "entities", caption: "Entities" },
  { kind: "ranks", caption: "Ranks of the right answers" },
];

const panels = new Set<PlotsPanel>();

/** Draws all open plots again, after a change of the theme. */
export function restylePlots(): void {
  for (const panel of panels) panel.drawAll();
}

/** Reports whether the page is dark. */
function dark(): boolean {
  const chosen = document.documentElement.dataset["theme"];
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** A part of a model's card that shows its plots once it is opened. It outlives the card, which is made anew often. */
export class PlotsPanel {
  readonly element: HTMLDetailsElement;
  private readonly method = el("select", { onchange: () => void this.draw("entities") }, el("option", { value: "tsne" }, "t-SNE"), el("option", { value: "pca" }, "PCA"));
  private readonly typedBy = el("input", { placeholder: "rdf:type", autocomplete: "off", spellcheck: "false", onchange: () => void this.draw("entities") });
  private readonly panes = new Map(kinds.map(({ kind }) => [kind, el("div", { class: "plot" })]));
  private readonly drawn = new Map<PlotKind, string>(); // what each pane shows, or is about to
  private readonly failed = new Set<PlotKind>(); // asked for again when the panel is opened again
  private version = "";
  private settling = 0; // the timer of a change of width

  constructor(private readonly model: string) {
    const choices = el("span", { class: "plot-choices" }, el("label", {}, "by ", this.method), el("label", {}, "coloured by ", this.typedBy));
    this.element = el("details", { class: "plots", ontoggle: () => this.opened() },
      el("summary", {}, "Plots"),
      el("div", { class: "plot-grid" }, kinds.map(({ kind, caption }) => el("figure", { "data-plot": kind },
        el("figcaption", {}, el("span", {}, caption), kind === "entities" && choices, el("span", { class: "plot-savers" }, this.saver(kind, "svg"), this.saver(kind, "png"))),
        this.panes.get(kind)!))));
    new ResizeObserver(() => {
      clearTimeout(this.settling);
      this.settling = setTimeout(() => this.drawAll(), 250);
    }).observe(this.element);
  }

  /** Takes note of the model as it is now; plots in view follow it. */
  update(model: Model): void {
    this.version = `${model.trained} ${model.version}`;
    this.drawAll();
  }

  drawAll(): void {
    if (this.element.open && this.element.isConnected) for (const { kind } of kinds) void this.draw(kind);
  }

  private opened(): void {
    if (this.element.open) panels.add(this);
    else panels.delete(this);
    for (const kind of this.failed) this.drawn.delete(kind);
    this.drawAll();
  }

  private options(kind: PlotKind): Record<string, string> {
    const options: Record<string, string> = { theme: dark() ? "dark" : "light" };
    if (kind === "entities") Object.assign(options, { method: this.method.value, "type-relation": this.typedBy.value.trim() });
    return options;
  }

  /** Shows a plot as wide as its pane, unless it does already; an answer that comes after a later question is dropped. */
  private async draw(kind: PlotKind): Promise<void> {
    const pane = this.panes.get(kind)!;
    if (!pane.clientWidth) return; // out of sight: shown again, the model's card asks again
    const width = Math.min(640, Math.max(300, Math.round(pane.clientWidth / 20) * 20));
    const options = { ...this.options(kind), width: String(width) };
    const wanted = `${this.version} ${JSON.stringify(options)}`;
    if (this.drawn.get(kind) === wanted) return;
    this.drawn.set(kind, wanted);
    this.failed.delete(kind);
    if (!pane.hasChildNodes()) fill(pane, el("p", { class: "empty" }, "Drawing …"));
    pane.classList.add("loading");
    let shown: Node;
    try {
      const image = await (await api.plot(this.model, kind, "svg", options)).text();
      const title = new DOMParser().parseFromString(image, "image/svg+xml").querySelector("title")?.textContent;
      shown = el("img", { src: `data:image/svg+xml,${encodeURIComponent(image)}`, alt: title ?? `${kind} of ${this.model}` });
    } catch (error) {
      shown = this.problem(kind, error);
    }
    if (this.drawn.get(kind) !== wanted) return;
    fill(pane, shown);
    pane.classList.remove("loading");
  }

  private problem(kind: PlotKind, error: unknown): Node {
    this.failed.add(kind);
    return problemCard(error instanceof Problem ? error : new Problem(0, "Error", String(error)));
  }

  private saver(kind: PlotKind, format: "svg" | "png"): HTMLElement {
    const name = `${this.model}-${kind}.${format}`;
    return el("button", { type: "button", class: "quiet small", "aria-label": `Save ${kind} as ${format.toUpperCase()}`, onclick: () => void this.save(kind, format, name) }, icon("download"), format.toUpperCase());
  }

  private async save(kind: PlotKind, format: "svg" | "png", name: string): Promise<void> {
    try {
      const url = URL.createObjectURL(await (await api.plot(this.model, kind, format, this.options(kind))).blob());
      download(url, name);
      URL.revokeObjectURL(url);
    } catch (error) {
      fill(this.panes.get(kind)!, this.problem(kind, error));
    }
  }
}
