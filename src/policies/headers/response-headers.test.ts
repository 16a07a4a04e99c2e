import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { GET, head, Playbook } from '../../../test/support/playbook.ts';
import type { Exchange } from '../../contract/exchange.ts';
import { EditableFields } from '../../engine/fields.ts';
import { HeaderChanges } from './header-changes.ts';
import { type HstsOptions, responseHeaders, type ResponseHeadersOptions } from './response-headers.ts';

const NONE = new HeaderChanges({ set: {}, add: {}, remove: [] });
const SECURITY = [
  'X-Content-Type-Options: nosniff',
  'X-Frame-Options: DENY',
  'Referrer-Policy: strict-origin-when-cross-origin',
];

/** The fields of an answer to a client, but for the date. */
function answered(t: TestContext, options: Partial<ResponseHeadersOptions>, ...fields: readonly string[]): string[] {
  const policies = [responseHeaders({ changes: NONE, security: false, hsts: null, csp: null, ...options })];
  const play = new Playbook(t, { policies }).downstreamSends(GET).expectDial().expectUpstream(/^GET/);
  const answer = play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 0', ...fields)).takeDownstream();
  play.end();
  return answer
    .split('\r\n')
    .slice(1, -2)
    .filter((line) => !/^(?:Date|Content-Length):/.test(line));
}

describe('the fields for security', () => {
  test('are given to every answer', (t) => {
    assert.deepEqual(answered(t, { security: true }), SECURITY);
    const csp = "default-src 'self'";
    assert.deepEqual(answered(t, { security: true, csp }), [...SECURITY, `Content-Security-Policy: ${csp}`]);
  });

  test('are given to errors of ours too', (t) => {
    const policies = [responseHeaders({ changes: NONE, security: true, hsts: null, csp: null })];
    const play = new Playbook(t, { policies }).downstreamSends(GET).expectDialBegins().upstreamRefuses();
    const answer = play.takeDownstream();
    for (const line of SECURITY) assert.ok(answer.includes(`\r\n${line}\r\n`), line);
  });

  test('are not given where the server says it itself', (t) => {
    const own = ['x-frame-options: SAMEORIGIN', 'Content-Security-Policy: x'];
    const lines = answered(t, { security: true, csp: 'y' }, ...own);
    assert.deepEqual(lines, [...own, SECURITY[0], SECURITY[2]]);
  });

  test('say over TLS, and only there, that TLS is to be used, and for how long', () => {
    const year = { maxAgeMs: 31_536_000_000, includesSubdomains: false, preload: false };
    const hsts = (secure: boolean, wanted: Partial<HstsOptions> = {}): string | undefined => {
      const options = { changes: NONE, security: true, hsts: { ...year, ...wanted }, csp: null };
      const fields = new EditableFields();
      responseHeaders(options).response?.({ client: { secure }, response: { fields } } as unknown as Exchange);
      return fields.get('strict-transport-security');
    };
    assert.deepEqual([hsts(true), hsts(false)], ['max-age=31536000', undefined]);
    assert.equal(hsts(true, { maxAgeMs: 0 }), 'max-age=0');
    assert.equal(
      hsts(true, { includesSubdomains: true, preload: true }),
      'max-age=31536000; includeSubDomains; preload',
    );
  });

  test('may be for answers of ours only', (t) => {
    assert.deepEqual(answered(t, { security: true, protectsOursOnly: true }), []);
  });

  test('are set and left out by name', (t) => {
    const changes = new HeaderChanges({
      set: { 'X-Frame-Options': 'SAMEORIGIN' },
      add: {},
      remove: ['referrer-policy'],
    });
    assert.deepEqual(answered(t, { security: true, changes }, 'X-Frame-Options: ALLOW'), [
      'X-Content-Type-Options: nosniff',
      'X-Frame-Options: SAMEORIGIN',
    ]);
  });
});

test('an answer is changed as it is said, and not more', (t) => {
  const changes = new HeaderChanges({ set: { Server: 'us' }, add: { 'Set-Cookie': 'b=2' }, remove: ['X-Powered-By'] });
  const fields = ['Server: them', 'X-Powered-By: x', 'Set-Cookie: a=1'];
  assert.deepEqual(answered(t, { changes }, ...fields), ['Set-Cookie: a=1', 'Server: us', 'Set-Cookie: b=2']);
});
