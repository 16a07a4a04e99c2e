import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { getHeapStatistics } from 'node:v8';
import { requestHead } from '../../test/support/playbook-heads.ts';
import { RequestState } from './request-state.ts';
import { type Routable, type RouteMatch, Router } from './router.ts';

interface Named extends Routable {
  readonly name: string;
}

type Conditions = Partial<RouteMatch>;

/** A router whose routes are named by their keys, in that order. */
function routerOf(routes: Readonly<Record<string, Conditions>>): (...lines: readonly string[]) => string | null {
  const everything: RouteMatch = { hosts: [], path: '/*', methods: [], fields: [], query: [] };
  const named = Object.entries(routes).map(([name, match]): Named => ({ name, match: { ...everything, ...match } }));
  const router = new Router(named);
  return (...lines) => {
    const state = new RequestState(requestHead(...lines), false);
    state.begin();
    return router.find(state.head, state.hostFrom, state.hostTo)?.name ?? null;
  };
}

function get(find: (...lines: readonly string[]) => string | null, host: string, path = '/'): string | null {
  return find(`GET ${path} HTTP/1.1`, `Host: ${host}`);
}

describe('Router: hosts', () => {
  test('an exact host wins over a wildcard, a wildcard over any host', () => {
    const find = routerOf({ any: {}, wild: { hosts: ['*.a.test'] }, exact: { hosts: ['www.a.test'] } });
    assert.equal(get(find, 'www.a.test'), 'exact');
    assert.equal(get(find, 'img.a.test'), 'wild');
    assert.equal(get(find, 'a.test'), 'any');
  });

  test('a longer wildcard wins over a shorter one', () => {
    const find = routerOf({ short: { hosts: ['*.test'] }, long: { hosts: ['*.a.test'] } });
    assert.equal(get(find, 'x.a.test'), 'long');
    assert.equal(get(find, 'x.b.test'), 'short');
  });

  test('case, port and a dot at the end make no other host', () => {
    const find = routerOf({ any: {}, exact: { hosts: ['a.test'] }, wild: { hosts: ['*.a.test'] } });
    for (const host of ['A.Test', 'a.test:8080', 'a.test:', 'a.test.', 'A.TEST.:80']) {
      assert.equal(get(find, host), 'exact', host);
    }
    assert.equal(get(find, 'x.a.test.:80'), 'wild');
  });

  test('a route with several hosts is found under each', () => {
    const find = routerOf({ both: { hosts: ['a.test', '*.b.test'] } });
    assert.equal(get(find, 'a.test'), 'both');
    assert.equal(get(find, 'x.b.test'), 'both');
    assert.equal(get(find, 'b.test'), null);
  });

  test('addresses are hosts like others', () => {
    const find = routerOf({ four: { hosts: ['127.0.0.1'] }, six: { hosts: ['[::1]'] } });
    assert.equal(get(find, '127.0.0.1:8080'), 'four');
    assert.equal(get(find, '[::1]:8080'), 'six');
    assert.equal(get(find, '[::1]'), 'six');
  });

  test('the host of an absolute target counts, whatever Host says', () => {
    const find = routerOf({ a: { hosts: ['a.test'] }, b: { hosts: ['b.test'] } });
    assert.equal(find('GET http://a.test:81/ HTTP/1.1', 'Host: b.test'), 'a');
  });

  test('a request without Host meets the routes for any host', () => {
    const find = routerOf({ exact: { hosts: ['a.test'] }, any: {} });
    assert.equal(find('GET / HTTP/1.0', 'Accept: */*'), 'any');
  });

  test('when no route of the exact host takes the path, a wildcard and then any host may', () => {
    const find = routerOf({
      exact: { hosts: ['www.a.test'], path: '/exact' },
      wild: { hosts: ['*.a.test'], path: '/wild' },
      any: { path: '/any' },
    });
    assert.equal(get(find, 'www.a.test', '/exact'), 'exact');
    assert.equal(get(find, 'www.a.test', '/wild'), 'wild');
    assert.equal(get(find, 'www.a.test', '/any'), 'any');
    assert.equal(get(find, 'www.a.test', '/none'), null);
  });
});

describe('Router: paths', () => {
  const find = routerOf({
    any: {},
    exact: { path: '/admin' },
    below: { path: '/admin/*' },
    named: { path: '/u/{id}' },
  });

  test('the longer path wins, the query does not count', () => {
    assert.equal(get(find, 'a', '/admin'), 'exact');
    assert.equal(get(find, 'a', '/admin?x=/y'), 'exact');
    assert.equal(get(find, 'a', '/admin/x?y'), 'below');
    assert.equal(get(find, 'a', '/u/7'), 'named');
    assert.equal(get(find, 'a', '/?/admin'), 'any');
  });

  test('another spelling is no way around a route', () => {
    for (const path of ['/%61dmin', '//admin', '/x/../admin', '/./admin', '/x/%2e%2e/admin', '/x/..//%41/../admin']) {
      assert.equal(get(find, 'a', path), 'exact', path);
    }
    assert.equal(get(find, 'a', '/admin/../admin/secret'), 'below');
    assert.equal(get(find, 'a', '/admin%2Fsecret'), 'any', 'an encoded slash separates nothing');
  });

  test('an absolute target without a path, and the asterisk, mean the root', () => {
    assert.equal(find('GET http://a.test HTTP/1.1', 'Host: a.test'), 'any');
    assert.equal(find('GET http://a.test?x=1 HTTP/1.1', 'Host: a.test'), 'any');
    assert.equal(find('OPTIONS * HTTP/1.1', 'Host: a.test'), 'any');
    assert.equal(find('GET http://a.test/admin HTTP/1.1', 'Host: a.test'), 'exact');
  });
});

