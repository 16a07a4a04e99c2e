import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { text } from 'node:stream/consumers';
import type { StreamOpenMessage } from '../../codec/tunnel/server-messages.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { localServer } from '../../../test/support/exposed.ts';
import { dataMessage, exposedTunnel, openMessage, RecordingPort } from '../../../test/support/local-end.ts';
import type { ExposedTunnel } from './exposed-tunnel.ts';
import { LocalHttp } from './local-http.ts';
import { LocalLines } from './local-lines.ts';

interface Asked {
  readonly open?: Partial<StreamOpenMessage>;
  readonly tunnel?: Partial<ExposedTunnel>;
}

class Stage {
  readonly lines: LocalLines;
  readonly port: number;

  constructor(t: TestContext, port: number) {
    this.port = port;
    this.lines = new LocalLines({ host: '127.0.0.1', port }, new DnsCache());
    t.after(() => this.lines.close());
  }

  static async open(t: TestContext, answer: RequestListener): Promise<Stage> {
    return new Stage(t, (await localServer(t, answer)).port);
  }

  ask({ open, tunnel }: Asked = {}): { port: RecordingPort; end: LocalHttp } {
    const port = new RecordingPort();
    const place = { open: openMessage(open), tunnel: exposedTunnel(this.port, tunnel), lines: this.lines };
    const end = new LocalHttp(place, port);
    end.start();
    return { port, end };
  }
}

describe('the local end of a request', () => {
  test('tells the answer as it comes', async (t) => {
    const stage = await Stage.open(t, (_request, response) => response.writeHead(201).end('hello'));
    const { port } = stage.ask();
    assert.deepEqual(await port.ended(), ['head 201', 'data hello', 'close']);
    assert.equal(port.status, 201);
  });

  test('passes a body on, and keeps what comes before the connection stands', async (t) => {
    const stage = await Stage.open(t, (request, response) => void text(request).then((said) => response.end(said)));
    const { port, end } = stage.ask({ open: { method: 'POST', hasBody: true } });
    end.take(dataMessage('one '));
    assert.equal(port.keptBytes, 4);
    end.take(dataMessage('two', true));
    assert.equal((await port.ended())[1], 'data one two');
    assert.equal(port.keptBytes, 0);
  });

  test('asks anew where a connection that was kept is being closed', async (t) => {
    let asked = 0;
    const stage = await Stage.open(t, ({ socket }, response) => {
      asked += 1;
      if (asked === 2) socket.destroy();
      else response.end('hello');
    });
    for (let turn = 0; turn < 2; turn += 1) {
      assert.deepEqual(await stage.ask().port.ended(), ['head 200', 'data hello', 'close']);
    }
    assert.equal(asked, 3);
  });

  test('answers itself where nobody listens, or where nothing comes back', async (t) => {
    const stage = await Stage.open(t, ({ socket }) => socket.destroy());
    assert.match((await stage.ask().port.ended())[1] ?? '', /"upstream_incomplete"/);
    const nobody = new Stage(t, 1);
    assert.match((await nobody.ask().port.ended())[1] ?? '', /"upstream_unreachable"/);
  });

  test('resets an answer that breaks off', async (t) => {
    const stage = await Stage.open(t, ({ socket }, response) => {
      response.writeHead(200, { 'Content-Length': 9 });
      response.write('abc', () => socket.destroy());
    });
    assert.match((await stage.ask().port.ended()).at(-1) ?? '', /^reset the local server: /);
  });

  test('refuses a body of another length than was announced, and a visitor without the password', async (t) => {
    const stage = await Stage.open(t, () => {});
    const { port, end } = stage.ask({
      open: { method: 'POST', hasBody: true, headers: [['Content-Length', '2']] },
    });
    end.take(dataMessage('abc', true));
    assert.equal((await port.ended())[0], 'head 400');
    assert.equal((await stage.ask({ tunnel: { auth: 'a:b' } }).port.ended())[0], 'head 401');
  });

  test('lets the local server know when the visitor has gone', async (t) => {
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    const stage = await Stage.open(t, (_request, response) => {
      response.on('close', resolve);
      response.write('abc');
    });
    const { port, end } = stage.ask();
    await port.until(() => port.said.length === 2);
    end.closed();
    await gone;
    assert.equal(port.said.at(-1), 'close');
  });

  test('holds the local server back while the tunnel takes nothing', async (t) => {
    const { promise: drained, resolve } = Promise.withResolvers<void>();
    const stage = await Stage.open(t, (_request, response) => {
      while (response.write(Buffer.alloc(65_536, 'x')));
      response.once('drain', () => {
        resolve();
        response.end();
      });
    });
    const { port, end } = stage.ask();
    port.takes = false;
    await port.until(() => port.said.length === 2);
    port.takes = true;
    end.drained();
    await drained;
    assert.equal((await port.ended()).at(-1), 'close');
  });
});
