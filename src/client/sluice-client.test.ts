import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientServer, json, says } from '../../test/support/client-server.ts';
import { SluiceClient, SluiceRequestError } from './sluice-client.ts';

test('a command is told when it has ended, or as it speaks', async (t) => {
  const ending = { stdout: 'hi', stderr: '', code: 0, signal: null, duration_ms: 3 };
  const server = await ClientServer.open(
    t,
    json(ending),
    says('{"type":"stdout","data":"hi"}\n  {"type":"exit","code":0,"signal":null,"duration_ms":3}\n'),
    json({ error: { code: 'command_denied', message: 'This program may not be run.' } }, 403),
  );
  const client = new SluiceClient({ url: server.url });
  assert.deepEqual(await client.exec({ command: 'echo', args: ['hi'] }), ending);
  const events = [];
  for await (const event of client.execStream({ command: 'echo' })) events.push(event.type);
  assert.deepEqual(events, ['stdout', 'exit']);
  await assert.rejects(client.exec({ command: 'rm' }), (error: unknown) => {
    return error instanceof SluiceRequestError && error.code === 'command_denied';
  });
  assert.deepEqual(
    server.asked.map(({ body }) => JSON.parse(body) as unknown),
    [
      { command: 'echo', args: ['hi'], stream: false },
      { command: 'echo', stream: true },
      { command: 'rm', stream: false },
    ],
  );
});

test('a client has agents', () => {
  assert.equal(typeof new SluiceClient().agents.stream, 'function');
});
