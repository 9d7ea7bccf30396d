// What the server answers, and how the page asks. See /api/v1/openapi.json.

export interface Term {
  type: "uri" | "literal" | "bnode";
  value: string;
  datatype?: string;
  "xml:lang"?: string;
}

export interface Versions {
  graph: number;
  models?: Record<string, number>;
}

export interface QueryAnswer {
  kind: "rows" | "boolean" | "graph";
  vars?: string[];
  rows?: (Term | null)[][];
  boolean?: boolean;
  truncated: boolean;
  versions: Versions;
  elapsed_ms: number;
  plan?: string;
}

export interface PictureNode {
  id: string;
  term: Term;
  focus?: boolean;
}

export interface PictureEdge {
  source: string;
  target: string;
  relation: string;
  stated: boolean;
  probability?: number;
}

export interface Picture {
  nodes: PictureNode[];
  edges: PictureEdge[];
  truncated: boolean;
  model?: string;
  threshold?: number;
  versions: Versions;
}

export interface Metrics {
  triples: number;
  mrr: number;
  hits1: number;
  hits3: number;
  hits10: number;
  mean_rank: number;
  auc: number;
  f1: number;
  accuracy: number;
}

export interface CurvePoint {
  epoch: number;
  seconds: number;
  loss: number;
  mrr?: number;
}

export interface Model {
  name: string;
  family: string;
  graph?: string;
  default: boolean;
  dim: number;
  entities: number;
  relations: number;
  size_bytes: number;
  trained: string;
  train_seconds: number;
  train_triples: number;
  seed: number;
  settings: string;
  held_out: Metrics;
  curve: CurvePoint[] | null;
  threshold: number;
  calibration: string;
  version: number;
  lag: number;
  drift: number;
  stale: boolean;
  stale_because?: string;
  maintained: number;
}

export type PlotKind = "curves" | "entities" | "ranks" | "relations";

export interface Training {
  families: { name: string; title: string; equation: string; source: string }[];
}

export interface Job {
  id: string;
  state: "running" | "done" | "failed" | "cancelled";
  request: { name?: string; family?: string };
  phase?: string;
  epoch: number;
  epochs: number;
  done: number;
  loss?: number;
  mrr?: number;
  remaining_seconds?: number;
  curve: CurvePoint[] | null;
  error?: string;
}

export interface Stats {
  version: number;
  base: string;
  triples: number;
  terms: number;
  disk_bytes: number;
  graphs: { graph: string; triples: number }[] | null;
  relations: { relation: string; triples: number; subjects: number; objects: number }[] | null;
  models: number;
}

export interface Doubts {
  judged: number;
  doubtful: number;
  below: number;
  errors: { head: string; relation: string; tail: string; probability: number; reasons?: { reason: string; text: string }[] }[];
  note: string;
}

export interface Suggestions {
  least: number;
  relations: number;
  asked: number;
  suggestions: { head: string; relation: string; tail: string; probability: number }[];
}

export interface UpdateReport {
  added: number;
  removed: number;
  version: number;
  elapsed_ns: number;
}

export interface ImportReport {
  read: number;
  added: number;
  skipped: number;
  bad: { line: number; column: number; problem: string }[] | null;
  version: number;
  elapsed_ns: number;
}

/** What went wrong, with its place in the text where it has one. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    detail: string,
    readonly line = 0,
    readonly column = 0,
    readonly hint = "",
  ) {
    super(detail);
  }
}

const tokenKey = "inkling-token";
let askForToken: () => Promise<string | null> = async () => null;

/** Sets what asks the reader for the server's token; null means the reader gave none. */
export function onTokenNeeded(ask: () => Promise<string | null>): void {
  askForToken = ask;
}

/** Forgets the token, or keeps it for this tab. */
export function keepToken(token: string | null): void {
  if (token) sessionStorage.setItem(tokenKey, token);
  else sessionStorage.removeItem(tokenKey);
}

async function send(path: string, init: RequestInit): Promise<Response> {
  for (;;) {
    const headers = new Headers(init.headers);
    headers.set("Accept", "application/json");
    const token = sessionStorage.getItem(tokenKey);
    if (token) headers.set("Authorization", `Bearer ${token}`);
    let response: Response;
    try {
      response = await fetch(path, { ...init, headers });
    } catch (error) {
      if ((error as Error).name === "AbortError") throw error;
      throw new Problem(0, "No answer", "The server does not answer. Is inkling serve still running?");
    }
    if (response.status !== 401) return response;
    const given = await askForToken();
    if (!given) return response;
    keepToken(given);
  }
}

async function read<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T;
  const body = await response.json().catch((error: Error) => {
    if (error.name === "AbortError") throw error; // the reader's own doing
    return null;
  });
  if (response.ok && body !== null) return body as T;
  throw new Problem(
    response.status,
    body?.title ?? response.statusText,
    body?.detail ?? "The answer broke off: it grew past a limit, or the server stopped.",
    body?.line,
    body?.column,
    body?.hint,
  );
}

async function get<T>(path: string): Promise<T> {
  return read<T>(await send(path, {}));
}

async function post<T>(path: string, value: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) };
  if (signal) init.signal = signal;
  return read<T>(await send(path, init));
}

export const api = {
  query: (query: string, limit: number, explain: boolean, signal: AbortSignal) =>
    post<QueryAnswer>("api/v1/query", { query, limit, explain }, signal),
  async update(text: string, signal: AbortSignal): Promise<UpdateReport> {
    const headers = { "Content-Type": "application/sparql-update" };
    return read<UpdateReport>(await send("sparql", { method: "POST", headers, body: text, signal }));
  },
  eval: (expression: string, signal?: AbortSignal) =>
    post<{ value: unknown; version: number; elapsed_ms: number }>("api/v1/eval", { expression }, signal),
  picture: (request: { entity?: string; query?: string; limit?: number; k?: number; min?: number }, signal?: AbortSignal) =>
    post<Picture>("api/v1/graph", request, signal),
  async import(file: File, skipBad: boolean): Promise<ImportReport> {
    const format = /\.(\w+?)(\.(gz|zst|gzip|zstd))?$/i.exec(file.name)?.[1] ?? "";
    const path = `api/v1/import?format=${encodeURIComponent(format)}&skip-bad=${skipBad}`;
    return read<ImportReport>(await send(path, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file }));
  },
  stats: () => get<Stats>("api/v1/stats"),
  models: async () => (await get<{ models: Model[] }>("api/v1/models")).models,
  async plot(model: string, kind: PlotKind, format: "svg" | "png", options: Record<string, string>): Promise<Response> {
    const response = await send(`api/v1/models/${encodeURIComponent(model)}/plots/${kind}.${format}?${new URLSearchParams(options)}`, {});
    if (!response.ok) await read(response); // tells the problem
    return response;
  },
  errors: (request: { model: string; limit: number }) => post<Doubts>("api/v1/errors", request),
  suggest: (request: { model: string; limit: number; per_relation: number }) => post<Suggestions>("api/v1/suggest", request),
  jobs: async () => (await get<{ jobs: Job[] }>("api/v1/jobs")).jobs,
  training: () => get<Training>("api/v1/training"),
  train: (request: { family: string; name: string; replace: boolean; epochs?: number; dim?: number }) => post<Job>("api/v1/train", request),
  async cancel(id: string): Promise<Job> {
    return read<Job>(await send(`api/v1/jobs/${encodeURIComponent(id)}`, { method: "DELETE" }));
  },
};
