// The admin API's JSON, as admin/state.go has it.

export interface State {
  at: string;
  version: string;
  started: string;
  ready: boolean;
  draining: boolean;
  config: ConfigVersion;
  drop_excess_requests: boolean;
  not_found: number;
  providers: Provider[];
  nodes: Node[];
  pools: Pool[];
  dead_letters: LetterCount[];
}

export interface ConfigVersion {
  path: string;
  number: number;
  digest: string;
  loaded_at: string;
  override: boolean;
  failed?: string;
}

export interface Provider {
  name: string;
  type: string;
  state: "ready" | "degraded" | "draining" | "unreached";
  remote: boolean;
  drop_excess_requests: boolean;
  concurrency: number;
  buffer_size: number;
  queued: number;
  waiting: number;
  in_hand: number;
  backing_off: number;
  workers: number;
  oldest_queued_ms: number;
  drain_rate: number;
  offered: number;
  admitted: number;
  left: number;
  refused: Record<string, number>;
  completed: number;
  failed: number;
  cancelled: number;
  dead_lettered: number;
  restarts: number;
  retries: number;
  latency: Percentiles;
  wait: Percentiles;
  first_token: Percentiles;
  requests_per_second: number;
  input_tokens_per_second: number;
  output_tokens_per_second: number;
  keys: Key[];
}

export interface Percentiles {
  count: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
}

export interface Key {
  name: string;
  healthy: boolean;
  resting_until: string | null;
  concurrency: number;
  slots: number;
  in_use: number;
  waiting: number;
}

export interface ProviderDetail extends Provider {
  worker_list: Worker[];
  errors: Failure[];
}

export interface Worker {
  id: number;
  state: "free" | "busy" | "streaming" | "backoff" | "stopping";
  since: string;
  model?: string;
}

export interface Failure {
  at: string;
  provider: string;
  model?: string;
  key?: string;
  client?: string;
  kind: string;
  reason?: string;
  status?: number;
}

export interface LetterCount {
  reason: string;
  count: number;
}

export interface DeadLetters {
  by_reason: LetterCount[];
  recent: Failure[];
}

export interface Node {
  address: string;
  state: string;
  round_trip_ms: number;
  credits: number;
  in_flight: number;
  serving: number;
  calls: number;
  lost: number;
}

export interface Pool {
  name: string;
  size: number;
  idle: number;
  hits: number;
  misses: number;
}

export interface Demo {
  rate: number;
  max_rate: number;
  paused: boolean;
  sent: number;
  answered: number;
  refused: number;
  failed: number;
  about?: Record<string, string>; // what there is to see, by provider
}

export interface Settings {
  drop_excess_requests?: boolean;
  concurrency?: number;
  buffer_size?: number;
}

export interface RunningConfig extends ConfigVersion {
  text: string;
}

export interface Change {
  key: string;
  old: string;
  new: string;
}

export interface Reload {
  applied: boolean;
  config: ConfigVersion;
  changes: Change[];
  errors: string[];
}
