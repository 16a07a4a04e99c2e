import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import type { Policy } from '../../contract/policy.ts';
import { cors, type CorsOptions } from './cors.ts';

const APP = 'https://app.test';
const OPTIONS: CorsOptions = {
  origins: [APP],
  methods: ['GET', 'PUT'],
  headers: ['X-One', 'X-Two'],
  expose: ['X-Id'],
  credentials: false,
  maxAgeMs: 60_500,
  privateNetwork: false,
};

/** The lines about sharing of an answer, and what it varies by. */
function linesOf(answer: string): string[] {
  return answer.split('\r\n').filter((line) => /^(?:Access-Control|Vary)/i.test(line));
}

function preflight(t: TestContext, options: Partial<CorsOptions>, ...fields: readonly string[]): string[] {
  const play = new Playbook(t, { policies: [cors({ ...OPTIONS, ...options })] });
  const answer = play
    .downstreamSends(head('OPTIONS / HTTP/1.1', 'Host: a.test', 'Access-Control-Request-Method: PUT', ...fields))
    .expectNoDial()
    .takeDownstream();
  assert.match(answer, /^HTTP\/1\.1 204 /);
  play.end();
  return linesOf(answer);
}

interface Case {
  readonly options?: Partial<CorsOptions>;
  readonly request?: readonly string[];
  readonly response?: readonly string[];
  readonly policies?: readonly Policy[];
}

function answered(t: TestContext, { options = {}, request = [], response = [], policies = [] }: Case): string[] {
  const play = new Playbook(t, { policies: [cors({ ...OPTIONS, ...options }), ...policies] });
  play
    .downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', ...request))
    .expectDial()
    .expectUpstream(/^GET/);
  const answer = play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 0', ...response)).takeDownstream();
  play.end();
  return linesOf(answer);
}

const VARY = ['Vary: Origin', 'Vary: Access-Control-Request-Method', 'Vary: Access-Control-Request-Headers'];

describe('what a browser asks before a request', () => {
  test('is answered here, with what is allowed and no more', (t) => {
    assert.deepEqual(preflight(t, {}, `Origin: ${APP}`, 'Access-Control-Request-Headers: x-three'), [
      `Access-Control-Allow-Origin: ${APP}`,
      'Access-Control-Allow-Methods: GET, PUT',
      'Access-Control-Allow-Headers: X-One, X-Two',
      'Access-Control-Max-Age: 60',
      ...VARY,
    ]);
  });

  test('is answered with nothing for other origins', (t) => {
    for (const origin of ['https://evil.test', 'null']) {
      assert.deepEqual(preflight(t, { origins: [APP, 'https://*.a'] }, `Origin: ${origin}`), VARY);
    }
  });

  test('may be about any field, of which those are named that are asked for', (t) => {
    const headers = (asked: string): string | undefined =>
      preflight(
        t,
        { headers: ['*'], credentials: true },
        `Origin: ${APP}`,
        `Access-Control-Request-Headers: ${asked}`,
      ).find((line) => line.startsWith('Access-Control-Allow-Headers'));
    assert.equal(headers('authorization, x-three'), 'Access-Control-Allow-Headers: authorization, x-three');
    for (const odd of ['', 'a b', 'a;b', 'x'.repeat(2049)]) assert.equal(headers(odd), undefined);
  });

  test('may be about a private network', (t) => {
    const fields = [`Origin: ${APP}`, 'Access-Control-Request-Private-Network: true'];
    const says = (options: Partial<CorsOptions>, ...more: readonly string[]): boolean =>
      preflight(t, options, ...more).includes('Access-Control-Allow-Private-Network: true');
    assert.ok(says({ privateNetwork: true }, ...fields));
    assert.ok(!says({}, ...fields));
    assert.ok(!says({ privateNetwork: true }, `Origin: ${APP}`));
  });

  test('is told from any other OPTIONS', (t) => {
    for (const fields of [[`Origin: ${APP}`], ['Access-Control-Request-Method: PUT']]) {
      const play = new Playbook(t, { policies: [cors(OPTIONS)] });
      play
        .downstreamSends(head('OPTIONS / HTTP/1.1', 'Host: a.test', ...fields))
        .expectDial()
        .expectUpstream(/^OPTIONS/);
      play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 0')).expectDownstream(/ 200 /).end();
    }
  });
});

describe('an answer', () => {
  test('may be read by the pages of an allowed origin', (t) => {
    assert.deepEqual(answered(t, { request: [`Origin: ${APP}`] }), [
      `Access-Control-Allow-Origin: ${APP}`,
      'Access-Control-Expose-Headers: X-Id',
      'Vary: Origin',
    ]);
    assert.deepEqual(answered(t, { request: [`Origin: ${APP}`], options: { credentials: true, expose: [] } }), [
      `Access-Control-Allow-Origin: ${APP}`,
      'Access-Control-Allow-Credentials: true',
      'Vary: Origin',
    ]);
  });

  test('may be read by every page, but for those without an origin', (t) => {
    const options = { origins: ['*'], expose: [] };
    assert.deepEqual(answered(t, { options, request: [`Origin: ${APP}`] }), [
      'Access-Control-Allow-Origin: *',
      'Vary: Origin',
    ]);
    assert.deepEqual(answered(t, { options, request: ['Origin: null'] }), ['Vary: Origin']);
  });

  test('is the same to caches as long as they look at the origin', (t) => {
    assert.deepEqual(answered(t, {}), ['Vary: Origin']);
    assert.deepEqual(answered(t, { request: ['Origin: https://evil.test'] }), ['Vary: Origin']);
    assert.deepEqual(answered(t, { response: ['Vary: Accept, origin'] }), ['Vary: Accept, origin']);
    assert.deepEqual(answered(t, { response: ['Vary: *'] }), ['Vary: *']);
    assert.deepEqual(answered(t, { response: ['Vary: Accept'] }), ['Vary: Accept', 'Vary: Origin']);
  });

  test('loses what the server says of it', (t) => {
    const response = [
      'Access-Control-Allow-Origin: *',
      'access-control-allow-credentials: true',
      'Access-Control-Max-Age: 9',
    ];
    assert.deepEqual(answered(t, { response }), ['Vary: Origin']);
    assert.deepEqual(answered(t, { response, request: [`Origin: ${APP}`], options: { expose: [] } }), [
      `Access-Control-Allow-Origin: ${APP}`,
      'Vary: Origin',
    ]);
  });

  test('is for the origin of the request, also when that was taken out further in', (t) => {
    const taking: Policy = { name: 'x', request: ({ request }) => request.fields.remove('origin') };
    const lines = answered(t, { request: [`Origin: ${APP}`], policies: [taking] });
    assert.equal(lines[0], `Access-Control-Allow-Origin: ${APP}`);
  });

  test('that refuses a request may be read too, wherever it was refused', (t) => {
    const refuse: Policy = { name: 'x', request: (exchange) => exchange.fail('unauthorized') };
    for (const policies of [
      [cors(OPTIONS), refuse],
      [refuse, cors(OPTIONS)],
    ]) {
      const play = new Playbook(t, { policies });
      // The second request of the connection has another origin than the first.
      for (const [origin, lines] of [
        ['https://evil.test', 1],
        [APP, 3],
      ] as const) {
        const answer = play
          .downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', `Origin: ${origin}`))
          .takeDownstream();
        assert.match(answer, /^HTTP\/1\.1 401 /);
        assert.equal(linesOf(answer).length, lines);
      }
      play.end();
    }
  });
});
