// What is written anywhere of what providers of AI are asked and answer: nothing, unless the configuration asks for it, and then in one file.
// Credentials are nowhere in either case. Rule: everything that the program writes is looked through, and everything that it can be asked.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { AiProvider } from '../support/ai-provider.ts';
import { deserted } from '../support/backends.ts';
import { type SluiceProcess, startSluice } from '../support/sluice-process.ts';
import { codexDocument, jwtUntil } from '../support/store-documents.ts';

const PROMPT = 'PROMPT-c7e1';
const ANSWER = 'ANSWER-90ab';
const TOKEN = 'a-token-of-alice-1';
const KEY = 'the-key-of-the-provider';
const OWN_KEY = 'the-key-of-the-client';
const EXPIRES_AT_MS = Date.now() + 3_600_000;
/** That of the store. */
const LOGIN = jwtUntil(EXPIRES_AT_MS);
const CREDENTIALS = [TOKEN, KEY, OWN_KEY, LOGIN, 'id-0', 'refresh-0'];

interface Stage {
  readonly provider: AiProvider;
  readonly sluice: SluiceProcess;
}

async function stage(t: TestContext, log: string): Promise<Stage> {
  const provider = await AiProvider.open(t);
  const config = `process: { workers: 2 }
log: { level: trace, format: json${log} }
users:
  - name: alice
    token: ${TOKEN}
    may: [ai]
    limits: { ai_models: [m-*], ai_tokens_per_day: 1000000, ai_streams: 50 }
ai:
  enabled: true
  cache: {}
  providers:
    claude: { base: "${provider.url}", credentials: { api_key: ${KEY} } }
    chatgpt: { base: "${provider.url}/v1", credentials: { store: login/auth.json } }
gateway: { routes: [{ match: { path: /gone/* }, to: "${await deserted(t)}" }] }
`;
  const files = { 'sluice.yaml': config, 'login/auth.json': codexDocument(EXPIRES_AT_MS) };
  return { provider, sluice: await startSluice(t, { files }) };
}

const QUESTION = JSON.stringify({ model: 'm-1', messages: [{ role: 'user', content: PROMPT }] });

async function ask({ sluice }: Stage, more: RequestInit & { readonly path?: string } = {}): Promise<string> {
  const { path = '/claude/v1/messages', ...init } = more;
  const headers = { authorization: `Bearer ${TOKEN}`, 'x-api-key': OWN_KEY, 'content-type': 'application/json' };
  const answer = await fetch(sluice.address('gateway') + path, {
    method: 'POST',
    body: QUESTION,
    ...init,
    headers: { ...headers, ...Object(init.headers) },
  });
  return answer.text();
}

const STREAM = { 'content-type': 'text/event-stream' };
const event = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const SAID = `${event('message_start', { message: { model: 'm-1', usage: { input_tokens: 3 } } })}${event('content_block_delta', { text: ANSWER })}${event('message_stop', {})}`;

/** Everything that can happen to a request. */
async function goThroughAll(on: Stage): Promise<void> {
  const { provider } = on;
  const whole = JSON.stringify({ type: 'message', model: 'm-1', content: ANSWER });
  provider.plans.push(
    { body: whole },
    { body: SAID, fields: STREAM },
    { body: gzipSync(whole), fields: { 'content-encoding': 'gzip' } },
  );
  assert.match(await ask(on), new RegExp(ANSWER));
  assert.match(await ask(on, { body: `${QUESTION}\n` }), new RegExp(ANSWER));
  const zstd = { 'content-encoding': 'zstd', 'accept-encoding': 'gzip' };
  assert.match(await ask(on, { body: zstdCompressSync(QUESTION), headers: zstd }), new RegExp(ANSWER));
  // Errors that repeat what was asked, and with what.
  for (const status of [400, 401, 429, 500]) {
    const sent = status === 401 ? LOGIN : KEY;
    const body = JSON.stringify({ type: 'error', error: { message: `${PROMPT} ${ANSWER} ${sent}` } });
    provider.plans.push({ status, body });
    await ask(on, {
      path: status === 401 ? '/chatgpt/v1/responses' : '/claude/v1/messages',
      body: `${QUESTION} ${status}`,
    });
  }
  await ask(on, { body: `{"model": ${PROMPT}` });
  await ask(on, { body: QUESTION.replace('m-1', 'x-1') });
  await translated(on);
  await ask(on, { headers: { authorization: 'Bearer of-nobody-at-all', 'x-api-key': 'x' } });
  await ask(on, { path: `/gone/x`, body: QUESTION });
  await cutByTheProvider(on);
  await leftByTheClient(on);
  await malformed(on);
}

