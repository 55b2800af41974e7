import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Configuration } from "./configuration.tsx";
import { Letters } from "./letters.tsx";
import { Login } from "./login.tsx";
import { Nodes } from "./nodes.tsx";
import { Notices } from "./notices.tsx";
import { Overview } from "./overview.tsx";
import { ProviderPage } from "./provider.tsx";
import { linkTo, parse, type Route } from "./route.ts";
import { store, useStore } from "./store.ts";
import { moment, since } from "./format.ts";

/** The page that the address names; changes with it. */
function useRoute(): Route {
  const [route, setRoute] = useState(() => parse(location.hash));
  useEffect(() => {
    const changed = () => setRoute(parse(location.hash));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}

export function App() {
  const { state, askToken, link, demo } = useStore();
  const known = state !== null && demo !== undefined;
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const title = titleOf(route);
  useEffect(() => {
    document.title = `${title} · Bifrost`;
    if (first.current) {
      first.current = false;
      return;
    }
    // Who cannot see that the page is another one hears its heading.
    main.current?.querySelector("h1")?.focus();
    scrollTo(0, 0);
  }, [title]);
  const asking = askToken !== null;
  return (
    <>
      <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); main.current?.focus(); }}>
        Skip to the content
      </a>
      <Header route={route} quiet={asking} />
      <main id="main" ref={main} tabIndex={-1} class={link === "lost" && state ? "stale" : ""}>
        {asking ? <Login problem={askToken} /> : known ? <Page route={route} /> : <Loading />}
      </main>
      {known && !asking && <Footer />}
      <Notices />
    </>
  );
}

function titleOf(route: Route): string {
  switch (route.page) {
    case "provider":
      return route.name;
    case "letters":
      return "Dead letters";
    case "config":
      return "Configuration";
    case "nodes":
      return "Nodes";
    default:
      return "Overview";
  }
}

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case "provider":
      return <ProviderPage key={route.name} name={route.name} />;
    case "letters":
      return <Letters />;
    case "config":
      return <Configuration />;
    case "nodes":
      return <Nodes />;
    default:
      return <Overview />;
  }
}

function Loading() {
  const { link } = useStore();
  return (
    <div class="blank">
      <h1 tabIndex={-1}>{link === "lost" ? "The gateway cannot be reached" : "Connecting…"}</h1>
      {link === "lost" && <p>It is tried again. If it should run, look at its log.</p>}
    </div>
  );
}

function Header({ route, quiet }: { route: Route; quiet: boolean }) {
  const { state } = useStore();
  return (
    <header class="top">
      <div class="bridge" aria-hidden="true" />
      <div class="bar">
        <a class="brand" href={linkTo({ page: "overview" })}>
          <img src="favicon.svg" width="26" height="26" alt="" />
          <span>Bifrost</span>
        </a>
        {!quiet && (
          <nav aria-label="Pages">
            <Tab to={{ page: "overview" }} on={route.page === "overview" || route.page === "provider"}>Overview</Tab>
            <Tab to={{ page: "letters" }} on={route.page === "letters"}>Dead letters</Tab>
            <Tab to={{ page: "config" }} on={route.page === "config"}>Configuration</Tab>
            {state && state.nodes.length > 0 && <Tab to={{ page: "nodes" }} on={route.page === "nodes"}>Nodes</Tab>}
          </nav>
        )}
        {!quiet && <Status />}
      </div>
    </header>
  );
}

function Tab({ to, on, children }: { to: Route; on: boolean; children: ComponentChildren }) {
  return (
    <a href={linkTo(to)} aria-current={on ? "page" : undefined}>
      {children}
    </a>
  );
}

/** Whether what is shown is true now. */
function Status() {
  const { state, link } = useStore();
  let kind = "good";
  let text = "Live";
  if (link === "connecting") [kind, text] = ["", "Connecting"];
  else if (link === "lost") [kind, text] = ["bad", "Reconnecting"];
  else if (state?.draining) [kind, text] = ["warn", "Draining"];
  else if (!state?.ready) [kind, text] = ["bad", "Not ready"];
  return (
    <div class={`link ${kind}`} data-testid="link">
      <span class="dot" aria-hidden="true" />
      <span>{text}</span>
      {link === "lost" && (
        <button type="button" class="small" onClick={() => store.retry()}>
          Try now
        </button>
      )}
    </div>
  );
}

function Footer() {
  const { state } = useStore();
  if (!state) return null;
  const { config } = state;
  const now = Date.parse(state.at);
  return (
    <footer>
      <span>Bifrost {state.version}</span>
      <span title={`since ${moment(state.started)}`}>up {since(state.started, now)}</span>
      {config.number > 0 && (
        <span>
          <a href={linkTo({ page: "config" })}>configuration {config.number}</a> <code>{config.digest}</code>
          {config.override && " with changes made here"}
        </span>
      )}
      {state.pools.map((p) => (
        <span key={p.name}>
          pool of {p.name}: {p.idle} of {p.size} idle, {hitRate(p.hits, p.misses)} served from it
        </span>
      ))}
    </footer>
  );
}

function hitRate(hits: number, misses: number): string {
  return hits + misses === 0 ? "nothing" : `${((100 * hits) / (hits + misses)).toFixed(misses === 0 ? 0 : 1)}%`;
}
