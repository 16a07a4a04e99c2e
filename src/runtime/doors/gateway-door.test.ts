import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import { describe, test, type TestContext } from 'node:test';
import { ask } from '../../../test/support/ask.ts';
import { configOf, type GatewaySettings } from '../../../test/support/gateway.ts';
import { RawClient } from '../../../test/support/raw-client.ts';
import { threadContext } from '../../../test/support/thread-context.ts';
import { GatewayDoor } from './gateway-door.ts';

/** A door by itself, without a plane around it. */
class Stage {
  readonly door: GatewayDoor;
  readonly readiness = { started: true, draining: false };

  constructor(t: TestContext, settings: GatewaySettings, threads: number) {
    this.door = new GatewayDoor(threadContext(threads), this.readiness, configOf(settings));
    t.after(() => {
      this.door.stop();
      this.door.close();
    });
  }

  static async open(t: TestContext, settings: GatewaySettings, threads = 1): Promise<Stage> {
    const stage = new Stage(t, settings, threads);
    await stage.apply(settings);
    return stage;
  }

  async apply(settings: GatewaySettings): Promise<void> {
    const plan = this.door.plan(configOf(settings), {});
    await plan.start();
    plan.commit();
  }

  get url(): string {
    return this.door.status()[0]?.address ?? assert.fail('it is closed');
  }
}

function answering(body: string, gateway: object = {}): GatewaySettings {
  return { gateway: { ...gateway, routes: [{ match: { path: '/page' }, to: { respond: { body } } }] } };
}

/** How a client of HTTP/2 without TLS fares. */
async function speakHttp2(t: TestContext, url: string): Promise<number | 'refused'> {
  const session = http2.connect(url);
  t.after(() => session.destroy());
  const stream = session.request({ ':path': '/page' });
  const [outcome] = await Promise.race([
    once(stream, 'response').then(([fields]) => [Number((fields as http2.IncomingHttpHeaders)[':status'])] as const),
    once(session, 'error').then(() => ['refused'] as const),
  ]).catch(() => ['refused'] as const);
  return outcome;
}

describe('the door of the gateway', () => {
  test('answers as its routes say, and says who is there', async (t) => {
    const stage = await Stage.open(t, answering('hello'));
    assert.equal((await ask(`${stage.url}/page`)).body, 'hello');
    const client = await RawClient.connect(t, Number(new URL(stage.url).port));
    client.send('GET /page HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.untilText('hello');
    assert.deepEqual(
      stage.door.status().map(({ name, openConnections }) => [name, openConnections]),
      [['gateway', 1]],
    );
  });

  test('tells whether it is ready as its thread says', async (t) => {
    const stage = await Stage.open(t, answering('hello'));
    const status = async (): Promise<number> => (await ask(`${stage.url}/health/readiness`)).status;
    assert.equal(await status(), 200);
    stage.readiness.draining = true;
    assert.equal(await status(), 503);
  });

  test('speaks HTTP/2 where it may', async (t) => {
    const stage = await Stage.open(t, answering('hello'));
    assert.equal(await speakHttp2(t, stage.url), 200);
    await stage.apply(answering('hello', { http2: false }));
    assert.equal(await speakHttp2(t, stage.url), 'refused');
  });

  test('gives each thread its share of the connections that may be open', async (t) => {
    const stage = await Stage.open(t, { ...answering('hello'), limits: { connections: 3 } }, 2);
    const port = Number(new URL(stage.url).port);
    for (let i = 0; i < 2; i++) {
      const client = await RawClient.connect(t, port);
      client.send('GET /page HTTP/1.1\r\nHost: a\r\n\r\n');
      await client.untilText('hello');
    }
    const third = await RawClient.connect(t, port);
    await third.closed();
    assert.equal(third.text, '');
  });

  test('is as it was when another configuration is given up', async (t) => {
    const stage = await Stage.open(t, answering('old'));
    const { url } = stage;
    const plan = stage.door.plan(configOf(answering('new', { listen: ['127.0.0.1:0', '127.0.0.2:0'] })), {});
    await plan.start();
    plan.abandon();
    assert.deepEqual(
      stage.door.status().map(({ address }) => address),
      [url],
    );
    assert.equal((await ask(`${url}/page`)).body, 'old');
  });
});
