// What the policy does by the heads alone; test/e2e has the bodies, with a real clamd.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GET, head, Playbook } from '../../../test/support/playbook.ts';
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import { Clamd } from '../../services/clamd/clamd.ts';
import { respond } from '../../targets/respond/respond.ts';
import type { ScanEars } from './scan-ears.ts';
import { scan, type ScanOptions } from './scan.ts';

interface Scanning {
  readonly policies: readonly Policy[];
  readonly told: string[];
  /** What another policy sees of the wishes of the client when the answer comes. */
  readonly wishes: (string | undefined)[];
}

function scanning(options: Partial<ScanOptions> = {}): Scanning {
  const told: string[] = [];
  const ears: ScanEars = {
    clean: (_exchange, direction) => void told.push(`${direction} clean`),
    infected: (_exchange, direction) => void told.push(`${direction} infected`),
    failed: (_exchange, direction, { reason }) => void told.push(`${direction} ${reason}`),
    skipped: () => void told.push('skipped'),
  };
  const clamd = new Clamd({ address: 'unix:/nowhere', connectTimeoutMs: 1, timeoutMs: 1, connections: 1 });
  const rules = { maxBytes: 100, holdBytes: 50, passesErrors: false };
  const policy = scan({ clamd, rules, requests: true, responses: true, ears, ...options });
  const wishes: (string | undefined)[] = [];
  const other: Policy = {
    name: 'other',
    response: ({ request }: Exchange) => void wishes.push(request.fields.get('accept-encoding')),
  };
  return { policies: [other, policy], told, wishes };
}

const EMPTY = head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Accept-Ranges: bytes');

describe('a server', () => {
  test('is asked for something whole and plain, whatever the client wants', (t) => {
    for (const [fields, wish] of [
      [['Accept-Encoding: br', 'accept-encoding: gzip', 'Range: bytes=0-1', 'If-Range: "a"'], 'br, gzip'],
      [[], undefined],
    ] as const) {
      const { policies, wishes, told } = scanning();
      const play = new Playbook(t, { policies }).downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', ...fields));
      play.expectDial().expectUpstream(/^GET \/ HTTP\/1.1\r\n(?![^]*(?:range|gzip))[^]*Accept-Encoding: identity\r\n/i);
      play.upstreamSends(EMPTY).expectDownstream(/^HTTP\/1\.1 200 (?![^]*Accept-Ranges)/);
      assert.deepEqual([wishes, told], [[wish], []]);
      play.end();
    }
  });

  test('is asked for what the client wants where answers are not scanned', (t) => {
    const { policies } = scanning({ responses: false });
    const play = new Playbook(t, { policies });
    play.downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', 'Accept-Encoding: br', 'Range: bytes=0-1'));
    play.expectDial().expectUpstream(/Accept-Encoding: br\r\nRange: bytes=0-1/);
    play.upstreamSends(EMPTY).expectDownstream(/Accept-Ranges: bytes/);
  });
});

describe('what can be told from a head', () => {
  test('is refused before a server hears of it', (t) => {
    const { policies, told } = scanning();
    const play = new Playbook(t, { policies });
    play.downstreamSends(head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 101'));
    play.expectError(413, 'request_body_too_large');
    assert.deepEqual(told, ['request too_large']);
  });

  test('is refused before a client hears of it', (t) => {
    const { policies, told } = scanning();
    const play = new Playbook(t, { policies }).downstreamSends(GET).expectDial().expectUpstream(/^GET/);
    play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Type: text/event-stream', 'Transfer-Encoding: chunked'));
    play.expectError(403, 'content_not_scannable').expectUpstreamConnection('destroyed');
    assert.deepEqual(told, ['response stream']);
  });

  test('does not matter where there is no body', (t) => {
    const { policies, told } = scanning();
    const play = new Playbook(t, { policies });
    for (const [method, status] of [
      ['HEAD', '200 OK'],
      ['GET', '304 Not Modified'],
    ] as const) {
      play.downstreamSends(head(`${method} / HTTP/1.1`, 'Host: a.test'));
      if (method === 'HEAD') play.expectDial();
      play.expectUpstream(/^(?:HEAD|GET)/);
      play.upstreamSends(head(`HTTP/1.1 ${status}`, 'Content-Length: 1000000', 'Content-Encoding: br'));
      play.expectDownstream(new RegExp(`^HTTP/1.1 ${status}`));
    }
    assert.deepEqual(told, []);
  });
});

test('what a policy says of a body that it encodes later does not hide the body', (t) => {
  const opened: string[] = [];
  const stream = { write: () => true, end: () => {}, cancel: () => {} };
  const clamd = { scan: () => (opened.push('scan'), stream) } as unknown as Clamd;
  const { policies, told } = scanning({ clamd });
  const encodes: Policy = {
    name: 'encodes',
    response: ({ response }: Exchange) => response.fields.append('Content-Encoding', 'zstd'),
  };
  const play = new Playbook(t, { policies: [encodes, ...policies] }).downstreamSends(GET).expectDial();
  play.expectUpstream(/^GET/).upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 60') + 'x'.repeat(60));
  assert.deepEqual([opened, told], [['scan'], []]);
});

test('what we say ourselves is not scanned', (t) => {
  const { policies, told } = scanning();
  const play = new Playbook(t, { target: respond({ status: 200, body: 'x'.repeat(1000) }), policies });
  play.downstreamSends(GET).expectDownstream(/^HTTP\/1\.1 200 [^]*x{1000}$/);
  assert.deepEqual(told, []);
});

test('what it will do is foreseen', () => {
  const seen = (method: string, hasBody: boolean, options: Partial<ScanOptions> = {}): string | undefined => {
    return scanning(options).policies[1]?.foresee?.({ request: { method, hasBody } } as Exchange);
  };
  assert.equal(seen('CONNECT', false), 'does not look into tunnels');
  assert.equal(seen('GET', false, { responses: false }), 'has nothing to scan');
  assert.equal(seen('GET', false), 'has the answer scanned; what cannot be scanned is refused');
  assert.equal(seen('POST', true), 'has the request and the answer scanned; what cannot be scanned is refused');
  const rules = { maxBytes: 1, holdBytes: 1, passesErrors: true };
  assert.equal(seen('GET', false, { rules }), 'has the answer scanned; what cannot be scanned passes');
});
