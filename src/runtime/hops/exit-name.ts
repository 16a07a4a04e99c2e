// The name under which a proxy of a hop is known outside: to clients, in metrics, logs and the API. Rule: it is unique, for no
// hop has a slash in its name; the proxy of a hop in its short form goes by the name of the hop.

export function exitName(hop: string, id: string): string {
  return hop === id ? hop : `${hop}/${id}`;
}