/** In the dialect of OpenAI, also what cannot be translated, either way. */
async function translated(on: Stage): Promise<void> {
  const path = '/claude/v1/chat/completions';
  for (const body of [SAID, `event: message_start\ndata: {"${ANSWER}\n\n`, `{"${ANSWER}`]) {
    const fields = body.startsWith('event') ? STREAM : {};
    on.provider.plans.push({ body, fields });
    const stream = body.startsWith('event');
    await ask(on, { path, body: JSON.stringify({ ...JSON.parse(QUESTION), stream }) }).catch(() => {});
  }
  await ask(on, { path, body: `{"model": "m-1", "messages": ${PROMPT}` });
  await ask(on, { path, body: JSON.stringify({ model: 'm-1', messages: [{ role: PROMPT, content: PROMPT }] }) });
}

async function cutByTheProvider(on: Stage): Promise<void> {
  on.provider.plans.push({ cutAfter: 3 });
  await assert.rejects(ask(on, { body: JSON.stringify({ model: 'm-1', stream: true, pad: PROMPT }) }));
}

async function leftByTheClient({ provider, sluice }: Stage): Promise<void> {
  const gate = Promise.withResolvers<void>();
  const heard = provider.heard.length;
  provider.plans.push({ beforeEvent: (index) => (index === 3 ? gate.promise : Promise.resolve()) });
  const headers = { 'x-sluice-token': TOKEN, 'content-type': 'application/json' };
  const request = http.request(`${sluice.address('gateway')}/claude/v1/messages`, {
    method: 'POST',
    headers,
    agent: false,
  });
  request.on('error', () => {});
  request.end(JSON.stringify({ model: 'm-1', stream: true, pad: PROMPT }));
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  await once(answer, 'data');
  request.destroy();
  await provider.until(() => provider.heard[heard]?.wasLeft === true);
  gate.resolve();
}

/** A body that stops being one. */
async function malformed({ sluice }: Stage): Promise<void> {
  const { hostname: host, port } = new URL(sluice.address('gateway'));
  const socket = net.connect({ host, port: Number(port) });
  const head = `POST /claude/v1/messages HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${TOKEN}\r\n`;
  socket.end(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n${PROMPT}\r\n`);
  socket.resume();
  await once(socket, 'close');
}

/** All that can be asked of it, and then all that it has written, by where it stands. */
async function everything({ sluice }: Stage): Promise<ReadonlyMap<string, string>> {
  const places = new Map<string, string>();
  const paths = ['status', 'stats', 'config', 'connections', 'ai/accounts', 'ai/usage?by=day,user,account,session'];
  for (const path of paths) places.set(path, await (await sluice.admin(`/api/v1/${path}`)).text());
  places.set('metrics', await (await fetch(`${sluice.address('metrics')}/metrics`)).text());
  sluice.signal('SIGTERM');
  assert.deepEqual(await sluice.ended, { code: 0, signal: null });
  places.set('stdout', sluice.stdout).set('stderr', sluice.stderr);
  const files = readdirSync(sluice.dataDir, { recursive: true, withFileTypes: true });
  for (const file of files.filter((each) => each.isFile())) {
    places.set(`data/${file.name}`, readFileSync(join(file.parentPath, file.name), 'latin1'));
  }
  return places;
}

function placesOf(words: readonly string[], places: ReadonlyMap<string, string>): string[] {
  return [...places].flatMap(([place, text]) =>
    words.filter((word) => text.includes(word)).map((word) => `${word} in ${place}`),
  );
}

interface Line {
  readonly status: number;
  readonly request?: { readonly body: string };
  readonly response?: { readonly body: string; readonly complete: boolean };
  readonly user: string;
  readonly cache: string;
}

describe('of what is asked and answered', () => {
  test('nothing is written, whatever happens, and credentials are not either', async (t) => {
    const on = await stage(t, '');
    await goThroughAll(on);
    const places = await everything(on);
    assert.match(places.get('stdout') ?? '', /"url\.path":"\/claude\/v1\/messages"|claude\/v1\/messages/);
    assert.ok(places.has('data/usage.db'));
    assert.deepEqual(placesOf([PROMPT, ANSWER, ...CREDENTIALS], places), []);
  });

  test('everything is written into one file, if that is asked for, and credentials nowhere', async (t) => {
    const on = await stage(t, ', ai_bodies: true');
    await goThroughAll(on);
    const places = new Map(await everything(on));
    const name = 'data/ai-bodies.log';
    assert.equal(statSync(join(on.sluice.dataDir, 'ai-bodies.log')).mode & 0o777, 0o600);
    const text = places.get(name) ?? assert.fail('there is no such file');
    assert.deepEqual(placesOf(CREDENTIALS, places), []);
    places.delete(name);
    assert.deepEqual(placesOf([PROMPT, ANSWER], places), []);
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    assert.deepEqual(
      lines.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 200, 200, 200, 200, 200, 200, 400, 400, 400, 401, 429, 500, 502],
    );
    assert.ok(lines.every(({ user }) => user === 'alice'));
    assert.ok(lines.every(({ request }) => request?.body.includes(PROMPT)));
    const complete = lines.filter(({ response }) => response?.complete);
    assert.ok(complete.length >= 7);
    assert.equal(complete.filter(({ response }) => response?.body.includes(ANSWER)).length, 7);
  });
});
