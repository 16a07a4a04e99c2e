// The token with which `sluice up` opens the dashboard. Rule: it stands in the fragment, which no server sees, and leaves the address and the history
// of the browser as soon as this is loaded: whoever reads the address imports it first.

export const tokenInAddress: string | null = takeToken();

function takeToken(): string | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get('t') ?? fragment.get('token');
  if (token === null) return null;
  history.replaceState(null, '', `${location.pathname}${location.search}`);
  return token;
}
