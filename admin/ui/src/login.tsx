import { useEffect, useRef } from "preact/hooks";
import { store } from "./store.ts";

/** Asks for the token of the admin listener. */
export function Login({ problem }: { problem: string }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), [problem]);
  return (
    <form
      class="panel login"
      onSubmit={(e) => {
        e.preventDefault();
        const value = input.current?.value.trim() ?? "";
        if (value !== "") store.login(value);
      }}
    >
      <h1 tabIndex={-1}>This gateway asks for its admin token</h1>
      <p id="token-help">
        It is <code>admin.token</code> of the configuration. This tab keeps it until it is closed, and sends it to this gateway only.
      </p>
      <label for="token">Admin token</label>
      <input id="token" ref={input} type="password" autocomplete="off" required
        aria-describedby={problem === "" ? "token-help" : "token-help token-problem"} aria-invalid={problem !== ""} data-testid="token-input" />
      {problem !== "" && <p id="token-problem" class="problem" role="alert">{problem}</p>}
      <button type="submit" class="primary">Open the dashboard</button>
    </form>
  );
}
