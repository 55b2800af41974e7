import { FlowChart, MailboxChart } from "./charts.tsx";
import { Controls } from "./controls.tsx";
import { About } from "./demo.tsx";
import { Gauge, Workers } from "./gauge.tsx";
import { Flow, RestingKeys, StatePill, Times } from "./numbers.tsx";
import { linkTo } from "./route.ts";
import { store } from "./store.ts";
import type { Provider } from "./types.ts";

/** One provider at a glance. */
export function Card({ p }: { p: Provider }) {
  const now = store.history.last(p.name);
  const series = store.history.of(p.name);
  const id = `card-${p.name}`;
  return (
    <article class="panel card" aria-labelledby={id} data-testid={`provider-${p.name}`}>
      <div class="card-head">
        <h2 id={id}>
          <a href={linkTo({ page: "provider", name: p.name })}>{p.name}</a>
        </h2>
        {p.type !== "" && p.type !== p.name && <span class="kind">{p.type}</span>}
        <StatePill state={p.state} />
        <RestingKeys p={p} />
      </div>
      <About provider={p.name} />
      {p.remote ? (
        <p class="none">Its mailbox and workers are on another node. The numbers are of this gateway's calls.</p>
      ) : (
        <>
          <Gauge p={p} refused={now?.refused ?? 0} />
          <Workers p={p} />
          <Controls p={p} />
          <MailboxChart series={series} height={84} />
        </>
      )}
      <Flow p={p} now={now} />
      <FlowChart series={series} height={84} />
      <Times p={p} />
    </article>
  );
}
