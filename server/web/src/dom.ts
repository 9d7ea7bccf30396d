// Builds DOM nodes. Text is always set as text, never parsed as HTML, so data from the graph cannot become markup.

export type Child = Node | string | number | null | undefined | false;
type Props = Record<string, unknown>;

/** Returns an element; `on…` props are listeners, `class` and other names attributes; null and false are left out. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: (Child | Child[])[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  apply(node, props);
  append(node, children);
  return node;
}

const svgSpace = "http://www.w3.org/2000/svg";

/** Returns an SVG element. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: (Child | Child[])[]
): SVGElementTagNameMap[K] {
  const node = document.createElementNS(svgSpace, tag);
  apply(node, props);
  append(node, children);
  return node;
}

/** Replaces everything inside node. */
export function fill(node: Element, ...children: (Child | Child[])[]): void {
  node.replaceChildren();
  append(node, children);
}

function apply(node: Element, props: Props): void {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value as EventListener);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
}

function append(node: Element, children: (Child | Child[])[]): void {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
}

/** The icons of the page, each a path on a 16×16 grid drawn with the text's colour. */
const icons = {
  eye: "M1.5 8c3-5 10-5 13 0c-3 5-10 5-13 0M8 6a2 2 0 1 0 .01 0",
  play: "M4 2.5v11l9-5.5z",
  plan: "M2 3h5v3H2zM9 10h5v3H9zM4.5 6v5.5H9",
  table: "M2 3h12v10H2zM2 6.5h12M6.5 6.5V13",
  graph: "M4 4.5l8 1M4.5 5.5l2.5 6M11.5 6.5L8 11.5M3.5 4.5a1 1 0 1 0 .01 0M12.5 5.5a1 1 0 1 0 .01 0M7.5 12.5a1 1 0 1 0 .01 0",
  sun: "M8 5a3 3 0 1 0 .01 0M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  key: "M5 8a2.5 2.5 0 1 0 .01 5A2.5 2.5 0 0 0 5 8M7 9l6-6M11 5l2 2",
  copy: "M5 5V2h9v9h-3M2 5h9v9H2z",
  download: "M8 2v8M4.5 7L8 10.5 11.5 7M2.5 13.5h11",
  fit: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
  search: "M7 2.5a4.5 4.5 0 1 0 .01 0M10.5 10.5L14 14",
} as const;

/** Returns an icon that screen readers pass over. */
export function icon(name: keyof typeof icons): SVGSVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 16 16", class: name === "play" ? "icon solid" : "icon", "aria-hidden": "true" },
    svg("path", { d: icons[name] }),
  );
}
