import { providerPath } from "./api.ts";
import { FlowChart, LatencyChart, MailboxChart, TokenChart } from "./charts.tsx";
import { Controls } from "./controls.tsx";
import { About } from "./demo.tsx";
import { clock, count, since, total } from "./format.ts";
import { Gauge, Workers } from "./gauge.tsx";
import { Flow, StatePill, Times } from "./numbers.tsx";
import { usePolled } from "./poll.ts";
import { linkTo } from "./route.ts";
import { store, useStore } from "./store.ts";
import { Table } from "./table.tsx";
import type { Failure, Key, Provider, ProviderDetail, Worker } from "./types.ts";

/** Everything about one provider. */
export function ProviderPage({ name }: { name: string }) {
  const { state } = useStore();
  const { value: detail } = usePolled<ProviderDetail>(providerPath(name), 1000);
  const p = state?.providers.find((one) => one.name === name);
  if (!state || !p) {
    return (
      <div class="blank">
        <h1 tabIndex={-1}>There is no provider {name}</h1>
        <p><a href={linkTo({ page: "overview" })}>Back to the overview</a></p>
      </div>
    );
  }
  const now = Date.parse(state.at);
  const series = store.history.of(name);
  const last = store.history.last(name);
  return (
    <div data-testid={`provider-${name}`}>
      <div class="page-head">
        <p class="crumb"><a href={linkTo({ page: "overview" })}>Overview</a> ›</p>
        <h1 tabIndex={-1}>{name}</h1>
        {p.type !== "" && p.type !== name && <span class="kind">{p.type}</span>}
        <StatePill state={p.state} />
      </div>
      <About provider={name} />
      <div class="columns">
        <section class="panel" aria-label="Now">
          {!p.remote && <Gauge p={p} refused={last?.refused ?? 0} places={60} />}
          {!p.remote && <Workers p={p} />}
          <Flow p={p} now={last} />
        </section>
        <section class="panel" aria-label="Settings and times">
          {p.remote ? (
            <p class="none">This provider is on another node; it is changed there.</p>
          ) : (
            <>
              <h2>Change at run time</h2>
              <Controls p={p} />
              <p class="hint">A change is in force at once and loses no request. It lasts until the next reload or restart: to keep it, write it into the configuration.</p>
            </>
          )}
          <Times p={p} />
        </section>
      </div>
      <div class="columns">
        {!p.remote && <section class="panel" aria-label="Chart of the mailbox"><MailboxChart series={series} height={150} /></section>}
        <section class="panel" aria-label="Chart of requests"><FlowChart series={series} height={150} /></section>
        <section class="panel" aria-label="Chart of latency"><LatencyChart series={series} height={150} /></section>
        <section class="panel" aria-label="Chart of tokens"><TokenChart series={series} height={150} /></section>
      </div>
      <div class="columns loose">
        <div class="stack">
          <section class="panel"><h2>Workers</h2><WorkerTable workers={detail?.worker_list ?? []} now={now} /></section>
          <section class="panel"><h2>Keys</h2><Keys keys={p.keys} now={now} /></section>
        </div>
        <div class="stack">
          <section class="panel"><h2>Last errors</h2><Failures list={detail?.errors ?? []} now={now} label="Last errors" of="key" /></section>
          <section class="panel"><h2>Since the start</h2><Sums p={p} /></section>
        </div>
      </div>
    </div>
  );
}

const workerPills: Record<Worker["state"], string> = { free: "", busy: "good", streaming: "good", backoff: "bad", stopping: "warn" };

function WorkerTable({ workers, now }: { workers: Worker[]; now: number }) {
  return (
    <Table
      label="Workers" kind="tall"
      empty="Nothing is known of single workers."
      heads={["Worker", "State", "For", "Model"]}
      rows={workers.map((w) => ({
        key: w.id,
        cells: [w.id, <span class={`pill ${workerPills[w.state] ?? ""}`}>{w.state}</span>, since(w.since, now), w.model ?? ""],
      }))}
    />
  );
}

function Keys({ keys, now }: { keys: Key[]; now: number }) {
  return (
    <Table
      label="Keys"
      empty="This provider needs no key."
      heads={["Key", "Health", "In use", "Waiting"]}
      numbers={[2, 3]}
      rows={keys.map((k) => ({
        key: k.name,
        cells: [
          k.name,
          k.healthy ? <span class="pill good">healthy</span> : <span class="pill warn">rests {k.resting_until ? until(k.resting_until, now) : ""}</span>,
          k.concurrency > 0 ? `${k.in_use} of ${k.slots}` : "no limit",
          k.concurrency > 0 ? k.waiting : "–",
        ],
      }))}
    />
  );
}

function until(at: string, now: number): string {
  return `${Math.max(0, Math.ceil((Date.parse(at) - now) / 1000))} s more`;
}

/** Failed or refused requests, newest first. */
export function Failures({ list, now, label, of }: { list: Failure[]; now: number; label: string; of: "key" | "provider" }) {
  return (
    <Table
      label={label} kind="tall" folds
      empty="None since the start."
      heads={["At", of === "key" ? "Key" : "Provider", "Model", "What", "Client"]}
      rows={list.map((f, i) => ({
        key: `${f.at}-${i}`,
        cells: [
          <span title={`${since(f.at, now)} ago`}>{clock(f.at)}</span>,
          (of === "key" ? f.key : f.provider) || "–",
          f.model || "–",
          <>{f.reason && f.reason !== f.kind ? `${f.kind}: ${f.reason}` : f.kind}{f.status ? ` (${f.status})` : ""}</>,
          f.client || "–",
        ],
      }))}
    />
  );
}

/** The counters, as the sums that always hold. */
function Sums({ p }: { p: Provider }) {
  const reasons = Object.entries(p.refused).filter(([, n]) => n > 0);
  const refused = total(p.refused);
  return (
    <dl class="sums">
      <Sum name="Offered" n={p.offered} head />
      <Sum name="admitted" n={p.admitted} />
      <Sum name="waiting now" n={p.waiting} />
      <Sum name="left while waiting" n={p.left} />
      <Sum name="refused" n={refused} />
      {reasons.map(([reason, n]) => <Sum key={reason} name={reason} n={n} deep />)}
      <Sum name="Admitted" n={p.admitted} head />
      <Sum name="answered" n={p.completed} />
      <Sum name="failed" n={p.failed} />
      <Sum name="cancelled" n={p.cancelled} />
      <Sum name="dead-lettered by a shutdown" n={p.dead_lettered} />
      <Sum name="queued, in hand or backing off now" n={p.queued + p.in_hand + p.backing_off} />
      <Sum name="Restarts of workers" n={p.restarts} head />
      <Sum name="Retries" n={p.retries} head />
    </dl>
  );
}

function Sum({ name, n, head, deep }: { name: string; n: number; head?: boolean; deep?: boolean }) {
  return (
    <div class={head ? "head" : deep ? "deep" : undefined}>
      <dt>{name}</dt>
      <dd>{count(n)}</dd>
    </div>
  );
}
