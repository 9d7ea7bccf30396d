// Example queries made of what the loaded graph holds, so that each of them answers something.
import { api, type Stats, type Term } from "./api";
import { nameOf, queryIRI, relationName, shortIRI } from "./terms";

/** A text to start from. */
export interface Example {
  title: string;
  text: string;
  language: "sparql" | "cel";
}

interface Sample {
  s: string;
  p: string;
  o: string;
}

/** Returns examples for a graph; needsModel ones are left out without a model. */
export async function examplesFor(stats: Stats, hasModel: boolean): Promise<Example[]> {
  const list: Example[] = [
    { language: "sparql", title: "First triples", text: "SELECT ?subject ?relation ?object\nWHERE { ?subject ?relation ?object }\nLIMIT 50" },
    { language: "sparql", title: "Relations by size", text: "SELECT ?relation (COUNT(*) AS ?triples)\nWHERE { ?s ?relation ?o }\nGROUP BY ?relation\nORDER BY DESC(?triples)" },
  ];
  const sample = await sampleOf(stats);
  if (!sample) return list;
  const next = await nextStep(sample);
  list.push(twoSteps(sample, next));
  list.push(around(sample));
  if (hasModel) list.push(...guesses(sample, next));
  list.push({ language: "sparql", title: "Add a triple", text: `# An update: it changes the graph, and models follow.\nINSERT DATA {\n  ${queryIRI(sample.s)} ${queryIRI(sample.p)} :something_new .\n}` });
  list.push(...expressions(sample, hasModel));
  return list;
}

/** Returns a triple between two IRIs, of one of the largest relations. */
async function sampleOf(stats: Stats): Promise<Sample | null> {
  const relation = (stats.relations ?? []).find((r) => !/(#type|#label|#comment)$/.test(r.relation) && r.objects > 1) ?? stats.relations?.[0];
  const p = relation ? `<${relation.relation}>` : "?p";
  const rows = await ask(`SELECT ?s ?p ?o { VALUES ?q { ${relation ? p : ""} } ?s ?p ?o FILTER(${relation ? "?p = ?q && " : ""}isIRI(?s) && isIRI(?o) && ?s != ?o) } LIMIT 1`.replace("VALUES ?q {  }", ""));
  const row = rows[0];
  return row ? { s: row[0]!.value, p: row[1]!.value, o: row[2]!.value } : null;
}

async function ask(query: string): Promise<(Term | null)[][]> {
  try {
    return (await api.query(query, 5, false, AbortSignal.timeout(10000))).rows ?? [];
  } catch {
    return []; // an example less
  }
}

/** Returns a relation that goes on from where the sample's subject leads. */
async function nextStep(sample: Sample): Promise<string> {
  const rows = await ask(`SELECT ?q { <${sample.s}> <${sample.p}> ?b . ?b ?q ?c FILTER(isIRI(?c)) } LIMIT 1`);
  return rows[0]?.[0]?.value ?? sample.p;
}

function twoSteps(sample: Sample, next: string): Example {
  return { language: "sparql", title: "Two steps", text: `SELECT ?a ?b ?c\nWHERE {\n  ?a ${queryIRI(sample.p)} ?b .\n  ?b ${queryIRI(next)} ?c .\n}\nLIMIT 60` };
}

function around(sample: Sample): Example {
  return { language: "sparql", title: `Around ${shortIRI(sample.s).replace(/_/g, " ")}`, text: `CONSTRUCT { ${queryIRI(sample.s)} ?p ?o . ?o ?q ?z }\nWHERE {\n  ${queryIRI(sample.s)} ?p ?o .\n  OPTIONAL { ?o ?q ?z }\n}\nLIMIT 60` };
}

function guesses(sample: Sample, next: string): Example[] {
  const [s, p] = [queryIRI(sample.s), queryIRI(sample.p)];
  const name = relationName(sample.p);
  return [
    { language: "sparql", title: `Missing ${name} links`, text: `# What the graph does not state, most probable first.\nSELECT ?missing ?probability\nWHERE {\n  SERVICE ink:predict {\n    ${s} ${p} ?missing .\n    [] ink:prob ?probability ; ink:k 15 ; ink:min 0.01\n  }\n}\nORDER BY DESC(?probability)` },
    { language: "sparql", title: "Stated joined with plausible", text: `# Each match of the second pattern is stated, or held plausible by the model.\nSELECT ?a ?b ?c\nWHERE {\n  ${s} ${p} ?b .\n  GRAPH ink:plausible { ?b ${queryIRI(next)} ?c }\n  BIND(${s} AS ?a)\n}\nLIMIT 40` },
    { language: "sparql", title: "How plausible is what is stated?", text: `SELECT ?object ?probability\nWHERE {\n  ${s} ${p} ?object .\n  BIND(ink:prob(${s}, ${p}, ?object) AS ?probability)\n}\nORDER BY ?probability` },
  ];
}

function expressions(sample: Sample, hasModel: boolean): Example[] {
  const text = (iri: string) => JSON.stringify(nameOf(iri).includes(":") ? `<${iri}>` : nameOf(iri));
  const [s, p, o] = [text(sample.s), text(sample.p), text(sample.o)];
  const list: Example[] = [{ language: "cel", title: "Degree of an entity", text: `degree(${s})` },
    { language: "cel", title: "Neighbours by a relation", text: `neighbours(${s}, ${p})` }];
  if (!hasModel) return list;
  return [...list,
    { language: "cel", title: "Is it a fact?", text: `is_stated(${s}, ${p}, ${o}) || is_fact(${s}, ${p}, ${o})` },
    { language: "cel", title: "Five best tails", text: `predict_tail(${s}, ${p}, 5)` },
    { language: "cel", title: "Most similar", text: `similar(${s}, 5)` }];
}
