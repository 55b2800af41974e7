import { useState } from "preact/hooks";
import { post } from "./api.ts";
import { moment, plural } from "./format.ts";
import { usePolled } from "./poll.ts";
import { complain, store, useStore } from "./store.ts";
import { Table } from "./table.tsx";
import type { Reload, RunningConfig } from "./types.ts";

/** The configuration that runs, and how it is read again. */
export function Configuration() {
  const { state } = useStore();
  const running = usePolled<RunningConfig>("/api/v1/config", 0);
  const version = state?.config;
  return (
    <>
      <h1 tabIndex={-1}>Configuration</h1>
      {version && version.number > 0 && (
        <p class="lead">
          Version <b data-testid="config-number">{version.number}</b> runs, <code>{version.digest}</code>, read {moment(version.loaded_at)}
          {version.path !== "" && <> from <code>{version.path}</code></>}.
          {version.override && " Settings were changed here since; the next reload puts the file's back."}
        </p>
      )}
      {version?.failed && (
        <div class="panel fault" role="alert">
          <h2>The last reload was refused</h2>
          <pre>{version.failed}</pre>
          <p>What ran before goes on unchanged.</p>
        </div>
      )}
      <ReloadPanel done={running.again} />
      <section class="panel" aria-labelledby="running">
        <h2 id="running">As it runs</h2>
        {running.value ? (
          <pre class="scroll text" tabIndex={0} role="region" aria-label="The running configuration">{running.value.text}</pre>
        ) : (
          <p class="none">{running.error ?? "…"}</p>
        )}
      </section>
    </>
  );
}

function ReloadPanel({ done }: { done: () => void }) {
  const [result, setResult] = useState<{ reload: Reload; dry: boolean } | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async (dry: boolean) => {
    setBusy(true);
    try {
      const reload = await post<Reload>(`/api/v1/reload${dry ? "?dry_run=true" : ""}`);
      setResult({ reload, dry });
      if (!dry && reload.errors.length === 0) {
        store.notify("good", reload.changes.length === 0 ? "Nothing has changed." : `Reloaded: ${plural(reload.changes.length, "change")} in force.`);
        done();
      }
    } catch (err) {
      complain(err);
    }
    setBusy(false);
  };
  return (
    <section class="panel" aria-labelledby="reload">
      <h2 id="reload">Read the file again</h2>
      <p class="hint">The file is checked first. A fault in it changes nothing; a good one is in force at once, and no request that was accepted is lost.</p>
      <p class="buttons">
        <button type="button" disabled={busy} data-testid="dry-run" onClick={() => void run(true)}>Show what would change</button>
        <button type="button" class="primary" disabled={busy} data-testid="reload" onClick={() => void run(false)}>Reload now</button>
      </p>
      <div aria-live="polite" data-testid="reload-result">{result && <Outcome {...result} />}</div>
    </section>
  );
}

function Outcome({ reload, dry }: { reload: Reload; dry: boolean }) {
  if (reload.errors.length > 0) {
    return (
      <div class="fault">
        <p><b>The file has {plural(reload.errors.length, "fault")}; nothing was changed.</b></p>
        <ul>{reload.errors.map((e) => <li key={e}><code>{e}</code></li>)}</ul>
      </div>
    );
  }
  if (reload.changes.length === 0) return <p>The file says what runs already.</p>;
  return (
    <>
      <p>{plural(reload.changes.length, "change")} {dry ? "would be made:" : "made:"}</p>
      <Table
        label="Changes" kind="diff" empty=""
        heads={["Key", "Now", "New"].map((h, i) => (i === 1 && !dry ? "Before" : h))}
        rows={reload.changes.map((c) => ({
          key: c.key,
          cells: [
            <code>{c.key}</code>,
            c.old === "" ? <span class="none">not there</span> : <code class="old">{c.old}</code>,
            c.new === "" ? <span class="none">gone</span> : <code class="new">{c.new}</code>,
          ],
        }))}
      />
    </>
  );
}
