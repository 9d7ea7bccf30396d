// How terms and numbers are shown.
import { el } from "./dom";
import type { Term } from "./api";

const prefixes: [string, string][] = [
  ["http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf:"],
  ["http://www.w3.org/2000/01/rdf-schema#", "rdfs:"],
  ["http://www.w3.org/2001/XMLSchema#", "xsd:"],
  ["http://www.w3.org/2002/07/owl#", "owl:"],
  ["urn:inkling:", "ink:"],
];
let base = "http://inkling.example/";

/** Sets the IRI that plain names stand under. */
export function setBase(iri: string): void {
  if (iri) base = iri;
}

const labels = new Map<string, string>(); // IRI → rdfs:label, "" where it has none

/** Returns those IRIs whose label was not asked for yet. */
export function unlabelled(iris: Iterable<string>): string[] {
  return [...new Set(iris)].filter((iri) => !labels.has(iri));
}

/** Keeps the label of an IRI; "" where it has none. */
export function keepLabel(iri: string, label: string): void {
  labels.set(iri, label);
}

/** Forgets all labels, after a change of the graph. */
export function forgetLabels(): void {
  labels.clear();
}

/** Returns what to show for an IRI: its label, or its name. */
export function shortIRI(iri: string): string {
  return labels.get(iri) || nameOf(iri);
}

/** Returns an IRI as short as it can be read: without the base, or with a known prefix, or its last part. */
export function nameOf(iri: string): string {
  if (iri.startsWith(base) && iri.length > base.length) return decode(iri.slice(base.length));
  for (const [space, prefix] of prefixes) if (iri.startsWith(space)) return prefix + iri.slice(space.length);
  const last = /[^/#:]+[/#]?$/.exec(iri)?.[0];
  return last ? decode(last) : iri;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Returns an IRI as a query can write it: `:name` under the base where that needs no escapes, else in brackets. */
export function queryIRI(iri: string): string {
  const name = iri.startsWith(base) ? iri.slice(base.length) : "";
  return /^[A-Za-z_][\w-]*$/.test(name) ? `:${name}` : `<${iri}>`;
}

/** Returns a term's short text. */
export function shortTerm(term: Term): string {
  if (term.type === "uri") return shortIRI(term.value);
  return term.type === "bnode" ? `_:${term.value}` : term.value;
}

/** Returns a relation's name without the path before it, for labels on edges. */
export function relationName(iri: string): string {
  const name = shortIRI(iri);
  const last = name.split(/[/.]/).filter(Boolean).at(-1) ?? name;
  return last.replace(/_/g, " ");
}

const numeric = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;

/** Reports whether a literal is a number by its datatype. */
export function isNumber(term: Term): boolean {
  return term.type === "literal" && /#(integer|decimal|double|float|int|long)$/.test(term.datatype ?? "") && numeric.test(term.value);
}

/** Returns a cell's content; pick is called when an IRI is chosen. */
export function termNode(term: Term | null, pick: (iri: string) => void): Node {
  if (!term) return el("span", { class: "unbound" }, "—");
  if (term.type === "uri") {
    return el("a", { class: "iri", href: `#explore=${encodeURIComponent(term.value)}`, title: term.value, onclick: (event: Event) => {
      event.preventDefault();
      pick(term.value);
    } }, shortIRI(term.value));
  }
  if (term.type === "bnode") return el("span", { class: "bnode" }, `_:${term.value}`);
  if (isNumber(term)) return el("span", { class: "number", title: term.value }, readable(term.value));
  const note = term["xml:lang"] ? `@${term["xml:lang"]}` : term.datatype ? shortIRI(term.datatype) : "";
  return el("span", {}, term.value, note && el("span", { class: "note" }, ` ${note}`));
}

function readable(text: string): string {
  const n = Number(text);
  if (Number.isInteger(n) && !/[eE.]/.test(text)) return text;
  return Math.abs(n) >= 1e-4 && Math.abs(n) < 1e7 ? String(Number(n.toPrecision(6))) : n.toExponential(3);
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** Returns a whole number with separators. */
export function count(n: number): string {
  return whole.format(n);
}

/** Returns "1 row", "2 rows". */
export function counted(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** Returns bytes in a unit people read. */
export function bytes(n: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let i = 0;
  for (; n >= 1000 && i < units.length - 1; i++) n /= 1000;
  return `${i === 0 || n >= 100 ? n.toFixed(0) : n.toFixed(1)} ${units[i]}`;
}

/** Returns a span of time in a unit people read. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1) return `${milliseconds.toFixed(2)} ms`;
  if (milliseconds < 1000) return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
  const seconds = milliseconds / 1000;
  return seconds < 90 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Returns a probability as people read it. */
export function percent(p: number): string {
  if (p > 0 && p < 0.01) return "<1 %";
  return p > 0.99 && p < 1 ? ">99 %" : `${Math.round(p * 100)} %`;
}
