// What the reasons of dead letters mean, and what helps.

const meanings: Record<string, string> = {
  queue_full: "The mailbox was full and drop mode is on. More concurrency drains it faster, a larger buffer takes longer bursts, and wait mode makes callers wait.",
  queue_timeout: "A caller waited for a place for as long as queue_timeout allows. More concurrency helps; a longer queue_timeout makes callers wait longer.",
  draining: "The gateway or the provider was about to stop.",
  not_found: "There is no such provider. Look at the model names that callers send.",
  degraded: "The mailbox was full while every worker was restarting after panics. The log says what they panicked of.",
  keys_resting: "Every key of the provider rests, after the provider refused it or asked to slow down. Another key helps.",
  no_credit: "As many calls as may be were with the other node.",
  node_lost: "No node that has the provider could be reached.",
  cluster_limit: "A key's limit is the whole cluster's, and this node had no part of it.",
  deadline_unmeetable: "The caller's deadline was shorter than the wait for a worker would have been.",
  not_permitted: "The client is not allowed this provider or model. Its allowed ones are in the configuration.",
};

export function meaning(reason: string): string {
  return meanings[reason] ?? "";
}
