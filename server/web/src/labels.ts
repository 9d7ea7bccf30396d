// Labels of entities, where the graph has rdfs:label: people read "Berlin", not Q64.
import { api, type Term } from "./api";
import { forgetLabels, keepLabel, unlabelled } from "./terms";

export const labelIRI = "http://www.w3.org/2000/01/rdf-schema#label";
const atOnce = 400; // IRIs asked for in one query, and at most so many for one answer
let known = false;

/** Says whether the graph has labels; what was read before is forgotten. */
export function hasLabels(yes: boolean): void {
  known = yes;
  forgetLabels();
}

/** Reads the labels of terms, so that they can be shown; without an answer, names are shown. */
export async function labelTerms(terms: (Term | null)[]): Promise<void> {
  if (!known) return;
  const wanted = unlabelled(terms.flatMap((t) => (t?.type === "uri" ? [t.value] : []))).slice(0, atOnce);
  if (!wanted.length) return;
  const query = `SELECT ?s ?l { VALUES ?s { ${wanted.map((iri) => `<${iri}>`).join(" ")} } ?s <${labelIRI}> ?l }`;
  const answer = await api.query(query, 4 * atOnce, false, AbortSignal.timeout(5000)).catch(() => null);
  if (!answer) return;
  for (const iri of wanted) keepLabel(iri, "");
  const rank = new Map<string, number>();
  for (const [subject, label] of answer.rows ?? []) {
    const better = preference(label!);
    if (better > (rank.get(subject!.value) ?? 0)) {
      rank.set(subject!.value, better);
      keepLabel(subject!.value, label!.value);
    }
  }
}

/** Prefers the reader's language, then English, then a label without a language. */
function preference(label: Term): number {
  const language = (label["xml:lang"] ?? "").split("-")[0]!;
  if (language === navigator.language.split("-")[0]!.toLowerCase()) return 4;
  return language === "en" ? 3 : language === "" ? 2 : 1;
}
