import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer, Exchange } from '../../contract/exchange.ts';
import { tunnelInterstitial } from './tunnel-interstitial.ts';

const VISIT = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const PRESSED = { ...VISIT, 'sec-fetch-site': 'same-origin' };
const COOKIE = 'sluice-interstitial=seen';
const MARK = 'sluice-interstitial=continue';

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly host?: string;
  readonly said?: Readonly<Record<string, string>>;
  readonly secure?: boolean;
}

function ask({ method = 'GET', path = '/', query = '', host = 'app.example.com', said = VISIT, secure }: Asked) {
  const fields = new Map(Object.entries(said));
  let answered: Answer | null = null;
  const view = {
    get: (name: string) => fields.get(name),
    getAll: (name: string) => (fields.has(name) ? [fields.get(name)!] : []),
    has: (name: string) => fields.has(name),
    set: (name: string, value: string) => void fields.set(name, value),
    remove: (name: string) => void fields.delete(name),
  };
  const exchange = {
    client: { secure: secure ?? false },
    request: { method, path, query, host, wantsUpgrade: false, fields: view },
    answer: (answer: Answer) => (answered = answer),
  } as unknown as Exchange;
  const policy = tunnelInterstitial({ domain: 'example.com', skipHeader: 'x-skip', cookieTtlMs: 60_000 });
  void policy.request?.(exchange);
  const { status = 0, fields: lines = [] } = (answered ?? {}) as Partial<Answer>;
  return {
    status,
    of: new Map(lines),
    left: [...fields.keys()],
    cookie: fields.get('cookie'),
    why: policy.explain?.(exchange),
  };
}

test('a browser sees the page until it has been told, or says that it is to be let through', () => {
  assert.deepEqual([ask({}).status, ask({}).why], [200, 'the first visit of a browser']);
  const told = ask({ said: { ...VISIT, cookie: `a=1; ${COOKIE}; b=2` } });
  assert.deepEqual([told.status, told.cookie, told.why], [0, 'a=1; b=2', 'this browser has been told']);
  const only = ask({ said: { ...VISIT, cookie: COOKIE } });
  assert.deepEqual([only.status, only.left.includes('cookie')], [0, false]);
  const skipped = ask({ said: { ...VISIT, 'x-skip': '1' } });
  assert.deepEqual([skipped.status, skipped.left.includes('x-skip')], [0, false]);
  for (const cookie of ['sluice-interstitial=no', `x${COOKIE}`])
    assert.equal(ask({ said: { ...VISIT, cookie } }).status, 200);
});

test('programs and hosts that are no names of tunnels never see it', () => {
  assert.deepEqual([ask({ said: {} }).status, ask({ said: {} }).why], [0, 'no browser that goes to a page']);
  assert.deepEqual(ask({ said: { cookie: COOKIE, 'x-skip': '1' } }).left, []);
  for (const host of ['app.customer.com', 'a.b.example.com', 'example.com', 'xexample.com']) {
    assert.equal(ask({ host }).status, 0, host);
  }
});

test('the button leads back to the same place with a cookie for that host alone', () => {
  const { status, of } = ask({ method: 'POST', path: '/a', query: `?b=1&${MARK}`, said: PRESSED, secure: true });
  assert.deepEqual([status, of.get('Location'), of.get('Cache-Control')], [303, '/a?b=1', 'no-store']);
  assert.equal(of.get('Set-Cookie'), `${COOKIE}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure`);
  const plain = ask({ method: 'POST', path: '/a', query: `?${MARK}`, said: { origin: 'http://app.example.com' } });
  assert.equal(plain.of.get('Location'), '/a');
  assert.doesNotMatch(plain.of.get('Set-Cookie') ?? '', /Secure|Domain/);
});

test('another page cannot press it, and no path leads to another server', () => {
  const forged = ask({ method: 'POST', query: `?${MARK}`, said: { ...PRESSED, 'sec-fetch-site': 'cross-site' } });
  assert.deepEqual([forged.status, forged.of.has('Set-Cookie')], [303, false]);
  for (const path of ['//evil.test/x', '/\\evil.test', '///evil.test', '/\t/evil.test', '/.//evil.test']) {
    const location = ask({ method: 'POST', path, query: `?${MARK}`, said: PRESSED }).of.get('Location') ?? '';
    assert.equal(new URL(location, 'http://app.example.com/').host, 'app.example.com', path);
  }
  const others = [`?x${MARK}`, `?${MARK}&a`, ''].map((query) => ask({ method: 'POST', query, said: PRESSED }).status);
  assert.deepEqual(others, [0, 0, 0]);
});

test('an app cannot set the cookie for its visitors', () => {
  const left: string[] = [];
  const cookies = ['a=1', `${COOKIE}; Path=/`, ' sluice-interstitial = seen'];
  const fields = {
    has: () => true,
    getAll: () => cookies,
    remove: () => {},
    append: (_name: string, value: string) => left.push(value),
  };
  const respond = tunnelInterstitial({ domain: 'example.com', skipHeader: null, cookieTtlMs: 1000 }).response;
  const exchange = (isOurs: boolean, host: string): Exchange => {
    return { request: { host }, response: { isOurs, fields } } as unknown as Exchange;
  };
  respond?.(exchange(true, 'app.example.com'));
  respond?.(exchange(false, 'app.customer.com'));
  assert.deepEqual(left, []);
  respond?.(exchange(false, 'app.example.com'));
  assert.deepEqual(left, ['a=1']);
});
