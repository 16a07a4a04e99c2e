// Which requests somebody wants to see, as it stands in the address. Rule: the API filters; nothing is sent that nobody wants to see.

/** As the API has them. */
export const FILTERS = ['text', 'job', 'status', 'method', 'host', 'user', 'route', 'upstream', 'error'] as const;
export type Filter = (typeof FILTERS)[number];

export interface ChipGroup {
  readonly filter: Filter;
  readonly title: string;
  readonly choices: readonly (readonly [value: string, title: string])[];
}

const same = (...values: readonly string[]): (readonly [string, string])[] => values.map((value) => [value, value]);

/** One of each at a time. */
export const CHIP_GROUPS: readonly ChipGroup[] = [
  {
    filter: 'job',
    title: 'Job',
    choices: [
      ['egress', 'Egress'],
      ['gateway', 'Gateway'],
      ['tunnels', 'Tunnels'],
      ['agents', 'Agents'],
      ['ai', 'AI'],
    ],
  },
  { filter: 'status', title: 'Status', choices: same('2xx', '3xx', '4xx', '5xx') },
  { filter: 'method', title: 'Method', choices: same('GET', 'POST', 'PUT', 'DELETE', 'CONNECT') },
];

/** Those that have no chips of their own: they are set from a request, and taken away by a chip. */
export const LOOSE_FILTERS: readonly Filter[] = ['host', 'user', 'route', 'upstream', 'error'];

export function filtersIn(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams(
    FILTERS.flatMap((name) => {
      const value = query.get(name);
      return value === null || value === '' ? [] : [[name, value]];
    }),
  );
}
