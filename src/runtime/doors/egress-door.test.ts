import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { CertificateAuthority } from '../../../test/support/certificate-authority.ts';
import { configOf, type GatewaySettings } from '../../../test/support/gateway.ts';
import { rawOrigin, reflectingOrigin, type Seen } from '../../../test/support/origins.ts';
import { RawClient } from '../../../test/support/raw-client.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { threadContext } from '../../../test/support/thread-context.ts';
import { OwnDoors } from '../../services/rules/own-doors.ts';
import { EgressDoor } from './egress-door.ts';

/** A door by itself, without a plane around it. */
class Stage {
  readonly ownDoors = new OwnDoors([]);
  readonly door: EgressDoor;

  constructor(t: TestContext, settings: GatewaySettings, threads = 1) {
    this.door = new EgressDoor(threadContext(threads), this.ownDoors, configOf(settings));
    t.after(() => {
      this.door.stop();
      this.door.close();
    });
  }

  static async open(t: TestContext, settings: GatewaySettings = { egress: {} }, threads = 1): Promise<Stage> {
    const stage = new Stage(t, settings, threads);
    await stage.apply(settings);
    return stage;
  }

  async apply(settings: GatewaySettings): Promise<void> {
    const plan = this.door.plan(configOf(settings), {});
    try {
      await plan.start();
    } catch (error) {
      plan.abandon();
      throw error;
    }
    plan.commit();
  }

  get port(): number {
    return Number(new URL(this.door.status()[0]?.address ?? assert.fail('it is closed')).port);
  }
}

/** What came back when the connection has ended, or when enough has. */
async function ask(t: TestContext, { port }: Stage, request: string, enough: RegExp): Promise<string> {
  const client = await RawClient.connect(t, port);
  client.send(request);
  await client.untilText(enough);
  return client.text;
}

function get(url: string, ...fields: readonly string[]): string {
  return [`GET ${url} HTTP/1.1`, `Host: ${new URL(url).host}`, ...fields, '', ''].join('\r\n');
}

