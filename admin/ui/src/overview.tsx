import { useState } from "preact/hooks";
import { patch } from "./api.ts";
import { Card } from "./card.tsx";
import { Switch } from "./controls.tsx";
import { DemoPanel } from "./demo.tsx";
import { count, rate } from "./format.ts";
import { lettersOf } from "./history.ts";
import { Figure } from "./numbers.tsx";
import { complain, store, useStore } from "./store.ts";
import type { State } from "./types.ts";

/** All providers at a glance. */
export function Overview() {
  const { state } = useStore();
  if (!state) return null;
  return (
    <>
      <div class="page-head">
        <h1 tabIndex={-1}>Overview</h1>
        <DefaultDrop state={state} />
      </div>
      {store.demo && <DemoPanel first={store.demo} />}
      <Totals state={state} />
      {state.providers.length === 0 ? (
        <p class="panel none">There is no provider. Add one to the configuration and reload it.</p>
      ) : (
        <div class="cards">
          {state.providers.map((p) => <Card key={p.name} p={p} />)}
        </div>
      )}
    </>
  );
}

/** The sums of all providers. */
function Totals({ state }: { state: State }) {
  let answered = 0, refused = 0, busy = 0, workers = 0, queued = 0, waiting = 0, letters = state.not_found, tokens = 0;
  for (const p of state.providers) {
    const now = store.history.last(p.name);
    answered += now?.answered ?? 0;
    refused += now?.refused ?? 0;
    busy += p.in_hand;
    workers += p.workers;
    queued += p.queued;
    waiting += p.waiting;
    letters += lettersOf(p);
    tokens += p.output_tokens_per_second;
  }
  return (
    <section aria-label="All providers">
      <dl class="figures totals panel">
        <Figure label="Answered" value={rate(answered)} unit="/s" tone={answered > 0 ? "busy" : undefined} />
        <Figure label="Busy workers" value={<>{count(busy)}<small>/{count(workers)}</small></>} />
        <Figure label="Queued" value={count(queued)} />
        <Figure label="Waiting" value={count(waiting)} tone={waiting > 0 ? "wait" : undefined} />
        <Figure label="Refused" value={rate(refused)} unit="/s" tone={refused > 0 ? "drop" : undefined} />
        <Figure label="Dead letters" value={count(letters)} tone={letters > 0 ? "drop" : undefined} />
        <Figure label="Tokens out" value={rate(tokens)} unit="/s" tone={tokens > 0 ? "token" : undefined} />
      </dl>
    </section>
  );
}

/** Drop mode of all providers that have none of their own. */
function DefaultDrop({ state }: { state: State }) {
  const [busy, setBusy] = useState(false);
  const flip = async () => {
    setBusy(true);
    const drop = !state.drop_excess_requests;
    try {
      await patch("/api/v1/settings", { drop_excess_requests: drop });
      store.notify("good", drop ? "Providers without a mode of their own drop when full." : "Providers without a mode of their own let callers wait when full.");
    } catch (err) {
      complain(err);
    }
    setBusy(false);
  };
  return (
    <Switch on={state.drop_excess_requests} busy={busy} flip={flip} testid="default-drop-toggle" label="Drop when full, the default of all providers">
      Drop when full, by default
    </Switch>
  );
}
