// Where in the dashboard somebody is: `#/traffic?status=5xx`. Rule: what a page shows follows from the address, so that it can be passed on and gone back from.
import { computed, signal, type ReadonlySignal } from '@preact/signals';
import './token-in-address.ts';

export interface Route {
  /** The first part of the path: a page. */
  readonly page: string;
  /** What follows it. */
  readonly rest: readonly string[];
  readonly query: URLSearchParams;
}

const hash = signal(location.hash);
addEventListener('hashchange', () => (hash.value = location.hash));

export const route: ReadonlySignal<Route> = computed(() => {
  const [path = '', query = ''] = hash.value.replace(/^#\/?/, '').split('?', 2);
  const [page = '', ...rest] = path.split('/').map(decode);
  return { page: page === '' ? 'overview' : page, rest, query: new URLSearchParams(query) };
});

export type Query = Readonly<Record<string, string | null>>;

export function addressOf(page: string, query: Query = {}, rest: readonly string[] = []): string {
  const path = [page, ...rest].map((part) => encodeURIComponent(part)).join('/');
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== null && pair[1] !== '');
  return pairs.length === 0 ? `#/${path}` : `#/${path}?${new URLSearchParams(pairs).toString()}`;
}

export function goTo(address: string): void {
  location.hash = address;
}

/** Changes the query of this page without a step in the history. */
export function adjustQuery(changes: Query): void {
  const { page, rest, query } = route.peek();
  history.replaceState(null, '', addressOf(page, { ...Object.fromEntries(query), ...changes }, rest));
  hash.value = location.hash;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
