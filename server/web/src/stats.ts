// The graph view: what the store holds.
import { api, Problem, type Stats } from "./api";
import { el, fill } from "./dom";
import { iriNode } from "./picture";
import { problemCard } from "./query";
import { bytes, count, counted, duration } from "./terms";

export class StatsView {
  readonly element = el("section", { class: "view narrow stats-view", "aria-label": "Graph" });

  private readonly file = el("input", { type: "file", id: "import-file", required: true, accept: ".nt,.nq,.ttl,.trig,.tsv,.txt,.tab,.rdf,.xml,.owl,.gz,.zst" });
  private readonly skipBad = el("input", { type: "checkbox", id: "skip-bad" });
  private readonly done = el("div", { "aria-live": "polite" });
  private readonly importer = el("form", { class: "card bar import-form", onsubmit: (event: Event) => (event.preventDefault(), void this.import()) },
    el("label", { class: "field grow" }, "Import N-Triples, N-Quads, Turtle, TriG, RDF/XML or TSV, plain or compressed", this.file),
    el("label", { class: "check" }, this.skipBad, "skip broken lines"), el("button", { type: "submit", class: "primary" }, "Import"));

  constructor(private readonly ask: (query: string) => void, private readonly changed: () => void) {}

  show(stats: Stats): void {
    const relations = stats.relations ?? [];
    const most = Math.max(1, ...relations.map((r) => r.triples));
    const tile = (value: string, label: string) => el("div", { class: "card tile" }, el("b", {}, value), el("span", {}, label));
    fill(this.element, el("h2", {}, "Graph"),
      el("div", { class: "tiles" }, tile(count(stats.triples), "triples"), tile(count(stats.terms), "terms"), tile(count(relations.length), "relations"),
        tile(count((stats.graphs ?? []).filter((g) => g.graph).length), "named graphs"), tile(`@${stats.version}`, "version"), tile(bytes(stats.disk_bytes), "on disk")),
      this.importer, this.done,
      this.graphs(stats),
      el("h3", {}, "Relations"),
      relations.length === 0 ? el("p", { class: "empty" }, "The graph is empty: import a file above.") :
        el("div", { class: "card table-wrap", tabindex: "0", role: "region", "aria-label": "Relations" }, el("table", {},
          el("thead", {}, el("tr", {}, ["relation", "triples", "subjects", "objects"].map((h) => el("th", { scope: "col" }, h)))),
          el("tbody", {}, relations.slice(0, 300).map((r) => this.row(r, most))))));
  }

  private async import(): Promise<void> {
    const file = this.file.files?.[0];
    if (!file) return;
    fill(this.done, el("p", { class: "muted" }, `Importing ${file.name} (${bytes(file.size)}) …`));
    try {
      const r = await api.import(file, this.skipBad.checked);
      const first = r.bad?.[0];
      fill(this.done, el("p", { class: "good-text" }, `${counted(r.added, "triple")} added of ${count(r.read)} read in ${duration(r.elapsed_ns / 1e6)}`,
        r.skipped > 0 && `; ${counted(r.skipped, "broken line")} skipped`, first && `, the first at line ${first.line}: ${first.problem}`));
      this.file.value = "";
      this.changed();
    } catch (error) {
      fill(this.done, problemCard(error instanceof Problem ? error : new Problem(0, "Error", String(error))));
    }
  }

  private row(r: NonNullable<Stats["relations"]>[number], most: number): HTMLElement {
    const bar = el("span", { class: "share", "aria-hidden": "true" });
    bar.style.setProperty("--share", String(r.triples / most));
    return el("tr", {}, el("td", {}, iriNode(r.relation, (iri) => this.ask(`SELECT ?subject ?object\nWHERE { ?subject <${iri}> ?object }\nLIMIT 100`))),
      el("td", { class: "right has-share" }, count(r.triples), bar), el("td", { class: "right" }, count(r.subjects)), el("td", { class: "right" }, count(r.objects)));
  }

  private graphs(stats: Stats): HTMLElement | null {
    const named = (stats.graphs ?? []).filter((g) => g.graph);
    if (!named.length) return null;
    return el("div", { class: "card table-wrap" }, el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "graph"), el("th", { scope: "col" }, "triples"))),
      el("tbody", {}, (stats.graphs ?? []).map((g) => el("tr", {}, el("td", {}, g.graph ? iriNode(g.graph, (iri) => this.ask(`SELECT *\nWHERE { GRAPH <${iri}> { ?s ?p ?o } }\nLIMIT 100`)) : "default graph"), el("td", { class: "right" }, count(g.triples)))))));
  }
}
