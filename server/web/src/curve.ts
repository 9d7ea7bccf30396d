// A training's curve: loss falling on the left axis, MRR rising on the right one, over epochs.
import type { CurvePoint } from "./api";
import { svg } from "./dom";

const width = 420;
const height = 170;
const box = { left: 44, right: 44, top: 14, bottom: 26 };

interface Scale {
  (value: number): number;
}

function scale(from: [number, number], to: [number, number]): Scale {
  const span = from[1] - from[0] || 1;
  return (value) => to[0] + ((value - from[0]) / span) * (to[1] - to[0]);
}

/** Returns round numbers that cover a range in about n steps. */
function ticks(low: number, high: number, n: number): number[] {
  const rough = (high - low || 1) / n;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? power;
  const first = Math.floor(low / step + 1e-9) * step;
  const list: number[] = [];
  for (let v = first; v < high + step * 0.999; v += step) list.push(Number(v.toPrecision(12)));
  return list;
}

function line(points: [number, number][]): string {
  return points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

/** Returns the chart of a curve; it names its last values for those who cannot see it. */
export function curve(points: CurvePoint[], label: string): SVGElement {
  const loss = points.filter((p) => p.loss > 0 || p.epoch > 0).map((p): [number, number] => [p.epoch, p.loss]);
  const mrr = points.filter((p) => p.mrr).map((p): [number, number] => [p.epoch, p.mrr!]);
  const lastEpoch = Math.max(1, ...points.map((p) => p.epoch));
  const lossTicks = ticks(Math.min(0, ...loss.map((p) => p[1])), Math.max(...loss.map((p) => p[1]), 1e-6), 4);
  const mrrTicks = ticks(0, Math.max(0.1, ...mrr.map((p) => p[1])), 4);
  const bottom = height - box.bottom;
  const x = scale([Math.min(1, lastEpoch), Math.max(2, lastEpoch)], [box.left, width - box.right]);
  const yLoss = scale([lossTicks[0]!, lossTicks.at(-1)!], [bottom, box.top]);
  const yMRR = scale([0, mrrTicks.at(-1)!], [bottom, box.top]);
  const lossPath = loss.map(([e, v]): [number, number] => [x(e), yLoss(v)]);
  const mrrPath = mrr.map(([e, v]): [number, number] => [x(e), yMRR(v)]);
  const text = (at: number, y: number, words: string, cls: string, anchor: string) =>
    svg("text", { x: at, y, class: cls, "text-anchor": anchor }, words);
  const describe = `${label}: loss ${loss.at(-1)?.[1].toFixed(3) ?? "none"}` +
    `${mrr.length ? `, MRR ${mrr.at(-1)![1].toFixed(3)}` : ""} after ${lastEpoch} epochs`;
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "curve", role: "img", "aria-label": describe },
    lossTicks.map((v) => svg("line", { class: "grid", x1: box.left, x2: width - box.right, y1: yLoss(v), y2: yLoss(v) })),
    lossTicks.map((v) => text(box.left - 6, yLoss(v) + 3, short(v), "axis loss", "end")),
    mrr.length ? mrrTicks.map((v) => text(width - box.right + 6, yMRR(v) + 3, short(v), "axis mrr", "start")) : [],
    epochTicks(lastEpoch).map((e) => text(x(e), height - 8, String(e), "axis", "middle")),
    mrrPath.length > 1 && svg("path", { class: "area", d: `${line(mrrPath)}L${mrrPath.at(-1)![0]} ${bottom}L${mrrPath[0]![0]} ${bottom}Z` }),
    svg("path", { class: "line loss", d: line(lossPath) }),
    svg("path", { class: "line mrr", d: line(mrrPath) }),
    mrrPath.map(([cx, cy], i) => svg("circle", { class: "dot mrr", cx, cy, r: 2.4 }, svg("title", {}, `epoch ${mrr[i]![0]}: MRR ${mrr[i]![1].toFixed(4)}`))),
    lossPath.length === 1 && svg("circle", { class: "dot loss", cx: lossPath[0]![0], cy: lossPath[0]![1], r: 2.4 }),
    text(box.left, 9, "loss", "axis loss", "start"),
    mrr.length > 0 && text(width - box.right, 9, "MRR", "axis mrr", "end"),
    text(width / 2, height - 8, lastEpoch > 6 ? "" : "epoch", "axis", "middle"),
  );
}

function epochTicks(last: number): number[] {
  if (last <= 8) return Array.from({ length: last }, (_, i) => i + 1);
  return [1, ...ticks(0, last, 5).filter((e) => e > last * 0.06 && e <= last)];
}

function short(v: number): string {
  return v === 0 ? "0" : Math.abs(v) >= 1000 ? v.toExponential(0) : String(Number(v.toPrecision(3)));
}
