import assert from "node:assert/strict";
import test from "node:test";
import { linkTo, parse, type Route } from "../src/route.ts";

test("each page's link leads back to it", () => {
  const routes: Route[] = [
    { page: "overview" }, { page: "letters" }, { page: "config" }, { page: "nodes" },
    { page: "provider", name: "openai" }, { page: "provider", name: "a name, with ä/% and #" },
  ];
  for (const route of routes) assert.deepEqual(parse(linkTo(route)), route);
});

test("an address that is no page is the overview", () => {
  for (const hash of ["", "#", "#/", "#/nowhere", "#/providers", "#/providers/"]) assert.deepEqual(parse(hash), { page: "overview" });
});

test("a % that begins no character is taken as it is", () => {
  assert.deepEqual(parse("#/providers/100%"), { page: "provider", name: "100%" });
});
