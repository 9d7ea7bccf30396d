// Draws a picture with cytoscape: stated edges solid, plausible ones dashed with their probability.
import cytoscape, { type Core, type ElementDefinition, type StylesheetStyle } from "cytoscape";
import type { Picture, PictureEdge, PictureNode } from "./api";
import { percent, relationName, shortTerm } from "./terms";

/** What the reader chose in the drawing. */
export interface Choice {
  node?: PictureNode;
  edge?: PictureEdge;
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function styles(): StylesheetStyle[] {
  const font = "system-ui, sans-serif";
  return [
    { selector: "node", style: {
      "background-color": colour("--node"), "border-width": 1.5, "border-color": colour("--node-line"), width: "data(size)", height: "data(size)",
      label: "data(label)", "font-family": font, "font-size": 12, color: colour("--text"), "text-valign": "bottom", "text-margin-y": 4,
      "text-wrap": "ellipsis", "text-max-width": "150px", "text-outline-width": 2.5, "text-outline-color": colour("--canvas"), "min-zoomed-font-size": 6,
    } },
    { selector: "node.literal", style: { shape: "round-rectangle", "background-color": colour("--literal"), "border-color": colour("--literal-line") } },
    { selector: "node.focus", style: { "background-color": colour("--accent"), "border-color": colour("--accent"), "font-weight": 600, "font-size": 14 } },
    { selector: "edge", style: {
      width: 1.6, "curve-style": "bezier", "control-point-step-size": 34, "line-color": colour("--stated"), "target-arrow-color": colour("--stated"),
      "target-arrow-shape": "triangle", "arrow-scale": 0.8, label: "data(label)", "font-family": font, "font-size": 10,
      color: colour("--muted"), "text-rotation": "autorotate", "text-background-color": colour("--canvas"), "text-background-opacity": 0.9,
      "text-background-padding": "2px", "text-background-shape": "roundrectangle", "text-wrap": "ellipsis", "text-max-width": "170px", "min-zoomed-font-size": 7,
    } },
    { selector: "edge.plausible", style: {
      "line-style": "dashed", "line-dash-pattern": [6, 4], "line-color": colour("--plausible"), "target-arrow-color": colour("--plausible"),
      color: colour("--plausible"), width: "data(weight)", "font-weight": 600, "z-index": 5,
    } },
    { selector: "edge.quiet", style: { label: "" } },
    { selector: ":selected", style: { "border-color": colour("--accent"), "border-width": 3, "line-color": colour("--accent"), "target-arrow-color": colour("--accent") } },
    { selector: "edge:selected, edge.hover", style: { label: "data(label)", "z-index": 9 } },
    { selector: ".faded", style: { opacity: 0.15 } },
  ] as StylesheetStyle[];
}

const crowded = 40; // with more edges, stated ones show their label only under the pointer

function elements(picture: Picture): ElementDefinition[] {
  const degree = new Map<string, number>();
  for (const e of picture.edges) {
    degree.set(e.source, (degree.get(e.source) ?? 0) + 1);
    degree.set(e.target, (degree.get(e.target) ?? 0) + 1);
  }
  const nodes = picture.nodes.map((node): ElementDefinition => ({
    data: { id: node.id, label: shortTerm(node.term), size: node.focus ? 34 : 15 + Math.min(13, 2.5 * Math.sqrt(degree.get(node.id) ?? 0)), node },
    classes: `${node.term.type} ${node.focus ? "focus" : ""}`,
  }));
  const edges = picture.edges.map((edge, i): ElementDefinition => {
    const p = edge.probability ?? 0;
    const name = relationName(edge.relation);
    return {
      data: { id: `e${i}`, source: edge.source, target: edge.target, label: edge.stated ? name : `${percent(p)} · ${name}`, weight: 1.2 + 1.6 * p, edge },
      classes: edge.stated ? (picture.edges.length > crowded ? "quiet" : "") : "plausible",
    };
  });
  return [...nodes, ...edges];
}

// Cytoscape adds a style element of this id to the page unless one is there; the page's policy allows none, and
// the rule it would hold is in style.css.
function standInForStyle(): void {
  const sheet = document.querySelector("link[rel=stylesheet]");
  if (sheet) sheet.id = "__________cytoscape_stylesheet";
}

/** One drawing in a host element. */
export class GraphView {
  private readonly cy: Core;

  constructor(host: HTMLElement, picture: Picture, choose: (choice: Choice) => void, open: (node: PictureNode) => void) {
    standInForStyle();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.cy = cytoscape({
      container: host, elements: elements(picture), style: styles(), minZoom: 0.15, maxZoom: 4,
      boxSelectionEnabled: false, layout: layout(picture, host),
    });
    this.cy.on("tap", (event) => {
      const target = event.target === this.cy ? null : event.target;
      choose(target === null ? {} : target.isNode() ? { node: target.data("node") } : { edge: target.data("edge") });
    });
    this.cy.on("dbltap", "node", (event) => open(event.target.data("node")));
    this.cy.on("mouseover", "node", (event) => this.highlight(event.target.closedNeighborhood()));
    this.cy.on("mouseout", "node", () => this.cy.elements().removeClass("faded hover"));
    this.cy.on("mouseover", "edge", (event) => event.target.addClass("hover"));
    this.cy.on("mouseout", "edge", (event) => event.target.removeClass("hover"));
    if (!still) host.animate([{ opacity: 0 }, { opacity: 1 }], 200);
  }

  private highlight(kept: cytoscape.CollectionReturnValue): void {
    if (this.cy.nodes().length < 8) return;
    this.cy.elements().not(kept).addClass("faded");
    kept.addClass("hover");
  }

  fit(): void {
    this.cy.animate({ fit: { eles: this.cy.elements(), padding: 30 }, duration: 200 });
  }

  zoom(by: number): void {
    this.cy.zoom({ level: this.cy.zoom() * by, renderedPosition: { x: this.cy.width() / 2, y: this.cy.height() / 2 } });
  }

  /** Takes the page's colours again, after a change of theme. */
  restyle(): void {
    this.cy.style(styles());
  }

  /** Returns the drawing as a PNG, for saving. */
  png(): string {
    return this.cy.png({ full: true, scale: 2, bg: colour("--canvas") });
  }

  destroy(): void {
    this.cy.destroy();
  }
}

function layout(picture: Picture, host: HTMLElement): cytoscape.LayoutOptions {
  const nodes = picture.nodes.length;
  return {
    name: "cose", animate: false, randomize: true, padding: 34, fit: true, nodeDimensionsIncludeLabels: true, componentSpacing: 60,
    idealEdgeLength: () => (nodes < 30 ? 100 : 80), nodeRepulsion: () => (nodes < 30 ? 40000 : 24000), edgeElasticity: () => 90, gravity: 0.6,
    numIter: nodes < 80 ? 1500 : 600, nodeOverlap: 16, boundingBox: { x1: 0, y1: 0, w: host.clientWidth || 800, h: host.clientHeight || 500 },
  } as cytoscape.LayoutOptions;
}
