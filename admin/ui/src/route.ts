// The pages, by what stands behind # in the address.

export type Route =
  | { page: "overview" }
  | { page: "provider"; name: string }
  | { page: "letters" }
  | { page: "config" }
  | { page: "nodes" };

/** Anything that is no page is the overview. */
export function parse(hash: string): Route {
  const [page, ...rest] = hash.replace(/^#?\/?/, "").split("/");
  switch (page) {
    case "providers":
      return rest.join("/") === "" ? { page: "overview" } : { page: "provider", name: decode(rest.join("/")) };
    case "dead-letters":
      return { page: "letters" };
    case "config":
      return { page: "config" };
    case "nodes":
      return { page: "nodes" };
  }
  return { page: "overview" };
}

export function linkTo(route: Route): string {
  switch (route.page) {
    case "provider":
      return `#/providers/${encodeURIComponent(route.name)}`;
    case "letters":
      return "#/dead-letters";
    case "overview":
      return "#/";
    default:
      return `#/${route.page}`;
  }
}

/** A % that begins no character is taken as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
