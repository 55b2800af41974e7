import { useEffect, useRef } from "preact/hooks";
import { store, useStore } from "./store.ts";

/** What has just happened. Screen readers say it when there is a pause. */
export function Notices() {
  const { notices, link, state } = useStore();
  const before = useRef(link);
  useEffect(() => {
    if (before.current === "lost" && link === "live") store.notify("good", "The gateway is back.");
    before.current = link;
  }, [link]);
  return (
    <div class="notices" role="status" aria-live="polite">
      {link === "lost" && state && (
        <div class="notice bad">
          <span>The gateway cannot be reached. What is shown is old; it is tried again.</span>
        </div>
      )}
      {notices.map((n) => (
        <div key={n.id} class={`notice ${n.kind}`} data-testid="notice">
          <span>{n.text}</span>
          <button type="button" class="small" aria-label="Close this message" onClick={() => store.dismiss(n.id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}
