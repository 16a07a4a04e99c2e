import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { ClientServer, json, type Respond, says } from '../../test/support/client-server.ts';
import { AgentsClient } from './agents-client.ts';
import { ClientConnection } from './client-connection.ts';

const STARTED = 'event: started\ndata: {"agent_id":"a","pid":1,"status":"started"}\n\n';
const QUEUED = 'event: queued\ndata: {"agent_id":"a","position":1}\n\n';
const COMPLETE = 'event: complete\nid: 4\ndata: {"agent_id":"a","status":"ok"}\n\n';
const line = (id: number): string => `id: ${id}\ndata: {"n":${id}}\n\n`;

async function stage(t: TestContext, ...plans: readonly Respond[]) {
  const server = await ClientServer.open(t, ...plans);
  return { server, agents: new AgentsClient(new ClientConnection({ url: server.url })) };
}

async function told(events: AsyncIterable<unknown>): Promise<unknown[]> {
  const list: unknown[] = [];
  for await (const event of events) {
    const { kind, type, id, sequence } = event as Record<string, string | undefined>;
    list.push([kind ?? type, id ?? sequence].filter((part) => part !== undefined).join(' '));
  }
  return list;
}

describe('a stream of an agent', () => {
  test('goes on where it was cut', async (t) => {
    const { server, agents } = await stage(
      t,
      says(`${STARTED}${QUEUED}${line(1)}id: 2\ndata: {"n"`, 'cut'),
      says('retry: 1\n\n', 'cut'),
      (response: ServerResponse) => response.writeHead(503).end(),
      says(line(2) + line(3), 'end'),
      json({ ended_at: null }),
      says(COMPLETE),
    );
    const events = await told(agents.stream({ prompt: 'hi' }));
    assert.deepEqual(events, ['started', 'queued', 'line 1', 'line 2', 'line 3', 'complete 4']);
    assert.deepEqual(
      server.asked.map(({ line: asked, headers }) => [asked, headers['last-event-id']]),
      [
        ['POST /agent/stream', undefined],
        ['GET /agent/a/events', '1'],
        ['GET /agent/a/events', '1'],
        ['GET /agent/a/events', '1'],
        ['GET /agent/a', undefined],
        ['GET /agent/a/events', '3'],
      ],
    );
    assert.deepEqual(JSON.parse(server.asked[0]?.body ?? ''), { prompt: 'hi' });
  });

  test('that was refused, or that nobody wants any more, is not asked for again', async (t) => {
    const { server, agents } = await stage(
      t,
      json({ error: { code: 'unauthorized', message: 'A token is needed.' } }, 401),
      says('', 'cut'),
      json({ error: { code: 'not_found', message: 'Agent a not found' } }, 404),
      says(line(1), 'open'),
    );
    await assert.rejects(told(agents.stream({ prompt: 'hi' })), { status: 401 });
    await assert.rejects(told(agents.stream({ prompt: 'hi' })));
    await assert.rejects(told(agents.events('a')), { status: 404 });
    const aborter = new AbortController();
    const reading = agents.events('a', { signal: aborter.signal });
    assert.deepEqual((await reading.next()).value, { kind: 'line', id: 1, data: { n: 1 } });
    aborter.abort(new Error('enough'));
    await assert.rejects(reading.next(), /enough/);
    assert.equal(server.asked.length, 4);
  });

  test('of one that has told everything is over', async (t) => {
    const { agents } = await stage(t, says(''), json({ ended_at: '2026-01-01T00:00:00.000Z' }));
    assert.deepEqual(await told(agents.events('a', { after: 4 })), []);
  });

  test('of a batch goes on where it was cut as well', async (t) => {
    const place = (sequence: number): string => `{"type":"event","sequence":${sequence},"data":{}}\n`;
    const { server, agents } = await stage(
      t,
      says(`{"type":"batch_started","batch_id":"b","agents":[]}\n ${place(5)}`, 'cut'),
      says(`${place(9)}{"type":"batch_complete"}\n`),
    );
    const events = await told(agents.batch({ agents: [{ prompt: 'x' }], stream: false }));
    assert.deepEqual(events, ['batch_started', 'event 5', 'event 9', 'batch_complete']);
    assert.equal(server.asked[1]?.line, 'GET /agent/batch/b?last_event_id=5&stream=false');
  });
});

test('agents are started, listed, shown, told something and stopped', async (t) => {
  const { server, agents } = await stage(
    t,
    json({ agent_id: 'a', pid: 1, status: 'started' }),
    json({ agents: [{ agent_id: 'a' }] }),
    json({ agent_id: 'a/b' }),
    json({}),
    json({}),
  );
  assert.equal((await agents.start({ prompt: 'hi', timeout: 5 })).agent_id, 'a');
  assert.equal((await agents.list({ status: 'running', limit: 5 })).length, 1);
  assert.equal((await agents.show('a/b')).agent_id, 'a/b');
  await agents.message('a', 'more');
  await agents.stop('a');
  assert.deepEqual(
    server.asked.map(({ line: asked, body }) => `${asked} ${body}`.trim()),
    [
      'POST /agent/start {"prompt":"hi","timeout":5}',
      'GET /agent?status=running&limit=5',
      'GET /agent/a%2Fb',
      'POST /agent/a/message {"message":"more"}',
      'POST /agent/stop/a {}',
    ],
  );
});