describe('Router: other conditions', () => {
  test('methods are compared as they are spelled', () => {
    const find = routerOf({ any: {}, write: { methods: ['POST', 'PURGE'] } });
    assert.equal(find('POST / HTTP/1.1', 'Host: a'), 'write');
    assert.equal(find('PURGE / HTTP/1.1', 'Host: a'), 'write');
    assert.equal(find('post / HTTP/1.1', 'Host: a'), 'any');
  });

  test('a field must have the value, in any of its lines, or any value for a star', () => {
    const find = routerOf({ beta: { fields: [['x-stage', 'beta']] }, staged: { fields: [['x-stage', '*']] }, any: {} });
    assert.equal(find('GET / HTTP/1.1', 'Host: a', 'X-STAGE: beta'), 'beta');
    assert.equal(find('GET / HTTP/1.1', 'Host: a', 'X-Stage: alpha', 'x-stage: beta'), 'beta');
    assert.equal(find('GET / HTTP/1.1', 'Host: a', 'X-Stage: Beta'), 'staged');
    assert.equal(find('GET / HTTP/1.1', 'Host: a', 'X-Stage:'), 'staged');
    assert.equal(find('GET / HTTP/1.1', 'Host: a'), 'any');
  });

  test('a parameter of the query must have the value, or any value for a star', () => {
    const find = routerOf({ seven: { query: [['id', '7']] }, some: { query: [['id', '*']] }, any: {} });
    assert.equal(get(find, 'a', '/?x=1&id=7'), 'seven');
    assert.equal(get(find, 'a', '/?id=8&id=%37'), 'seven');
    assert.equal(get(find, 'a', '/?id'), 'some');
    assert.equal(get(find, 'a', '/?ID=7'), 'any');
    assert.equal(get(find, 'a', '/'), 'any');
  });

  test('among equal paths more conditions win, then the order of the configuration', () => {
    const find = routerOf({
      first: {},
      second: {},
      one: { methods: ['GET'] },
      two: { methods: ['GET'], query: [['v', '2']] },
    });
    assert.equal(find('POST / HTTP/1.1', 'Host: a'), 'first');
    assert.equal(get(find, 'a'), 'one');
    assert.equal(get(find, 'a', '/?v=2'), 'two');
  });

  test('a longer path whose other conditions fail leaves the request to a shorter one', () => {
    const find = routerOf({ any: {}, post: { path: '/form', methods: ['POST'] } });
    assert.equal(get(find, 'a', '/form'), 'any');
  });

  test('without routes nothing is found', () => {
    assert.equal(get(routerOf({}), 'a'), null);
  });
});

function allocatedBy(act: () => void): number {
  const allocated = (): number => getHeapStatistics().total_allocated_bytes;
  const begin = allocated();
  const measuring = allocated() - begin;
  const before = allocated();
  act();
  return allocated() - before - measuring;
}

describe('Router: a hit', () => {
  const BESIDE = Array.from({ length: 40 }, (_, index): [string, Conditions] => [
    `beside-${index}`,
    { hosts: [`beside-${index}.test`], path: `/beside-${index}/*` },
  ]);
  const CASES: Readonly<Record<string, readonly [match: Conditions, host: string]>> = {
    'exact host': [{ hosts: ['www.a.test'] }, 'WWW.a.test:80'],
    'wildcard host': [{ hosts: ['*.a.test'] }, 'www.a.test'],
    'path prefix': [{ path: '/users/*' }, 'a.test'],
    'path pattern': [{ path: '/users/{id}/posts' }, 'a.test'],
    method: [{ methods: ['PUT', 'GET', 'PURGE'] }, 'a.test'],
    field: [{ fields: [['x-stage', 'beta']] }, 'a.test'],
  };
  for (const [what, [match, host]] of Object.entries(CASES)) {
    test(`by ${what} allocates nothing`, () => {
      const everything: RouteMatch = { hosts: [], path: '/*', methods: [], fields: [], query: [] };
      const routes = [...BESIDE, ['wanted', match] as const].map(([name, each]): Named => ({
        name,
        match: { ...everything, ...each },
      }));
      const router = new Router(routes);
      const state = new RequestState(
        requestHead('GET /users/7/posts?page=3 HTTP/1.1', `Host: ${host}`, 'X-Stage: alpha', 'X-Stage: beta'),
        false,
      );
      state.begin();
      const run = (times: number): void => {
        for (let i = 0; i < times; i++) {
          if (router.find(state.head, state.hostFrom, state.hostTo)?.name !== 'wanted') assert.fail('not found');
        }
      };
      run(20_000);
      // Until V8 has compiled it, which it does on another thread as soon as that gets its turn.
      let perHit = Infinity;
      for (let round = 0; round < 200 && perHit >= 1; round++) perHit = allocatedBy(() => run(10_000)) / 10_000;
      assert.ok(perHit < 1, `${perHit} bytes per hit`);
    });
  }
});
