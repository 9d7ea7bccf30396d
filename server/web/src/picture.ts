// The panel around a drawing: legend, zoom, what is chosen, and the same edges as a list for those who cannot see it.
import type { Picture, PictureEdge, PictureNode } from "./api";
import { el, fill, icon, svg } from "./dom";
import type { Choice, GraphView } from "./graphview";
import { counted, percent, relationName, shortIRI, shortTerm, termNode } from "./terms";

const panels = new Set<PicturePanel>();

/** Lets every drawing take the page's colours again. */
export function restylePictures(): void {
  for (const panel of panels) panel.restyle();
}

/** Shows pictures, one at a time. */
export class PicturePanel {
  readonly element: HTMLElement;
  private readonly canvas = el("div", { class: "canvas", role: "img" });
  private readonly chosen = el("div", { class: "chosen", "aria-live": "polite" });
  private readonly summary = el("span", { class: "muted" });
  private readonly list = el("ul", { class: "edge-list" });
  private view: GraphView | null = null;

  constructor(private readonly explore: (iri: string) => void) {
    const button = (label: string, content: Node | string, act: () => void) =>
      el("button", { type: "button", class: "icon-button", title: label, "aria-label": label, onclick: act }, content);
    this.element = el("div", { class: "picture" },
      el("div", { class: "picture-bar" }, legend("stated", "stated"), legend("plausible", "plausible, with probability"), this.summary,
        el("span", { class: "spacer" }),
        button("Zoom in", "+", () => this.view?.zoom(1.3)), button("Zoom out", "−", () => this.view?.zoom(1 / 1.3)),
        button("Fit to the panel", icon("fit"), () => this.view?.fit()),
        button("Save as PNG", icon("download"), () => this.save())),
      el("div", { class: "stage" }, this.canvas, this.chosen),
      el("details", { class: "as-list" }, el("summary", {}, "Edges as a list"), this.list));
    panels.add(this);
  }

  /** Draws a picture in place of the one before. The element must be in the page and visible. */
  async show(picture: Picture): Promise<void> {
    this.view?.destroy();
    this.view = null;
    const plausible = picture.edges.filter((e) => !e.stated).length;
    const stated = picture.edges.length - plausible;
    const words = `${counted(picture.nodes.length, "node")}, ${stated} stated, ${plausible} plausible${picture.truncated ? " (more in the graph)" : ""}`;
    this.summary.textContent = words;
    this.canvas.setAttribute("aria-label", `Graph of ${words}`);
    this.element.dataset["plausible"] = String(plausible);
    this.element.dataset["stated"] = String(stated);
    this.choose({});
    const names = new Map(picture.nodes.map((n) => [n.id, shortTerm(n.term)]));
    fill(this.list, picture.edges.map((e) => el("li", { class: e.stated ? "stated" : "plausible" },
      `${names.get(e.source)} — ${shortIRI(e.relation)} → ${names.get(e.target)}`, !e.stated && ` (${percent(e.probability ?? 0)})`)));
    if (picture.nodes.length === 0) {
      fill(this.canvas, el("p", { class: "empty" }, "Nothing to draw: no edge is stated here, and no model holds one plausible."));
      return;
    }
    fill(this.canvas);
    const { GraphView } = await import("./graphview");
    this.view = new GraphView(this.canvas, picture, (choice) => this.choose(choice, names), (node) => {
      if (node.term.type === "uri") this.explore(node.term.value);
    });
  }

  restyle(): void {
    this.view?.restyle();
  }

  private choose(choice: Choice, names = new Map<string, string>()): void {
    if (choice.node) fill(this.chosen, nodeCard(choice.node, this.explore));
    else if (choice.edge) fill(this.chosen, edgeCard(choice.edge, names));
    else fill(this.chosen);
    this.chosen.hidden = !choice.node && !choice.edge;
  }

  private save(): void {
    if (this.view) download(this.view.png(), "inkling.png");
  }
}

function nodeCard(node: PictureNode, explore: (iri: string) => void): HTMLElement {
  return el("div", {}, el("strong", {}, shortTerm(node.term)), el("div", { class: "iri-full" }, node.term.value),
    node.term.type === "uri" && el("button", { type: "button", class: "small", onclick: () => explore(node.term.value) }, "Explore from here"));
}

function edgeCard(edge: PictureEdge, names: Map<string, string>): HTMLElement {
  return el("div", {},
    el("strong", {}, relationName(edge.relation)), el("div", { class: "iri-full" }, edge.relation),
    el("div", {}, `${names.get(edge.source)} → ${names.get(edge.target)}`),
    el("div", { class: edge.stated ? "badge stated" : "badge plausible" }, edge.stated ? "stated in the graph" : `plausible: ${percent(edge.probability ?? 0)}`));
}

/** Returns a sample of an edge as drawn, with its meaning. */
export function legend(kind: "stated" | "plausible", words: string): HTMLElement {
  return el("span", { class: `legend ${kind}` },
    svg("svg", { viewBox: "0 0 30 8", "aria-hidden": "true" }, svg("line", { x1: 1, y1: 4, x2: 23, y2: 4 }), svg("path", { d: "M22 1l7 3-7 3z" })), words);
}

/** Saves a data or blob URL as a file. */
export function download(url: string, name: string): void {
  el("a", { href: url, download: name }).click();
}

/** Returns a node for any IRI that goes to its neighbourhood. */
export function iriNode(iri: string, explore: (iri: string) => void): Node {
  return termNode({ type: "uri", value: iri }, explore);
}
