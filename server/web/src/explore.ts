// The explore view: an entity's neighbourhood, stated and plausible.
import { api, Problem, type Stats } from "./api";
import { el, fill, icon } from "./dom";
import { PicturePanel } from "./picture";
import { problemCard } from "./query";
import { labelTerms } from "./labels";
import { nameOf, percent, shortIRI } from "./terms";

export class ExploreView {
  readonly element: HTMLElement;
  private readonly name = el("input", { type: "search", id: "entity", placeholder: "a name or an IRI", autocomplete: "off", spellcheck: "false", list: "entities", "aria-label": "Entity" });
  private readonly least = el("input", { type: "range", id: "least", min: "0", max: "100", value: "0" });
  private readonly leastText = el("output", { for: "least" }, "model's threshold");
  private readonly each = el("select", { id: "each" }, [1, 3, 5, 10].map((k) => el("option", { value: k, selected: k === 3 }, String(k))));
  private readonly problem = el("div");
  private readonly trail = el("nav", { class: "trail", "aria-label": "Entities seen" });
  private readonly suggestions = el("datalist", { id: "entities" });
  private readonly picture: PicturePanel;
  private seen: string[] = [];
  private largest = ""; // the relation with the most triples
  private pending: AbortController | null = null;

  constructor(go: (iri: string) => void) {
    this.picture = new PicturePanel(go);
    this.least.addEventListener("input", () => {
      const p = Number(this.least.value) / 100;
      this.leastText.textContent = p ? `≥ ${percent(p)}` : "model's threshold";
    });
    this.least.addEventListener("change", () => void this.draw());
    this.each.addEventListener("change", () => void this.draw());
    this.element = el("section", { class: "view explore-view", "aria-label": "Explore" },
      el("form", { class: "card bar explore-form", role: "search", onsubmit: (event: Event) => {
        event.preventDefault();
        if (this.name.value.trim()) go(this.name.value.trim());
      } },
        el("label", { class: "grow" }, icon("search"), this.name, this.suggestions),
        el("button", { type: "submit", class: "primary" }, "Explore"),
        el("label", { title: "Least probability of plausible edges" }, "plausible", this.least, this.leastText),
        el("label", { title: "Plausible edges for each relation and direction" }, "each", this.each)),
      this.trail, this.problem, el("div", { class: "card grow-card" }, this.picture.element));
  }

  /** Offers names to choose from. */
  async offer(stats: Stats): Promise<void> {
    this.largest = (stats.relations ?? []).find((r) => r.objects > 1)?.relation ?? "";
    if (!this.element.hidden && !this.seen.length) void this.open("");
    if (this.suggestions.childElementCount) return;
    const answer = await api.query("SELECT DISTINCT ?s { ?s ?p ?o FILTER isIRI(?s) } LIMIT 300", 300, false, AbortSignal.timeout(10000)).catch(() => null);
    fill(this.suggestions, (answer?.rows ?? []).map((row) => el("option", { value: nameOf(row[0]!.value) })));
  }

  /** Shows an entity; "" the last one, or one of the graph's. */
  async open(entity: string): Promise<void> {
    if (!entity) entity = this.seen.at(-1) ?? (await this.first());
    if (!entity) {
      await this.picture.show({ nodes: [], edges: [], truncated: false, versions: { graph: 0 } });
      return;
    }
    this.name.value = nameOf(entity);
    this.seen = [...this.seen.filter((e) => e !== entity), entity].slice(-8);
    fill(this.trail, this.seen.slice(0, -1).reverse().map((e) => el("a", { href: `#explore=${encodeURIComponent(e)}` }, shortIRI(e))));
    await this.draw();
  }

  private async first(): Promise<string> {
    // Of the subjects of the largest relation, one with about as many edges as can be read.
    const query = `SELECT ?s (COUNT(*) AS ?n) { { SELECT DISTINCT ?s { ?s <${this.largest}> ?any } LIMIT 2000 } ?s ?p ?o FILTER(isIRI(?o)) }
      GROUP BY ?s HAVING(COUNT(*) <= 16) ORDER BY DESC(?n) ?s LIMIT 1`;
    const any = "SELECT ?s { ?s ?p ?o FILTER(isIRI(?s) && isIRI(?o)) } LIMIT 1";
    for (const text of this.largest ? [query, any] : [any]) {
      const answer = await api.query(text, 1, false, AbortSignal.timeout(4000)).catch(() => null);
      const found = answer?.rows?.[0]?.[0]?.value;
      if (found) return found;
    }
    return "";
  }

  private async draw(): Promise<void> {
    const entity = this.seen.at(-1);
    if (!entity) return;
    this.pending?.abort();
    const control = (this.pending = new AbortController());
    fill(this.problem);
    try {
      const picture = await api.picture({ entity, limit: 40, k: Number(this.each.value), min: Number(this.least.value) / 100 }, control.signal);
      await labelTerms(picture.nodes.map((n) => n.term));
      await this.picture.show(picture);
    } catch (error) {
      if ((error as Error).name === "AbortError") return;
      fill(this.problem, problemCard(error instanceof Problem ? error : new Problem(0, "Error", String(error))));
    }
  }
}
