import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scan } from './policies-scan.ts';

const clamd = 'unix:/run/clamav/clamd.ctl';

const faultOf = (settings: object): string | undefined => scan.safeParse(settings).error?.issues[0]?.message;

test('clamd is at a socket or an address, and the rest has defaults', () => {
  for (const where of [clamd, 'localhost:3310', '10.0.0.5:3310', '[::1]:3310']) {
    assert.deepEqual(scan.parse({ clamd: where }), {
      clamd: where,
      requests: true,
      responses: true,
      max_size: 10_485_760,
      hold: 262_144,
      on_error: 'deny',
      timeout: 30_000,
      connections: 32,
    });
  }
});

test('an address that clamd cannot have is refused with the reason', () => {
  for (const [where, reason] of [
    ['nowhere', 'the port is missing'],
    ['', 'it is empty'],
    ['unix:', 'the path after "unix:" is missing'],
    ['unix:run/clamd.ctl', 'the path of the socket must be whole'],
    ['127.0.0.1:0', 'the port is not a number from 1 to 65535'],
    ['127.0.0.1:70000', 'the port is not a number from 0 to 65535'],
    [':3310', 'the host is missing'],
    ['/run/clamav/clamd.ctl', 'a socket begins with "unix:"'],
  ] as const) {
    assert.equal(faultOf({ clamd: where }), `expected unix:/path/to/clamd.ctl or host:port: ${reason}`, where);
  }
  assert.match(faultOf({}) ?? '', /^expected the address of clamd/);
});

test('settings that make no sense are refused', () => {
  assert.equal(faultOf({ clamd, hold: 100 }), 'expected a size of at least 1KiB');
  assert.match(faultOf({ clamd, requests: false, responses: false }) ?? '', /^nothing would be scanned/);
  for (const wrong of [{ on_error: 'ignore' }, { timeout: '0s' }, { connections: 0 }, { max_size: 'big' }, { x: 1 }]) {
    assert.ok(faultOf({ clamd, ...wrong }) !== undefined, JSON.stringify(wrong));
  }
});
