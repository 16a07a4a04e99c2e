// Several accounts of a provider of AI in a whole Sluice: what one worker learns of them holds for the others, over a reload, and is shown.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type net from 'node:net';
import { test } from 'node:test';
import { answerBy, type Answers, credentialsHeard, limitedPlan } from '../support/ai-accounts.ts';
import { AiProvider } from '../support/ai-provider.ts';
import { Gateway } from '../support/gateway.ts';
import { RawClient } from '../support/raw-client.ts';
import { runSluice, startSluice } from '../support/sluice-process.ts';

const TOKEN = 'a-token-of-alice-1';
const SECRETS = /sk-one|sk-two|a-token-of-alice/;

/** On a connection of its own, so that it comes to any worker. */
function ask(url: string, session: string): Promise<number> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'x-claude-code-session-id': session, connection: 'close' };
  return new Promise((resolve, reject) => {
    const request = http.request(`${url}/claude/v1/messages`, { method: 'POST', headers, agent: false }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    request.on('error', reject).end('{"model":"m"}');
  });
}

test('with two workers a conversation is on one account, a limit is known to both, and both stay over a reload', async (t) => {
  const provider = await AiProvider.open(t);
  const answers: Answers = {};
  answerBy(provider, answers);
  const config = (keys: string): string => `process: { workers: 2 }
users: [{ name: alice, token: ${TOKEN}, may: [ai] }]
ai:
  enabled: true
  providers:
    claude: { base: "${provider.url}", strategy: quota, credentials: [${keys}] }
`;
  const keys = '{ id: one, api_key: sk-one }, { id: two, api_key: sk-two, weight: 2 }';
  const sluice = await startSluice(t, { files: { 'sluice.yaml': config(keys) } });
  const url = sluice.address('gateway');
  const asks = (session: string, times: number): Promise<number[]> =>
    Promise.all(Array.from({ length: times }, () => ask(url, session)));

  assert.deepEqual(new Set(await asks('first', 12)), new Set([200]));
  assert.equal(new Set(credentialsHeard(provider)).size, 1, 'one conversation, one account');

  const inAnHour = String(Math.round(Date.now() / 1000) + 3600);
  const quota = (used: string): Record<string, string> => ({
    'anthropic-ratelimit-unified-5h-utilization': used,
    'anthropic-ratelimit-unified-5h-reset': inAnHour,
  });
  answers['sk-one'] = { fields: quota('0.95') };
  answers['sk-two'] = { ...limitedPlan({ ...quota('0.5'), 'retry-after': '600' }) };
  // Whoever of the two has it: in the end only the other one is left.
  assert.deepEqual(new Set(await asks('second', 12)), new Set([200]));
  provider.heard.length = 0;
  await Promise.all(['second', 'third', 'fourth'].map((session) => asks(session, 6)));
  assert.deepEqual(new Set(credentialsHeard(provider)), new Set(['sk-one']), 'the limit is known to all threads');

  const shown = await runSluice(t, ['ai', 'accounts'], { folder: sluice.folder });
  assert.match(shown.stdout, /^claude\/one {2}ok {2}an API key\n {2}\d+ requests\n {2}5h: 5 % left, anew in \d/);
  assert.match(
    shown.stdout,
    /\nclaude\/two {2}cooling for (?:9|10)m \d+s {2}an API key\n {2}\d+ requests, weight 2\n {2}5h: 50 % left/,
  );
  const explained = await runSluice(
    t,
    ['explain', 'POST', `${url}/claude/v1/messages`, '--door', 'gateway', '--user', 'alice', '-H', 'session-id: new'],
    { folder: sluice.folder },
  );
  assert.match(
    explained.stdout,
    /ai-accounts +sends account one: 5 % of its quota is left \(two is left alone for \d+ s\)/,
  );
  assert.doesNotMatch(shown.stdout + explained.stdout + sluice.stdout + sluice.stderr, SECRETS);

  delete answers['sk-two'];
  sluice.write('sluice.yaml', config(`${keys}, { id: three, api_key: sk-three }`));
  const reloaded = await runSluice(t, ['reload'], { folder: sluice.folder });
  assert.equal(reloaded.code, 0, reloaded.stderr);
  provider.heard.length = 0;
  await Promise.all([asks('third', 6), asks('after', 6)]);
  assert.deepEqual(new Set(credentialsHeard(provider)), new Set(['sk-one', 'sk-three']));
});

test('a request that is still being sent goes to another account whole', async (t) => {
  const heard: { readonly key: string; readonly body: string }[] = [];
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const server = http.createServer((request, response) => {
    const key = String(request.headers['x-api-key']);
    if (key === 'sk-one') {
      response.writeHead(429, { 'retry-after': '60' }).end('{}');
      first.resolve();
      return;
    }
    second.resolve();
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      heard.push({ key, body: Buffer.concat(parts).toString() });
      response.end('{"ok":true}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const base = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  const credentials = [{ api_key: 'sk-one' }, { api_key: 'sk-two' }];
  const gateway = await Gateway.open(t, {
    ai: { enabled: true, auth: 'none', providers: { claude: { base, credentials } } },
  });
  const client = await RawClient.connect(t, gateway.port);
  const body = 'wörld '.repeat(50_000);
  const bytes = Buffer.from(body);
  const half = bytes.length >> 1;
  const fields = `Host: a\r\nContent-Length: ${bytes.length}\r\nConnection: close`;
  client.send(`POST /claude/v1/messages HTTP/1.1\r\n${fields}\r\n\r\n`);
  client.send(bytes.subarray(0, half));
  await Promise.all([first.promise, second.promise]);
  client.send(bytes.subarray(half));
  await client.closed();
  assert.match(client.text, /^HTTP\/1\.1 200 [^]*\{"ok":true\}$/);
  assert.deepEqual(
    heard.map(({ key }) => key),
    ['sk-two'],
  );
  assert.equal(heard[0]?.body === body, true);
});
