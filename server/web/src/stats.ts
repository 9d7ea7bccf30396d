// The graph view: what the store holds.
import type { Stats } from "./api";
import { el, fill } from "./dom";
import { iriNode } from "./picture";
import { bytes, count } from "./terms";

export class StatsView {
  readonly element = el("section", { class: "view narrow stats-view", "aria-label": "Graph" });

  constructor(private readonly ask: (query: string) => void) {}

  show(stats: Stats): void {
    const relations = stats.relations ?? [];
    const most = Math.max(1, ...relations.map((r) => r.triples));
    const tile = (value: string, label: string) => el("div", { class: "card tile" }, el("b", {}, value), el("span", {}, label));
    fill(this.element, el("h2", {}, "Graph"),
      el("div", { class: "tiles" }, tile(count(stats.triples), "triples"), tile(count(stats.terms), "terms"), tile(count(relations.length), "relations"),
        tile(count((stats.graphs ?? []).filter((g) => g.graph).length), "named graphs"), tile(`@${stats.version}`, "version"), tile(bytes(stats.disk_bytes), "on disk")),
      this.graphs(stats),
      el("h3", {}, "Relations"),
      relations.length === 0 ? el("p", { class: "empty" }, "The graph is empty. Import a file: inkling import --db DIR file.ttl") :
        el("div", { class: "card table-wrap", tabindex: "0", role: "region", "aria-label": "Relations" }, el("table", {},
          el("thead", {}, el("tr", {}, ["relation", "triples", "subjects", "objects"].map((h) => el("th", { scope: "col" }, h)))),
          el("tbody", {}, relations.slice(0, 300).map((r) => this.row(r, most))))));
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
