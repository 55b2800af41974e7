import { useId, useState } from "preact/hooks";
import { patch, providerPath } from "./api.ts";
import { complain, store } from "./store.ts";
import type { Provider, ProviderDetail, Settings } from "./types.ts";

async function change(p: Provider, s: Settings, said: string): Promise<void> {
  try {
    store.merge(await patch<ProviderDetail>(providerPath(p.name), s));
    store.notify("good", `${p.name}: ${said}`);
  } catch (err) {
    complain(err, `${p.name}: `);
    throw err;
  }
}

interface SwitchProps {
  on: boolean;
  busy: boolean;
  flip: () => void;
  testid: string;
  /** What it switches, for who cannot see where it stands. */
  label: string;
  children: string;
}

export function Switch({ on, busy, flip, testid, label, children }: SwitchProps) {
  return (
    <button type="button" role="switch" class="switch" aria-checked={on} aria-busy={busy} aria-label={label}
      data-testid={testid} onClick={() => { if (!busy) flip(); }}>
      <span class="track" aria-hidden="true"><span class="knob" /></span>
      <span>{children}</span>
    </button>
  );
}

/** A switch between drop and wait mode. */
function DropToggle({ p }: { p: Provider }) {
  const [busy, setBusy] = useState(false);
  const flip = async () => {
    const drop = !p.drop_excess_requests;
    setBusy(true);
    await change(p, { drop_excess_requests: drop }, drop ? "drops requests when its mailbox is full" : "lets callers wait when its mailbox is full").catch(() => {});
    setBusy(false);
  };
  return (
    <div class="field">
      <span class="label" aria-hidden="true">When full</span>
      <Switch on={p.drop_excess_requests} busy={busy} flip={flip} testid="drop-toggle" label={`Drop when full: ${p.name}`}>
        {p.drop_excess_requests ? "drop" : "wait"}
      </Switch>
    </div>
  );
}

/** Drop mode, which is switched at once, and the sizes. What is typed stays until it is applied or given up. */
export function Controls({ p }: { p: Provider }) {
  const [concurrency, setConcurrency] = useState<string | null>(null);
  const [buffer, setBuffer] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const wanted: Settings = {};
  if (concurrency !== null && Number(concurrency) !== p.concurrency) wanted.concurrency = Number(concurrency);
  if (buffer !== null && Number(buffer) !== p.buffer_size) wanted.buffer_size = Number(buffer);
  const bad = (text: string | null) => text !== null && !/^[1-9]\d{0,6}$/.test(text.trim());
  const changed = Object.keys(wanted).length > 0;
  const faulty = bad(concurrency) || bad(buffer);

  const apply = async () => {
    if (!changed || faulty || busy) return;
    const said: string[] = [];
    if (wanted.concurrency !== undefined) said.push(`concurrency ${p.concurrency} → ${wanted.concurrency}`);
    if (wanted.buffer_size !== undefined) said.push(`buffer size ${p.buffer_size} → ${wanted.buffer_size}`);
    setBusy(true);
    try {
      await change(p, wanted, said.join(", "));
      setConcurrency(null);
      setBuffer(null);
    } catch {
      // it was told; what was typed stays
    }
    setBusy(false);
  };

  return (
    <form class="sizes" aria-label={`Settings of ${p.name}`} noValidate onSubmit={(e) => { e.preventDefault(); void apply(); }}>
      <DropToggle p={p} />
      <NumberField label="Concurrency" testid="concurrency-input" value={concurrency ?? String(p.concurrency)} bad={bad(concurrency)} set={setConcurrency} />
      <NumberField label="Buffer size" testid="buffer-input" value={buffer ?? String(p.buffer_size)} bad={bad(buffer)} set={setBuffer} />
      <button type="submit" class="primary" data-testid="apply" disabled={!changed || faulty || busy}>
        Apply
      </button>
      <p class="problem" role="alert">{faulty ? "Both are whole numbers from 1." : ""}</p>
    </form>
  );
}

interface NumberFieldProps {
  label: string;
  testid: string;
  value: string;
  bad: boolean;
  set: (value: string) => void;
}

function NumberField({ label, testid, value, bad, set }: NumberFieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} type="number" inputMode="numeric" min={1} step={1} value={value} aria-invalid={bad} data-testid={testid}
        onInput={(e) => set(e.currentTarget.value)} />
    </div>
  );
}
