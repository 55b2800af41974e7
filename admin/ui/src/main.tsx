import { render } from "preact";
import { App } from "./app.tsx";
import { store } from "./store.ts";
import "uplot/dist/uPlot.min.css";
import "./app.css";

const root = document.getElementById("app");
if (root) render(<App />, root);
void store.watch();
addEventListener("online", () => store.retry());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && store.link === "lost") store.retry();
});
