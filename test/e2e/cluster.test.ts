// Three nodes behind HAProxy, on a day on which nothing breaks: whatever comes in at one of them finds what another one has.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { describe, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { askJson, openStream } from '../support/agents-client.ts';
import type { Answered } from '../support/ask.ts';
import { ALICE, Cluster, hostOf } from '../support/cluster.ts';
import { localServer } from '../support/exposed.ts';

const CLIENTS = 4;
const AGENTS = `
agents:
  enabled: true
  default: sh
  workspace: work
  kinds: { sh: { command: /bin/sh, args: [-s], events: { session: session, end: done } } }
`;

describe('three nodes behind HAProxy', { timeout: 120_000 }, () => {
  test('are one to whoever comes', async (t) => {
    const fetched: string[] = [];
    const cluster = await Cluster.start(t, {
      more: AGENTS,
      backend: (request, response) => {
        fetched.push(request.url ?? '');
        response.setHeader('Cache-Control', 'max-age=1000');
        response.end('backend');
      },
    });
    if (cluster === undefined) return;
    const local = await localServer(t, (request, response) => {
      if (request.url === '/events') {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write('data: one\n\n');
        local.once('go on', () => response.end('data: two\n\n'));
      } else if (request.method === 'POST') {
        let bytes = 0;
        request.on('data', (part: Buffer) => response.write(`${(bytes += part.length)}\n`));
        request.on('end', () => response.end('all\n'));
      } else {
        if (request.url === '/go-on') local.emit('go on');
        response.end(request.url);
      }
    });
    new WebSocketServer({ server: local }).on('connection', (socket) => {
      socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
    });
    await cluster.expose(local.port, CLIENTS);
    await cluster.untilServed(CLIENTS);

    await t.test('clients of tunnels are spread, and each is reached from every node', async () => {
      const there = await Promise.all(cluster.nodes.map((_, node) => cluster.clientsOf(node)));
      assert.equal(there.flat().length, CLIENTS);
      assert.ok(there.filter((names) => names.length > 0).length > 1, JSON.stringify(there));
      for (let index = 0; index < CLIENTS; index++) {
        const visits = [0, 1, 2].map((node): Promise<Answered> => cluster.visitAt(node, '/a', {}, hostOf(index)));
        const answers: readonly Answered[] = await Promise.all(visits);
        assert.deepEqual(
          answers.map(({ status, body }) => `${status} ${body}`),
          Array<string>(3).fill('200 /a'),
        );
      }
    });

    const isThere = await Promise.all([0, 1, 2].map(async (node) => (await cluster.clientsOf(node)).includes('app0')));
    const { port } = new URL(cluster.urlOf(isThere.indexOf(false)));

    await t.test('a WebSocket and a stream of events come through from another node', async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { Host: hostOf(0) } });
      await once(socket, 'open');
      socket.send('hello');
      assert.equal(String((await once(socket, 'message'))[0]), 'hello');
      socket.close(4002);
      assert.equal((await once(socket, 'close'))[0], 4002);
      const events = await openStream(`http://127.0.0.1:${port}/events`, undefined, { Host: hostOf(0) });
      await events.until(/data: one/);
      await cluster.visit('/go-on', {}, hostOf(0));
      assert.match(await events.whole(), /data: one\n\ndata: two\n\n$/);
    });

    await t.test(
      'an answer that goes on when the visitor has said everything comes through from another node',
      async () => {
        const headers = { Host: hostOf(0), 'Transfer-Encoding': 'chunked' };
        const upload = http.request({ port, host: '127.0.0.1', method: 'POST', path: '/', headers });
        upload.write('12345');
        const [answer] = (await once(upload, 'response')) as [http.IncomingMessage];
        assert.equal(String((await once(answer, 'data'))[0]), '5\n');
        upload.end('678');
        const rest: unknown[] = [];
        for await (const part of answer) rest.push(part);
        assert.equal(rest.join(''), '8\nall\n');
      },
    );

    await t.test('a limit is one limit, and what one has fetched the others have', async () => {
      const asked = Array.from({ length: 12 }, () => {
        return cluster.visit('/limited', { headers: { 'X-Key': 'one' } }, 'plain.test');
      });
      const statuses = (await Promise.all(asked)).map(({ status }) => status).sort((one, other) => one - other);
      assert.deepEqual(statuses, [...Array<number>(6).fill(200), ...Array<number>(6).fill(429)]);
      for (let count = 0; count < 6; count++) await cluster.visit('/cached/a', {}, 'plain.test');
      assert.equal(fetched.filter((url) => url === '/cached/a').length, 1);
    });

    await t.test('an agent that runs on one node is followed from another', async () => {
      const alice = { Host: 'agents.test', Authorization: `Bearer ${ALICE}` };
      const prompt = `echo '{"type":"one"}'; read line; echo '{"type":"two"}'; echo '{"type":"done"}'\n`;
      const started = await openStream(`${cluster.urlOf(0)}/agent/stream`, { prompt }, alice);
      const [, id = ''] = /"agent_id":"(\w+)"/.exec(await started.until(/"type":"one"/)) ?? [];
      const followed = await openStream(`${cluster.urlOf(1)}/agent/${id}/events`, undefined, alice);
      await followed.until(/"type":"one"/);
      await askJson(`${cluster.urlOf(0)}/agent/${id}/message`, { message: 'go on' }, alice);
      assert.match(await followed.whole(), /"type":"two"[^]*event: complete/);
    });
  });
});
