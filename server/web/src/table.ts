// A query's rows as a table that sorts by a click on a heading, with a bar behind each probability.
import type { QueryAnswer, Term } from "./api";
import { el } from "./dom";
import { isNumber, termNode } from "./terms";

const shownAtOnce = 200;

/** Returns the table of an answer; pick is called when an IRI is chosen. Rows in fresh are marked as new. */
export function table(answer: Pick<QueryAnswer, "vars" | "rows">, pick: (iri: string) => void, fresh?: Set<(Term | null)[]>): HTMLElement {
  const vars = answer.vars ?? [];
  const rows = [...(answer.rows ?? [])];
  const shares = vars.map((_, column) => isShare(rows, column));
  let sorted = { column: -1, down: false };
  let shown = shownAtOnce;
  const body = el("tbody");
  const more = el("button", { class: "quiet more", type: "button", onclick: () => { shown += 1000; draw(); } });

  const heads = vars.map((name, column) =>
    el("th", { scope: "col", "aria-sort": "none", class: shares[column] || rows.some((r) => r[column] && isNumber(r[column]!)) ? "right" : null },
      el("button", { type: "button", title: `Sort by ${name}`, onclick: () => sort(column) }, name)));

  function sort(column: number): void {
    sorted = { column, down: sorted.column === column ? !sorted.down : rows.some((r) => r[column] && isNumber(r[column])) };
    rows.sort((a, b) => (sorted.down ? -1 : 1) * compare(a[column] ?? null, b[column] ?? null));
    heads.forEach((head, i) => head.setAttribute("aria-sort", i !== column ? "none" : sorted.down ? "descending" : "ascending"));
    draw();
  }

  function draw(): void {
    body.replaceChildren(...rows.slice(0, shown).map((row) =>
      el("tr", { class: fresh?.has(row) ? "fresh" : null }, row.map((term, column) => cell(term, shares[column]!, pick)))));
    more.hidden = rows.length <= shown;
    more.textContent = `Show more of ${rows.length} rows`;
  }

  draw();
  return el("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": "Result rows" },
    el("table", {}, el("thead", {}, el("tr", {}, heads)), body), more);
}

function cell(term: Term | null, share: boolean, pick: (iri: string) => void): HTMLElement {
  const number = term !== null && isNumber(term);
  const content = termNode(term, pick);
  if (!share || !term) return el("td", { class: number ? "right" : null }, content);
  const bar = el("span", { class: "share", "aria-hidden": "true" });
  bar.style.setProperty("--share", String(Number(term.value)));
  return el("td", { class: "right has-share" }, content, bar);
}

/** Reports whether a column holds fractions between 0 and 1: most likely probabilities. */
function isShare(rows: (Term | null)[][], column: number): boolean {
  let fractions = 0;
  for (const row of rows) {
    const term = row[column];
    if (!term) continue;
    const value = Number(term.value);
    if (!isNumber(term) || value < 0 || value > 1 || /#(integer|int|long)$/.test(term.datatype ?? "")) return false;
    fractions++;
  }
  return fractions > 0;
}

function compare(a: Term | null, b: Term | null): number {
  if (!a || !b) return a ? 1 : b ? -1 : 0;
  if (isNumber(a) && isNumber(b)) return Number(a.value) - Number(b.value);
  return a.value.localeCompare(b.value, undefined, { numeric: true });
}

/** Returns an answer as comma-separated values, as SPARQL's CSV results are written. */
export function asCSV(answer: QueryAnswer): string {
  const quote = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = [(answer.vars ?? []).map(quote), ...(answer.rows ?? []).map((row) => row.map((t) => (t ? quote(t.type === "bnode" ? `_:${t.value}` : t.value) : "")))];
  return lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
}
