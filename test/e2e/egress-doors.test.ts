// The forward proxy of the whole program: who gets in, and that nobody gets to the doors of the program itself through it,
// however these are spelled.
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { describe, test, type TestContext } from 'node:test';
import { askPlainly, openTunnel } from '../support/proxy-clients.ts';
import { RawClient } from '../support/raw-client.ts';
import { runSluice, type SluiceProcess, startSluice } from '../support/sluice-process.ts';

const DOORS = ['egress', 'gateway', 'admin', 'metrics'] as const;

const SPELLINGS = [
  '127.0.0.1',
  'localhost',
  'LOCALHOST.',
  'any.localhost',
  '0.0.0.0',
  '127.1',
  '2130706433',
  '0x7f000001',
  '017700000001',
  '0x7f.0.0.1',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::]',
  hostname(),
];

function portOf(sluice: SluiceProcess, door: string): number {
  return Number(new URL(sluice.address(door)).port);
}

/** The code of a refusal. */
function codeOf(text: string): string {
  return /"code":"(\w+)"/.exec(text)?.[1] ?? text;
}

async function tunnelStatus(proxy: number, authority: string): Promise<number> {
  const { status, socket } = await openTunnel(proxy, authority);
  socket.destroy();
  return status;
}

/** How SOCKS5 is answered that asks for a name. */
async function socksReply(t: TestContext, proxy: number, name: string, port: number): Promise<number> {
  const client = await RawClient.connect(t, proxy);
  const length = String.fromCharCode(name.length);
  client.send(`\x05\x01\x00\x05\x01\x00\x03${length}${name}${String.fromCharCode(port >> 8, port & 255)}`);
  await client.until(({ receivedBytes }) => receivedBytes >= 12);
  return client.text.charCodeAt(3);
}

/** How a request of SOCKS4 is answered, by address, or by name with 0.0.0.1 in its place. */
async function socks4Reply(t: TestContext, proxy: number, name: string | null, port: number): Promise<number> {
  const client = await RawClient.connect(t, proxy);
  const where = String.fromCharCode(port >> 8, port & 255) + (name === null ? '\x7f\x00\x00\x01' : '\x00\x00\x00\x01');
  client.send(`\x04\x01${where}\x00${name === null ? '' : `${name}\x00`}`);
  await client.until(({ receivedBytes }) => receivedBytes >= 8);
  return client.text.charCodeAt(1);
}

/** How SOCKS5 is answered that asks for 127.0.0.1 by its address. */
async function socksAddressReply(t: TestContext, proxy: number, port: number): Promise<number> {
  const client = await RawClient.connect(t, proxy);
  client.send(`\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01${String.fromCharCode(port >> 8, port & 255)}`);
  await client.until(({ receivedBytes }) => receivedBytes >= 12);
  return client.text.charCodeAt(3);
}

describe('the doors of the program', () => {
  for (const workers of [1, 2]) {
    test(`are not reached through its forward proxy by any spelling, with ${workers} threads`, async (t) => {
      const sluice = await startSluice(t, { env: { SLUICE_PROCESS__WORKERS: String(workers) } });
      const proxy = portOf(sluice, 'egress');
      for (const door of DOORS) {
        const port = portOf(sluice, door);
        for (const host of SPELLINGS) {
          const { status, body } = await askPlainly(proxy, `http://${host}:${port}/`);
          assert.deepEqual([status, codeOf(body)], [403, 'destination_denied'], `${door} as ${host}`);
          assert.equal(await tunnelStatus(proxy, `${host}:${port}`), 403, `a tunnel to ${door} as ${host}`);
        }
        for (const name of ['localhost', '127.0.0.1', '0x7f000001', '127.1']) {
          assert.equal(await socksReply(t, proxy, name, port), 2, `${door} as ${name} by SOCKS`);
          assert.equal(await socks4Reply(t, proxy, name, port), 0x5b, `${door} as ${name} by SOCKS4a`);
        }
        assert.equal(await socks4Reply(t, proxy, null, port), 0x5b, `${door} by SOCKS4`);
        assert.equal(await socksAddressReply(t, proxy, port), 2, `${door} by its address`);
      }
    });
  }

  test('are still not reached after a reload', async (t) => {
    const sluice = await startSluice(t, { files: { 'sluice.yaml': 'egress: { allow_private: true }\n' } });
    const proxy = portOf(sluice, 'egress');
    sluice.write('sluice.yaml', 'egress: { allow_private: true, connect_ports: [] }\nlog: { level: debug }\n');
    const { ok } = await sluice.admin('/api/v1/reload', { method: 'POST' });
    assert.ok(ok);
    for (const door of DOORS) assert.equal(await tunnelStatus(proxy, `localhost:${portOf(sluice, door)}`), 403, door);
  });
});

describe('a forward proxy that anybody could use', () => {
  for (const listen of ['0.0.0.0:0', ':0', '[::]:0']) {
    test(`is not opened on ${listen}, and what to do is said`, async (t) => {
      const { code, stderr } = await runSluice(t, ['up'], { env: { SLUICE_EGRESS__LISTEN: listen } });
      assert.notEqual(code, 0);
      assert.match(stderr, /egress\.listen/);
      assert.match(stderr, /egress\.auth: users, or egress\.allow_open: true/);
    });
  }
});

describe('users of the forward proxy', () => {
  const config = `
egress: { auth: users }
users:
  - { name: alice, token: a-token-of-alice-1, may: [egress] }
  - { name: bob, token: a-token-of-bob-0001, may: [ai, admin] }
`;
  const basic = (login: string): string => `Proxy-Authorization: Basic ${btoa(login)}`;

  test('are asked who they are, may answer on the same connection, and need to be allowed', async (t) => {
    const sluice = await startSluice(t, { files: { 'sluice.yaml': config } });
    const client = await RawClient.connect(t, portOf(sluice, 'egress'));
    const answered = async (fields: readonly string[], count: number): Promise<string> => {
      const before = client.text.length;
      client.send(['CONNECT 127.0.0.1:1 HTTP/1.1', 'Host: 127.0.0.1:1', ...fields, '', ''].join('\r\n'));
      await client.until(({ text }) => (text.match(/"request_id":"\w+"\}\}/g) ?? []).length === count);
      return client.text.slice(before);
    };
    assert.match(await answered([], 1), /^HTTP\/1\.1 407 [^]*\r\nProxy-Authenticate: Basic realm="Sluice"/);
    assert.match(await answered([basic('alice:a-token-of-bob-0001')], 2), /^HTTP\/1\.1 407 /);
    assert.match(await answered([basic('bob:a-token-of-bob-0001')], 3), /^HTTP\/1\.1 403 [^]*"forbidden"/);
    assert.match(await answered([basic('alice:a-token-of-alice-1')], 4), /^HTTP\/1\.1 502 [^]*"upstream_unreachable"/);
    assert.doesNotMatch(sluice.stdout + sluice.stderr, /a-token-of/, 'tokens are not logged');
  });
});
