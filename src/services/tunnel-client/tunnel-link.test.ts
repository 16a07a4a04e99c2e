import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { writeMsgpack } from '../../codec/msgpack/write-msgpack.ts';
import { exposedTunnel } from '../../../test/support/local-end.ts';
import { ScriptedServer, type ScriptedTalk, wayTo } from '../../../test/support/scripted-server.ts';
import type { ExposedTunnel } from './exposed-tunnel.ts';
import { openControl } from './open-control.ts';
import { TunnelLink } from './tunnel-link.ts';

interface Linked {
  readonly link: TunnelLink;
  readonly talk: ScriptedTalk;
  /** `opened …`, `request …`, `end …`. */
  readonly told: string[];
  readonly ended: Promise<void>;
}

async function linked(t: TestContext, tunnels: readonly ExposedTunnel[]): Promise<Linked> {
  const server = await ScriptedServer.open(t);
  const told: string[] = [];
  const { promise, resolve } = Promise.withResolvers<TunnelLink>();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  openControl(wayTo(server.port), {
    failed: (why) => assert.fail(why),
    opened: (connection, first) => {
      const link = new TunnelLink(connection, first, {
        token: 'secret',
        tunnels,
        silentMs: 5_000,
        nameOf: ({ subdomain }) => subdomain,
        portOf: ({ remotePort }) => remotePort,
        // Whatever is asked is answered at once.
        localEnd: (_open, _tunnel, stream) => ({
          start: () => {
            stream.answered(204);
            stream.sendHead(writeMsgpack({ status: 204, headers: [] }));
            stream.close(null, '');
          },
          take() {},
          closed() {},
          lost() {},
          drained() {},
        }),
        onOpened: (opened) => told.push(`opened ${opened.map(({ url }) => url).join(' ')}`),
        onDrain: (reason) => told.push(`drain ${reason}`),
        onRequest: ({ status }) => told.push(`request ${status}`),
        onEnd: ({ code, why }) => {
          told.push(`end ${code}: ${why}`);
          end();
        },
      });
      resolve(link);
    },
  });
  const talk = await server.client();
  const link = await promise;
  t.after(() => link.close());
  return { link, talk, told, ended };
}

const OPEN = { mode: 'http', path: '/', headers: [], method: 'GET', has_body: false };

describe('a control connection', () => {
  test('shows its token, asks for one tunnel after the other, and is open then', async (t) => {
    const tunnels = [exposedTunnel(1, { subdomain: 'one' }), exposedTunnel(2, { hostname: 'a.test' })];
    const { talk, told } = await linked(t, tunnels);
    assert.deepEqual(await talk.next(), { Type: 'Auth', token: 'secret', version: 3 });
    talk.say('HeartbeatAck', { version: 2 });
    assert.deepEqual(await talk.next(), { Type: 'TunnelCreate', protocol: 'http', subdomain: 'one' });
    talk.say('TunnelCreated', { url: 'http://one', subdomain: 'one' });
    assert.deepEqual(await talk.next(), { Type: 'TunnelCreate', protocol: 'http', hostname: 'a.test' });
    talk.say('TunnelCreated', { url: 'http://two', subdomain: 'two' });
    talk.say('Heartbeat');
    assert.deepEqual(await talk.next(), { Type: 'HeartbeatAck' });
    assert.deepEqual(told, ['opened http://one http://two']);
  });

  test('carries streams, and resets those that it has no tunnel for', async (t) => {
    const { link, talk, told } = await linked(t, [exposedTunnel(1)]);
    await talk.accept(['app']);
    talk.say('StreamOpen', { ...OPEN, stream_id: 1, tunnel_id: 'app' });
    assert.equal((await talk.next())['Type'], 'StreamData');
    assert.deepEqual(await talk.next(), { Type: 'StreamClose', stream_id: 1 });
    assert.deepEqual(told, ['opened http://app.example.test', 'request 204']);
    talk.say('StreamOpen', { ...OPEN, stream_id: 2, tunnel_id: 'myapp' });
    assert.equal((await talk.next())['Type'], 'StreamReset');
    assert.equal(link.streamCount, 0);
    assert.ok(link.bytesRead > 0 && link.bytesWritten > 0);
  });

  test('ends with what the server said, or with what became of the connection', async (t) => {
    const refused = await linked(t, [exposedTunnel(1)]);
    refused.talk.say('Error', { code: 'UNAUTHORIZED', message: 'who are you' });
    const cut = await linked(t, [exposedTunnel(1)]);
    cut.talk.socket.terminate();
    const nonsense = await linked(t, [exposedTunnel(1)]);
    nonsense.talk.socket.send('hello');
    await Promise.all([refused.ended, cut.ended, nonsense.ended]);
    assert.deepEqual(refused.told, ['end UNAUTHORIZED: who are you']);
    assert.deepEqual(cut.told, ['end null: the connection was lost (1006)']);
    assert.deepEqual(nonsense.told, ['end null: the server said what is no message']);
  });

  test('says that it goes', async (t) => {
    const { link, talk } = await linked(t, [exposedTunnel(1)]);
    link.close();
    assert.equal((await once(talk.socket, 'close'))[0], 1000);
  });
});
