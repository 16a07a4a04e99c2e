import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { DnsCache } from '../../transport/dns-cache.ts';
import { localServer } from '../../../test/support/exposed.ts';
import { dataMessage, exposedTunnel, openMessage, RecordingPort } from '../../../test/support/local-end.ts';
import { LocalLines } from './local-lines.ts';
import { LocalWebSocket } from './local-web-socket.ts';

class Stage {
  readonly port = new RecordingPort();
  readonly end: LocalWebSocket;
  readonly sockets: WebSocketServer;

  constructor(t: TestContext, port: number, sockets: WebSocketServer) {
    const lines = new LocalLines({ host: '127.0.0.1', port }, new DnsCache());
    t.after(() => lines.close());
    this.sockets = sockets;
    this.end = new LocalWebSocket({ open: openMessage({ mode: 'ws' }), tunnel: exposedTunnel(port), lines }, this.port);
  }

  static async open(t: TestContext): Promise<Stage> {
    const server = await localServer(t, () => {});
    const sockets = new WebSocketServer({ server });
    t.after(() => {
      for (const socket of sockets.clients) socket.terminate();
    });
    return new Stage(t, server.port, sockets);
  }

  async accepted(): Promise<WebSocket> {
    this.end.start();
    const [socket] = (await once(this.sockets, 'connection')) as [WebSocket];
    await this.port.until(() => this.port.said.length > 0);
    return socket;
  }
}

describe('the local end of a WebSocket', () => {
  test('carries messages both ways, and the code of a Close', async (t) => {
    const stage = await Stage.open(t);
    const local = await stage.accepted();
    stage.end.take(dataMessage('he', false, 'text'));
    stage.end.take(dataMessage('llo', true, 'text'));
    const [bytes, isBinary] = (await once(local, 'message')) as [Buffer, boolean];
    assert.deepEqual([String(bytes), isBinary], ['hello', false]);
    local.send('there');
    local.close(4002, 'because');
    assert.deepEqual(await stage.port.ended(), ['head 101', 'data there', 'close 4002 because']);
  });

  test('tells the local server how the visitor has closed', async (t) => {
    const stage = await Stage.open(t);
    const local = await stage.accepted();
    stage.end.closed(4001, 'mine');
    assert.deepEqual((await once(local, 'close')).map(String), ['4001', 'mine']);
  });

  test('tells the local server that the tunnel was lost', async (t) => {
    const stage = await Stage.open(t);
    const local = await stage.accepted();
    stage.end.lost();
    assert.equal((await once(local, 'close'))[0], 1011);
  });

  test('passes a refusal on, and answers itself where nobody listens', async (t) => {
    const refusing = await localServer(t, () => {});
    refusing.on('upgrade', (_request, socket) => {
      socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno');
    });
    const refused = new Stage(t, refusing.port, new WebSocketServer({ noServer: true }));
    refused.end.start();
    assert.deepEqual(await refused.port.ended(), ['head 401', 'data no', 'close']);
    const nobody = new Stage(t, 1, new WebSocketServer({ noServer: true }));
    nobody.end.start();
    assert.equal((await nobody.port.ended())[0], 'head 502');
  });
});
