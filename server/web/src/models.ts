// The models view: a card for each with its figures and training curve, and training a new one.
import { api, Problem, type Job, type Model } from "./api";
import { curve } from "./curve";
import { el, fill } from "./dom";
import { PlotsPanel } from "./plots";
import { problemCard } from "./query";
import { ReviewPanel } from "./review";
import { bytes, count, counted, duration, shortIRI } from "./terms";

const pollEvery = 700; // milliseconds, while something trains

export class ModelsView {
  readonly element: HTMLElement;
  private readonly cards = el("div", { class: "cards" });
  private readonly jobs = el("div", { class: "cards" });
  private readonly problem = el("div");
  private readonly family = el("select", { id: "family" });
  private readonly name = el("input", { id: "model-name", placeholder: "as the family", autocomplete: "off", spellcheck: "false" });
  private readonly epochs = el("input", { id: "epochs", type: "number", min: "1", max: "1000", placeholder: "by size" });
  private readonly dim = el("input", { id: "dim", type: "number", min: "1", max: "2000", placeholder: "by size" });
  private readonly plots = new Map<string, PlotsPanel>(); // by model, so that they stay open while cards are made anew
  private readonly reviews = new Map<string, ReviewPanel>();
  private polling = false;

  constructor(private readonly changed: () => void) {
    const field = (label: string, input: HTMLElement) => el("label", { class: "field" }, label, input);
    this.element = el("section", { class: "view narrow models-view", "aria-label": "Models" },
      el("h2", {}, "Models"),
      el("p", { class: "lead" }, "A model learns the graph, and says of a triple that is not stated how plausible it is. From then on it follows every commit."),
      this.problem, this.jobs, this.cards,
      el("form", { class: "card bar train-form", onsubmit: (event: Event) => (event.preventDefault(), void this.train()) },
        field("Family", this.family), field("Name", this.name), field("Dimension", this.dim), field("Epochs", this.epochs),
        el("button", { type: "submit", class: "primary" }, "Train")));
  }

  /** Asks the server once which families there are. */
  private async families(): Promise<void> {
    if (titles.size > 0) return;
    for (const f of (await api.training()).families) {
      titles.set(f.name, f.title);
      this.family.append(el("option", { value: f.name, title: `${f.equation} (${f.source})` }, f.title));
    }
  }

  /** Asks the server again. */
  async refresh(): Promise<void> {
    try {
      await this.families();
      const [models, jobs] = await Promise.all([api.models(), api.jobs()]);
      this.show(models, jobs);
      if (jobs.some((j) => j.state === "running")) void this.poll();
    } catch (error) {
      this.failed(error);
    }
  }

  private show(models: Model[], jobs: Job[]): void {
    const shown = jobs.filter((j) => j.state === "running" || j.state === "failed").slice(0, 3);
    fill(this.jobs, shown.map((j) => jobCard(j, () => void this.cancel(j.id))));
    fill(this.cards, models.length || shown.length ? models.map((m) => modelCard(m, this.plotsOf(m).element, this.reviewOf(m).element)) : el("p", { class: "empty" }, "No model yet. Train one below: on a small graph it takes seconds."));
    for (const m of models) {
      this.plotsOf(m).update(m); // once they are in the page, whose width they ask for
      this.reviewOf(m).update(m);
    }
  }

  private plotsOf(model: Model): PlotsPanel {
    const panel = this.plots.get(model.name) ?? new PlotsPanel(model.name);
    this.plots.set(model.name, panel);
    return panel;
  }

  private reviewOf(model: Model): ReviewPanel {
    const panel = this.reviews.get(model.name) ?? new ReviewPanel(model.name);
    this.reviews.set(model.name, panel);
    return panel;
  }

  private async poll(): Promise<void> {
    if (this.polling) return;
    this.polling = true;
    try {
      for (;;) {
        await new Promise((done) => setTimeout(done, pollEvery));
        const jobs = await api.jobs();
        const models = await api.models();
        this.show(models, jobs);
        if (!jobs.some((j) => j.state === "running")) break;
      }
      this.changed();
    } catch (error) {
      this.failed(error);
    } finally {
      this.polling = false;
    }
  }

