// Several accounts of a provider of AI in a whole Sluice: what one worker learns of them holds for the others, over a reload, and is shown.
import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { answerBy, type Answers, credentialsHeard, limitedPlan } from '../support/ai-accounts.ts';
import { AiProvider } from '../support/ai-provider.ts';
import { Gateway } from '../support/gateway.ts';
import { answerOf, http2Session } from '../support/http2-session.ts';
import { http1Origin, readAll } from '../support/origins.ts';
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

interface LimitedProvider {
  readonly url: string;
  readonly heard: { readonly key: string; readonly body: string }[];
  /** Both accounts have been asked. */
  readonly bothAsked: Promise<unknown>;
}

/** Says no to the first account as soon as it is asked, and takes what comes with the other. */
async function limitedProvider(t: TestContext): Promise<LimitedProvider> {
  const heard: LimitedProvider['heard'] = [];
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const url = await http1Origin(t, (request, response) => {
    const key = String(request.headers['x-api-key']);
    if (key === 'sk-one') {
      response.writeHead(429, { 'retry-after': '60' }).end('{}');
      first.resolve();
      return;
    }
    second.resolve();
    void readAll(request).then((body) => {
      heard.push({ key, body });
      response.end('{"ok":true}');
    });
  });
  return { url, heard, bothAsked: Promise.all([first.promise, second.promise]) };
}

describe('a request that is still being sent', () => {
  const BODY = 'wörld '.repeat(50_000);
  const BYTES = Buffer.from(BODY);
  const HALF = BYTES.length >> 1;

  async function gatewayTo(t: TestContext, base: string): Promise<Gateway> {
    const claude = { base, credentials: [{ api_key: 'sk-one' }, { api_key: 'sk-two' }] };
    return Gateway.open(t, { ai: { enabled: true, auth: 'none', providers: { claude } } });
  }

  test('goes to another account whole', async (t) => {
    const provider = await limitedProvider(t);
    const gateway = await gatewayTo(t, provider.url);
    const client = await RawClient.connect(t, gateway.port);
    const fields = `Host: a\r\nContent-Length: ${BYTES.length}\r\nConnection: close`;
    client.send(`POST /claude/v1/messages HTTP/1.1\r\n${fields}\r\n\r\n`);
    client.send(BYTES.subarray(0, HALF));
    await provider.bothAsked;
    client.send(BYTES.subarray(HALF));
    await client.closed();
    assert.match(client.text, /^HTTP\/1\.1 200 [^]*\{"ok":true\}$/);
    assert.deepEqual(
      provider.heard.map(({ key, body }) => [key, body === BODY]),
      [['sk-two', true]],
    );
  });

  test('does so by HTTP/2, too', async (t) => {
    const provider = await limitedProvider(t);
    const session = await http2Session(t, (await gatewayTo(t, provider.url)).url);
    const stream = session.request({ ':method': 'POST', ':path': '/claude/v1/messages' }, { endStream: false });
    const answered = answerOf(stream);
    stream.write(BYTES.subarray(0, HALF));
    await provider.bothAsked;
    stream.end(BYTES.subarray(HALF));
    const { status, body } = await answered;
    assert.deepEqual([status, body], [200, '{"ok":true}']);
    assert.deepEqual(
      provider.heard.map(({ key, body: got }) => [key, got === BODY]),
      [['sk-two', true]],
    );
  });
});
