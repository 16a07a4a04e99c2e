// What lasts longer than a request while one Sluice takes the place of another: streams of HTTP/2, server-sent events, WebSockets, commands
// and agents.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { numbersIn } from '../support/agent-stage.ts';
import { askJson, openStream } from '../support/agents-client.ts';
import { freePorts } from '../support/free-ports.ts';
import { http1Origin } from '../support/origins.ts';
import { makeCertificate } from '../support/pki.ts';
import { type SluiceProcess, startSluice } from '../support/sluice-process.ts';
import { SteadyStreams } from '../support/steady-streams.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const skip = process.platform === 'linux' ? false : 'ports are shared on Linux only';
const ANSWER_MS = 40;

interface Place {
  readonly folder: string;
  readonly gateway: string;
  readonly secure: string;
  readonly env: Readonly<Record<string, string>>;
  readonly first: SluiceProcess;
}

async function place(t: TestContext, workers: number, backend: string, rest = ''): Promise<Place> {
  const [gateway = 0, secure = 0] = await freePorts(2);
  const folder = temporaryFolder(t);
  const { cert, key } = makeCertificate(folder);
  const config = `
gateway:
  listen: [127.0.0.1:${gateway}, { address: 127.0.0.1:${secure}, tls: { cert: ${cert}, key: ${key} } }]
  default_backend: ${backend}
process: { data_dir: ${join(folder, 'data')}, workers: ${workers} }
log: { access: false }
${rest}`;
  const env = { SLUICE_GATEWAY__LISTEN: '' };
  const first = await startSluice(t, { folder, files: { 'sluice.yaml': config }, env });
  return { folder, env, first, gateway: `http://127.0.0.1:${gateway}`, secure: `https://127.0.0.1:${secure}` };
}

function successor(t: TestContext, { folder, env }: Place): Promise<SluiceProcess> {
  return startSluice(t, { folder, env, args: ['up', '--takeover'] });
}

describe('while another Sluice takes over', { skip }, () => {
  for (const workers of [1, 2]) {
    test(`streams of HTTP/2 end as they began, and clients come to the new one, with ${workers} of its threads`, async (t) => {
      const backend = await http1Origin(t, (_request, response) => {
        response.write('one ');
        setTimeout(() => response.end('two'), ANSWER_MS);
      });
      const there = await place(t, workers, backend);
      const load = new SteadyStreams({ url: there.secure, path: '/a', body: 'one two' });
      await load.more(40);
      await successor(t, there);
      assert.deepEqual(await there.first.ended, { code: 0, signal: null });
      await load.more(40);
      assert.deepEqual(await load.stop(), []);
      assert.ok(load.goaways >= 2);
    });
  }

  test('server-sent events and WebSockets go on until they end', async (t) => {
    const events = await http1Origin(t, (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      let n = 0;
      const timer = setInterval(() => response.write(`data: ${++n}\n\n`), 20);
      response.on('close', () => clearInterval(timer));
      ends.push(() => response.end('data: end\n\n'));
    });
    const ends: (() => void)[] = [];
    const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(sockets, 'listening');
    t.after(() => sockets.close());
    sockets.on('connection', (socket) =>
      socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`)),
    );
    const socketUrl = `http://127.0.0.1:${(sockets.address() as { port: number }).port}`;
    const routes = `  routes: [{ match: { path: /ws }, to: { backends: [${socketUrl}] } }]\n`;
    const there = await place(t, 1, `${events}\n${routes}`);
    const stream = await openStream(`${there.gateway}/events`);
    await stream.until(/data: 3\n/);
    const socket = new WebSocket(`${there.gateway.replace('http', 'ws')}/ws`);
    t.after(() => socket.terminate());
    await once(socket, 'open');
    const echo = async (text: string): Promise<string> => {
      socket.send(text);
      const [data] = (await once(socket, 'message')) as [Buffer];
      return data.toString();
    };
    assert.equal(await echo('a'), 'echo a');
    await successor(t, there);
    const seen = numbersOf(stream.text());
    await stream.until(new RegExp(`data: ${seen + 3}\\n`));
    assert.equal(await echo('b'), 'echo b');
    ends[0]?.();
    assert.match(await stream.whole(), /data: end\n\n$/);
    assert.equal(there.first.isRunning, true);
    socket.close();
    await once(socket, 'close');
    assert.deepEqual(await there.first.ended, { code: 0, signal: null });
  });

  test('commands and agents come to their end, and agents are followed from the new one', async (t) => {
    const workspace = temporaryFolder(t);
    const [agentEnd, commandEnd] = [join(workspace, 'agent-end'), join(workspace, 'command-end')];
    const rest = `
agents:
  enabled: true
  default: sh
  workspace: ${workspace}
  kinds: { sh: { command: /bin/sh, args: [-s], events: { session: session, end: done } } }
exec: { enabled: true, allowed_commands: [/bin/sh] }
`;
    const there = await place(t, 1, 'null', rest);
    const until = (file: string, text: string): string =>
      `i=0; while [ ! -e ${file} ]; do i=$((i+1)); echo "{\\"n\\":$i}"; sleep 0.02; done; echo '${text}'`;
    const prompt = until(agentEnd, '{"type":"done"}');
    const stream = await openStream(`${there.gateway}/agent/stream`, { prompt });
    await stream.until(/^id: 5$/m);
    const id = String(stream.response.headers['x-agent-id']);
    const command = await openStream(`${there.gateway}/cli/execute`, {
      command: 'sh',
      args: ['-c', until(commandEnd, 'bye')],
    });
    await command.until(/n.*:3/);
    await successor(t, there);
    // Cut off, and back at the new one.
    const { body } = await askJson(`${there.gateway}/agent/${id}`);
    assert.partialDeepStrictEqual(body, { agent_id: id, status: 'running' });
    const again = await openStream(`${there.gateway}/agent/${id}/events`, undefined, { 'Last-Event-ID': '2' });
    const seen = numbersIn(stream.text()).length;
    await again.until(new RegExp(`^id: ${seen + 5}$`, 'm'));
    writeFileSync(commandEnd, '');
    assert.match(await command.whole(), /bye[^]*"type":"exit"/);
    writeFileSync(agentEnd, '');
    assert.match(await stream.whole(), /event: complete\n[^]*"status":"ok"/);
    const followed = await again.whole();
    assert.match(followed, /event: complete\n[^]*"status":"ok"/);
    const numbers = numbersIn(followed);
    assert.deepEqual(
      numbers,
      Array.from(numbers, (_, index) => index + 3),
    );
    assert.deepEqual(numbersIn(stream.text()).slice(2), numbers);
    assert.deepEqual(await there.first.ended, { code: 0, signal: null });
  });
});

function numbersOf(text: string): number {
  return Number(/.*data: (\d+)\n/s.exec(text)?.[1] ?? 0);
}