  private async train(): Promise<void> {
    fill(this.problem);
    const request: Parameters<typeof api.train>[0] = { family: this.family.value, name: this.name.value.trim() || this.family.value, replace: true };
    if (this.epochs.value) request.epochs = Number(this.epochs.value);
    if (this.dim.value) request.dim = Number(this.dim.value);
    try {
      await api.train(request);
      await this.refresh();
      this.element.scrollIntoView({ block: "start" });
    } catch (error) {
      this.failed(error);
    }
  }

  private async cancel(id: string): Promise<void> {
    await api.cancel(id).catch((error) => this.failed(error));
    await this.refresh();
  }

  private failed(error: unknown): void {
    fill(this.problem, problemCard(error instanceof Problem ? error : new Problem(0, "Error", String(error))));
  }
}

// titles holds what papers call the families, by name.
const titles = new Map<string, string>();

function familyName(family: string): string {
  return titles.get(family) ?? family;
}

function modelCard(model: Model, plots: HTMLElement, review: HTMLElement): HTMLElement {
  const m = model.held_out;
  const figure = (value: string, label: string, strong = false) => el("div", { class: strong ? "figure strong" : "figure" }, el("b", {}, value), el("span", {}, label));
  const share = (v: number) => `${(100 * v).toFixed(1)} %`;
  return el("article", { class: "card model", "data-model": model.name },
    el("header", {}, el("h3", {}, model.name), el("span", { class: "badge" }, familyName(model.family)), model.default && el("span", { class: "badge accent" }, "default"), freshness(model)),
    el("div", { class: "figures" }, figure(m.mrr.toFixed(3), "MRR", true), figure(share(m.hits1), "Hits@1"), figure(share(m.hits3), "Hits@3"), figure(share(m.hits10), "Hits@10"), m.auc > 0 && figure(m.auc.toFixed(3), "AUC")),
    el("p", { class: "muted small-text" }, `Filtered, on ${counted(m.triples, "triple")} held out of training.`),
    model.curve?.length ? curve(model.curve, model.name) : el("p", { class: "empty" }, "No curve was kept."),
    el("dl", {}, fact("Embedding", `${model.dim} × ${count(model.entities)} entities, ${count(model.relations)} relations, ${bytes(model.size_bytes)}`),
      fact("Trained", `${new Date(model.trained).toLocaleString()} on ${counted(model.train_triples, "triple")} in ${duration(1000 * model.train_seconds)}`),
      fact("Fact from", `probability ${model.threshold.toFixed(2)}${model.calibration ? ` (${model.calibration})` : ""}`),
      fact("Settings", `${model.settings}${model.settings ? ", " : ""}seed ${model.seed}`),
      fact("Follows", `graph @${model.version}${model.maintained ? `, ${counted(model.maintained, "change")} since training` : ""}, drift ${model.drift.toFixed(3)}`),
      model.graph ? fact("Graph", shortIRI(model.graph)) : []),
    plots, review);
}

function fact(name: string, value: string): HTMLElement[] {
  return [el("dt", {}, name), el("dd", {}, value)];
}

function freshness(model: Model): HTMLElement {
  if (model.stale) return el("span", { class: "badge bad", title: model.stale_because ?? "" }, "stale: train again");
  return model.lag ? el("span", { class: "badge warn" }, `${counted(model.lag, "commit")} behind`) : el("span", { class: "badge good" }, "up to date");
}

function jobCard(job: Job, cancel: () => void): HTMLElement {
  const name = job.request.name || job.request.family || "model";
  const left = job.remaining_seconds ? `, about ${duration(1000 * job.remaining_seconds)} left` : "";
  const bar = el("progress", { max: "1", value: job.phase === "training" && job.epochs ? (job.epoch + job.done * 0) / job.epochs : job.done, "aria-label": `Training ${name}` });
  return el("article", { class: "card model job" },
    el("header", {}, el("h3", {}, `Training ${name}`), el("span", { class: job.state === "failed" ? "badge bad" : "badge accent" }, job.state)),
    job.state === "running" && bar,
    el("p", { class: "muted small-text" }, job.error ?? `${job.phase ?? ""}${job.epochs ? `, epoch ${job.epoch} of ${job.epochs}` : ""}${left}`),
    (job.curve?.length ?? 0) > 1 && curve(job.curve!, name),
    job.state === "running" && el("button", { type: "button", class: "small", onclick: cancel }, "Cancel"));
}
