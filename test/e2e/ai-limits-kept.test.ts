// Limits of users of AI in the whole program: exact with workers, kept over a stop, a start and a reload, and told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import type { AiLimitsAnswer } from '../../src/control/admin-answers.ts';
import { AiProvider } from '../support/ai-provider.ts';
import { runSluice, type SluiceProcess, startSluice } from '../support/sluice-process.ts';

const TOKEN = 'a-token-of-alice-1';
/** What an answer of the stand-in uses. */
const MESSAGE_TOKENS = 25 + 15 + 3 + 7;

function configOf(provider: AiProvider, limits: string): string {
  return `
process: { workers: 2, data_dir: data }
gateway: { listen: 127.0.0.1:0 }
egress: { listen: null }
admin: { listen: 127.0.0.1:0 }
metrics: { listen: null }
users: [{ name: alice, token: ${TOKEN}, may: [ai], limits: ${limits} }]
ai:
  enabled: true
  prices: { model-*: { output: 1000000 } }
  providers: { claude: { base: ${provider.url}, credentials: { api_key: sk-ours } } }
`;
}

/** Each by a connection of its own, so that all threads have some. */
async function post(sluice: SluiceProcess): Promise<number> {
  const headers = { 'x-api-key': TOKEN, connection: 'close' };
  const body = JSON.stringify({ model: 'model-1', stream: true });
  const answer = await fetch(`${sluice.address('gateway')}/claude/v1/messages`, { method: 'POST', headers, body });
  await answer.text();
  return answer.status;
}

async function statuses(sluice: SluiceProcess, count: number): Promise<Readonly<Record<number, number>>> {
  const counts: Record<number, number> = {};
  for (const status of await Promise.all(Array.from({ length: count }, () => post(sluice)))) {
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

async function limitsOf(sluice: SluiceProcess): Promise<Readonly<Record<string, number>>> {
  const answer = (await (await sluice.admin('/api/v1/ai/limits?user=alice')).json()) as AiLimitsAnswer;
  return Object.fromEntries((answer.users[0]?.limits ?? []).map(({ limit, used }) => [limit, used]));
}

test('requests of a minute, and those at once, are counted for all workers together, to the last one', async (t) => {
  const provider = await AiProvider.open(t);
  const files = { 'sluice.yaml': configOf(provider, '{ ai_requests_per_minute: 7 }') };
  const sluice = await startSluice(t, { files });
  assert.deepEqual(await statuses(sluice, 25), { 200: 7, 429: 18 });
  assert.deepEqual(await limitsOf(sluice), { ai_requests_per_minute: 7 });
  const gate = Promise.withResolvers<void>();
  t.after(() => gate.resolve());
  const held = { beforeHead: () => gate.promise };
  provider.plans.push(held, held, held);
  sluice.write('sluice.yaml', configOf(provider, '{ ai_streams: 3 }'));
  assert.equal((await runSluice(t, ['reload'], { folder: sluice.folder })).code, 0);
  const running = statuses(sluice, 12);
  await provider.until(() => provider.heard.length === 10);
  await provider.until(() => provider.plans.length === 0);
  assert.deepEqual(await limitsOf(sluice), { ai_streams: 3 });
  gate.resolve();
  assert.deepEqual(await running, { 200: 3, 429: 9 });
});

test('a budget that is used up stays so over a stop and a start, and over a reload', async (t) => {
  const provider = await AiProvider.open(t);
  const budgets = `{ ai_tokens_per_day: ${4 * MESSAGE_TOKENS}, ai_cost_per_month: 1000 }`;
  const files = { 'sluice.yaml': configOf(provider, budgets) };
  const first = await startSluice(t, { files });
  for (let i = 0; i < 4; i += 1) assert.equal(await post(first), 200);
  assert.deepEqual(await statuses(first, 6), { 429: 6 });
  first.signal('SIGTERM');
  assert.deepEqual(await first.ended, { code: 0, signal: null });

  const second = await startSluice(t, { files, folder: first.folder });
  assert.deepEqual(await limitsOf(second), { ai_tokens_per_day: 4 * MESSAGE_TOKENS, ai_cost_per_month: 60 });
  const claude = new Anthropic({ baseURL: `${second.address('gateway')}/claude`, authToken: TOKEN, apiKey: null });
  const ask = (): Promise<unknown> => claude.messages.create({ model: 'model-1', max_tokens: 9, messages: [] });
  await assert.rejects(ask(), Anthropic.RateLimitError);

  const shown = await runSluice(t, ['ai', 'limits'], { folder: first.folder });
  assert.match(shown.stdout, /^alice  ai_tokens_per_day   200   200     0  \d{4}-\d\d-\d\d, in /m);
  const url = `${second.address('gateway')}/claude/v1/messages`;
  const told = await runSluice(t, ['explain', 'POST', url, '--door', 'gateway', '--user', 'alice'], {
    folder: first.folder,
  });
  assert.match(told.stdout, /refuses with 429 ai_budget_used_up: User "alice" has ai_tokens_per_day 200 \(used: 200\)/);

  second.write(
    'sluice.yaml',
    configOf(provider, `{ ai_tokens_per_day: ${5 * MESSAGE_TOKENS}, ai_cost_per_month: 1000 }`),
  );
  assert.equal((await runSluice(t, ['reload'], { folder: first.folder })).code, 0);
  await ask();
  await assert.rejects(ask(), Anthropic.RateLimitError);
  // What the tokens of this month have cost is counted by the prices in force.
  const dearer = configOf(provider, '{ ai_cost_per_month: 100 }').replace('output: 1000000', 'output: 2000000');
  second.write('sluice.yaml', dearer);
  assert.equal((await runSluice(t, ['reload'], { folder: first.folder })).code, 0);
  assert.deepEqual(await limitsOf(second), { ai_cost_per_month: 150 });
  await assert.rejects(ask(), Anthropic.RateLimitError);
});
