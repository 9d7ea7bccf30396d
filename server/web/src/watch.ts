// A standing query: the rows of a SELECT, kept up to date by the server's events.
import { api, Problem, type Term, type Versions } from "./api";

export type Row = (Term | null)[];

interface WatchEvent {
  vars?: string[];
  added: Row[];
  removed?: Row[];
  versions: Versions;
}

export interface Watched {
  vars: string[];
  rows: Row[];
  fresh: Set<Row>; // appeared with the latest change
  gone: number; // disappeared with it
  versions: Versions;
}

const firstPause = 1000;
const longestPause = 30_000;

/** Calls show after each change until signal aborts; connects again when the connection breaks, telling lost. It throws what the server refuses. */
export async function watch(query: string, show: (now: Watched) => void, lost: (why: string) => void, signal: AbortSignal): Promise<void> {
  let vars: string[] = [];
  let rows: Row[] = [];
  let last = "";
  let pause = firstPause;
  while (!signal.aborted) {
    try {
      await api.watch(query, last, signal, (id, name, data) => {
        if (name === "problem") {
          const p = JSON.parse(data) as { status: number; title: string; detail?: string };
          throw new Problem(p.status, p.title, p.detail ?? p.title);
        }
        if (name !== "rows" && name !== "change") return;
        const event = JSON.parse(data) as WatchEvent;
        const removed = event.removed ?? [];
        if (name === "rows") {
          vars = event.vars ?? [];
          rows = event.added;
        } else {
          rows = [...without(rows, removed), ...event.added];
        }
        last = id;
        pause = firstPause;
        show({ vars, rows, fresh: new Set(name === "rows" ? [] : event.added), gone: removed.length, versions: event.versions });
      });
    } catch (error) {
      if (signal.aborted) return;
      // Too many are watched, the server stops or does not answer: all may pass.
      if (!(error instanceof Problem) || (error.status !== 0 && error.status !== 429 && error.status !== 503) || (error.status !== 0 && !last)) throw error;
      lost(error.message);
    }
    await wait(pause, signal);
    pause = Math.min(2 * pause, longestPause);
  }
}

/** Returns rows less others, each of which takes away one that is like it. */
export function without(rows: Row[], others: Row[]): Row[] {
  const left = new Map<string, number>();
  for (const row of others) left.set(key(row), (left.get(key(row)) ?? 0) + 1);
  return rows.filter((row) => {
    const n = left.get(key(row)) ?? 0;
    if (n > 0) left.set(key(row), n - 1);
    return n === 0;
  });
}

function key(row: Row): string {
  return JSON.stringify(row.map((t) => t && [t.type, t.value, t.datatype, t["xml:lang"]]));
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
