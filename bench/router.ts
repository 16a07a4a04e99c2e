// What it costs to find the route of a request, and that a hit allocates nothing. Run: node bench/router.ts
// Rule: the requests are spread over the whole table, so that no branch is always taken.
import v8 from 'node:v8';
import { DEFAULT_LIMITS } from '../src/codec/http1/message-parser.ts';
import { RequestParser } from '../src/codec/http1/parser.ts';
import { RequestState } from '../src/engine/request-state.ts';
import { type Routable, type RouteMatch, Router } from '../src/engine/router.ts';

const EVERYTHING: RouteMatch = { hosts: [], path: '/*', methods: [], fields: [], query: [] };

interface Subject {
  readonly name: string;
  /** The n-th route of the table. */
  readonly match: (index: number) => Partial<RouteMatch>;
  /** A request line and a Host that lead to it. */
  readonly request: (index: number) => readonly [line: string, host: string];
}

const SUBJECTS: readonly Subject[] = [
  {
    name: 'exact host',
    match: (index) => ({ hosts: [`host-${index}.example.com`] }),
    request: (index) => ['GET /products/list?page=3 HTTP/1.1', `host-${index}.example.com`],
  },
  {
    name: 'wildcard host',
    match: (index) => ({ hosts: [`*.zone-${index}.example.com`] }),
    request: (index) => ['GET /products/list?page=3 HTTP/1.1', `www.zone-${index}.example.com`],
  },
  {
    name: 'exact path',
    match: (index) => ({ path: `/v1/service-${index}/status` }),
    request: (index) => [`GET /v1/service-${index}/status HTTP/1.1`, 'api.example.com'],
  },
  {
    name: 'path prefix',
    match: (index) => ({ path: `/v1/service-${index}/*` }),
    request: (index) => [`GET /v1/service-${index}/users/7?page=3 HTTP/1.1`, 'api.example.com'],
  },
  {
    name: 'path pattern',
    match: (index) => ({ path: `/v1/{user}/thing-${index}` }),
    request: (index) => [`GET /v1/somebody/thing-${index} HTTP/1.1`, 'api.example.com'],
  },
  {
    name: 'path prefix and method',
    match: (index) => ({ path: `/v1/service-${index}/*`, methods: ['GET', 'HEAD'] }),
    request: (index) => [`GET /v1/service-${index}/users/7 HTTP/1.1`, 'api.example.com'],
  },
  {
    name: 'path prefix and field',
    match: (index) => ({ path: `/v1/service-${index}/*`, fields: [['x-env', 'beta']] }),
    request: (index) => [`GET /v1/service-${index}/users/7 HTTP/1.1`, 'api.example.com'],
  },
];

const ignore = (): void => {};

function stateOf([line, host]: readonly [line: string, host: string]): RequestState {
  const sink = { onHead: ignore, onBody: ignore, onEnd: ignore, onError: ignore };
  const parser = new RequestParser(DEFAULT_LIMITS, sink);
  const bytes = Buffer.from(`${line}\r\nHost: ${host}\r\nX-Env: beta\r\nAccept: */*\r\n\r\n`, 'latin1');
  parser.feed(bytes, 0, bytes.length);
  const state = new RequestState(parser.head, false);
  state.begin();
  return state;
}

/** Best of several rounds, in nanoseconds of CPU time. */
function measure({ name, match, request }: Subject, routes: number): void {
  const table = Array.from({ length: routes }, (_, index): Routable => ({ match: { ...EVERYTHING, ...match(index) } }));
  const router = new Router(table);
  const states = Array.from({ length: Math.min(routes, 256) }, (_, index) =>
    stateOf(request(Math.floor((index * routes) / Math.min(routes, 256)))),
  );
  const times = 200_000;
  let best = Infinity;
  let bytes = Infinity;
  for (let round = 0; round < 10; round++) {
    const before = v8.getHeapStatistics().total_allocated_bytes;
    const begin = process.cpuUsage();
    for (let i = 0; i < times; i++) {
      const { head, hostFrom, hostTo } = states[i % states.length]!;
      if (router.find(head, hostFrom, hostTo) === null) throw new Error(`${name}: there is no route`);
    }
    const { user, system } = process.cpuUsage(begin);
    best = Math.min(best, ((user + system) * 1000) / times);
    bytes = Math.min(bytes, (v8.getHeapStatistics().total_allocated_bytes - before) / times);
  }
  console.log(
    `${name.padEnd(28)} ${String(routes).padStart(6)} routes ${best.toFixed(0).padStart(7)} ns ${bytes.toFixed(0).padStart(5)} B`,
  );
}

for (const subject of SUBJECTS) {
  for (const routes of [1, 100, 10_000]) measure(subject, routes);
}
