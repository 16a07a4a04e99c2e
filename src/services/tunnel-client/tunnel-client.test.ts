import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { DnsCache } from '../../transport/dns-cache.ts';
import { exposedTunnel } from '../../../test/support/local-end.ts';
import { ScriptedServer, wayTo } from '../../../test/support/scripted-server.ts';
import type { ExposedTunnel } from './exposed-tunnel.ts';
import { TunnelClient } from './tunnel-client.ts';

class Stage extends EventEmitter {
  readonly told: string[] = [];
  readonly pausesMs: number[] = [];
  readonly client: TunnelClient;

  /** Pauses between tries are as short as they can be. */
  constructor(t: TestContext, port: number, tunnel: ExposedTunnel = exposedTunnel(1)) {
    super();
    const random = (): number => -0.5;
    const tell = (words: string): void => {
      this.told.push(words);
      this.emit('told');
    };
    const options = { way: wayTo(port), token: 'secret', tunnels: [tunnel], dns: new DnsCache(), isPatient: false };
    this.client = new TunnelClient(
      { ...options, random },
      {
        connecting: (attempt) => tell(`connecting ${attempt}`),
        opened: (opened) => tell(`opened ${opened[0]?.url}`),
        lost: (_why, retryMs) => {
          this.pausesMs.push(retryMs);
          tell('lost');
        },
        request: () => tell('request'),
        ended: ({ kind, code }) => tell(`ended ${kind} ${code}`),
      },
    );
    t.after(() => this.client.close());
    this.client.start();
  }

  async says(words: string): Promise<this> {
    while (!this.told.includes(words)) await once(this, 'told');
    return this;
  }
}

describe('a client of tunnels', () => {
  test('asks for the name that it had when it comes back', async (t) => {
    const server = await ScriptedServer.open(t);
    const stage = new Stage(t, server.port);
    const first = await server.client();
    await first.accept(['quick-fox']);
    await stage.says('opened http://quick-fox.example.test');
    first.socket.terminate();
    const second = await server.client();
    await second.next();
    second.say('HeartbeatAck');
    assert.equal((await second.next())['subdomain'], 'quick-fox');
    assert.equal(stage.client.streamCount, 0);
    assert.ok(stage.client.bytes.read > 0);
  });

  test('ends at once by what no new try can cure', async (t) => {
    for (const [code, kind] of [
      ['UNAUTHORIZED', 'refused'],
      ['INVALID_HOSTNAME', 'usage'],
    ] as const) {
      const server = await ScriptedServer.open(t);
      const stage = new Stage(t, server.port);
      (await server.client()).say('Error', { code, message: 'no' });
      await stage.says(`ended ${kind} ${code}`);
      assert.deepEqual(stage.told, ['connecting 1', `ended ${kind} ${code}`]);
    }
  });

  test('ends when it was given another name than the domain that it asked for', async (t) => {
    const server = await ScriptedServer.open(t);
    const stage = new Stage(t, server.port, exposedTunnel(1, { hostname: 'app.mine.test' }));
    await (await server.client()).accept(['app']);
    await stage.says('ended refused HOSTNAME_IGNORED');
  });

  test('gives a server up after six tries that it never reached', async (t) => {
    const stage = await new Stage(t, 1).says('ended unreachable null');
    assert.equal(stage.told.filter((words) => words === 'lost').length, 6);
    assert.equal(stage.told.filter((words) => words.startsWith('connecting')).length, 7);
  });

  test('tells nothing more once it is closed', async (t) => {
    const server = await ScriptedServer.open(t);
    const stage = new Stage(t, server.port);
    stage.client.close();
    assert.deepEqual(stage.told, ['connecting 1']);
  });
});