function connect(url: string): string {
  const { host } = new URL(url);
  return `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
}

const echo = (t: TestContext): Promise<string> => rawOrigin(t, (socket) => socket.pipe(socket));

describe('the door of the forward proxy', () => {
  test('serves URLs, tunnels and SOCKS on one port, and says who is there', async (t) => {
    const stage = await Stage.open(t);
    const origin = await echo(t);
    const port = Buffer.alloc(2);
    port.writeUInt16BE(Number(new URL(origin).port));
    const socks = `\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01${port.toString('latin1')}hello`;
    assert.match(await ask(t, stage, `${connect(origin)}hello`, /hello$/), /^HTTP\/1\.1 200 OK\r\n/);
    assert.equal(await ask(t, stage, socks, /hello$/), '\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00hello');
    assert.match(await ask(t, stage, get(await reflectingOrigin(t)), /\}$/), /^HTTP\/1\.1 200 OK\r\n/);
    const [status, ...others] = stage.door.status();
    assert.deepEqual([status?.name, status?.openConnections, others], ['egress', 3, []]);
  });

  test('tells servers nothing of who asks', async (t) => {
    const answer = await ask(t, await Stage.open(t), get(await reflectingOrigin(t), 'X-Own: 1'), /\}$/);
    const { fields } = JSON.parse(answer.slice(answer.indexOf('{'))) as Seen;
    assert.deepEqual(
      fields.map(([name]) => name).filter((name) => name !== 'connection'),
      ['host', 'x-own'],
    );
  });

  test('lets bodies of any size through', async (t) => {
    const stage = await Stage.open(t, { egress: {}, limits: { body: '10B' } });
    const body = 'x'.repeat(1000);
    const request = get(await reflectingOrigin(t), 'Content-Length: 1000').replace('GET', 'PUT');
    assert.match(await ask(t, stage, request + body, /\}$/), /^HTTP\/1\.1 200 [^]*"body":"x{1000}"/);
  });

  test('does not speak HTTP/2', async (t) => {
    const answer = await ask(t, await Stage.open(t), 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /\}$/);
    assert.match(answer, /^HTTP\/1\.1 (?:400|505) /);
  });

  test('does not lead to our own doors', async (t) => {
    const stage = await Stage.open(t);
    const origin = await rawOrigin(t, () => assert.fail('it was reached'));
    stage.ownDoors.replace([{ host: '127.0.0.1', port: Number(new URL(origin).port) }]);
    assert.match(await ask(t, stage, connect(origin), /\}$/), /^HTTP\/1\.1 403 [^]*"destination_denied"/);
  });

  test('gives each thread its share of the connections that may be open', async (t) => {
    const stage = await Stage.open(t, { egress: {}, limits: { connections: 3 } }, 2);
    const origin = await echo(t);
    const clients = [];
    for (let i = 0; i < 2; i++) {
      const client = await RawClient.connect(t, stage.port);
      client.send(`${connect(origin)}hello`);
      await client.untilText(/hello$/);
      clients.push(client);
    }
    await (await RawClient.connect(t, stage.port)).closed();
    assert.deepEqual(
      clients.map(({ ending }) => ending),
      ['open', 'open'],
    );
  });

  test('may be closed altogether', async (t) => {
    const stage = await Stage.open(t, {});
    assert.deepEqual(stage.door.status(), []);
  });
});

describe('another configuration of the forward proxy', () => {
  test('holds for requests that come on open connections, and cuts no tunnel', async (t) => {
    const stage = await Stage.open(t);
    const origin = await echo(t);
    const [tunnel, client] = await Promise.all([RawClient.connect(t, stage.port), RawClient.connect(t, stage.port)]);
    tunnel.send(`${connect(origin)}hello`);
    await tunnel.untilText(/hello$/);
    client.send(get('http://127.0.0.1:1/'));
    await client.untilText(/"upstream_unreachable"[^]*\}\}$/);
    await stage.apply({ egress: { rules: [{ action: 'deny' }] } });
    client.send(get('http://127.0.0.1:1/'));
    await client.untilText(/"destination_denied"[^]*\}\}$/);
    tunnel.send(' and on');
    await tunnel.untilText(/hello and on$/);
  });

  test('changes nothing when it cannot hold', async (t) => {
    const stage = await Stage.open(t);
    const origin = await echo(t);
    const authority = new CertificateAuthority(temporaryFolder(t));
    const [{ certFile: cert }, { keyFile: key }] = [authority.issue('one'), authority.issue('other')];
    await assert.rejects(stage.apply({ egress: { tls: { cert, key } } }), { code: 'config_invalid' });
    const taken = net.createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    t.after(() => taken.close());
    const listen = [`127.0.0.1:${(taken.address() as net.AddressInfo).port}`];
    const refused = { listen, rules: [{ action: 'deny' }] };
    await assert.rejects(stage.apply({ egress: refused }), { code: 'listen_failed', message: /^egress\.listen: / });
    assert.match(await ask(t, stage, `${connect(origin)}hello`, /hello$/), /^HTTP\/1\.1 200 OK\r\n/);
  });

  test('takes the door away, and whoever is there may stay', async (t) => {
    const stage = await Stage.open(t);
    const { port } = stage;
    const tunnel = await RawClient.connect(t, port);
    tunnel.send(`${connect(await echo(t))}hello`);
    await tunnel.untilText(/hello$/);
    await stage.apply({});
    assert.deepEqual(stage.door.status(), []);
    await assert.rejects(RawClient.connect(t, port), { code: 'ECONNREFUSED' });
    tunnel.send(' and on');
    await tunnel.untilText(/hello and on$/);
  });
});

describe('a forward proxy that stops', () => {
  test('takes nobody new, lets tunnels end by themselves, and is done then', async (t) => {
    const stage = await Stage.open(t);
    const { port } = stage;
    const tunnel = await RawClient.connect(t, port);
    tunnel.send(`${connect(await echo(t))}hello`);
    await tunnel.untilText(/hello$/);
    stage.door.stop();
    const drained = stage.door.drain();
    await assert.rejects(RawClient.connect(t, port), { code: 'ECONNREFUSED' });
    tunnel.send(' and on');
    await tunnel.untilText(/hello and on$/);
    tunnel.socket.end();
    await drained;
  });

  test('cuts tunnels when it is closed', async (t) => {
    const stage = await Stage.open(t);
    const tunnel = await RawClient.connect(t, stage.port);
    tunnel.send(`${connect(await echo(t))}hello`);
    await tunnel.untilText(/hello$/);
    stage.door.stop();
    stage.door.close();
    await tunnel.closed();
    assert.equal(tunnel.ending, 'reset');
  });
});
