// What was used of AI providers, as the whole program keeps it: with workers, over a stop and a start.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AiUsageAnswer } from '../../src/control/admin-answers.ts';
import { AiProvider } from '../support/ai-provider.ts';
import { runSluice, type SluiceProcess, startSluice } from '../support/sluice-process.ts';

const TOKEN = 'a-token-of-alice-1';
const BOBS_TOKEN = 'a-token-of-bob-111';

async function usageOf(sluice: SluiceProcess, by: string): Promise<AiUsageAnswer['usage']> {
  const answer = await sluice.admin(`/api/v1/ai/usage?by=${by}`);
  return ((await answer.json()) as AiUsageAnswer).usage;
}

test('what was used before a stop is told after the next start, by the admin API and the command line', async (t) => {
  const provider = await AiProvider.open(t);
  const config = `
process: { workers: 2, data_dir: data }
gateway: { listen: 127.0.0.1:0 }
egress: { listen: null }
admin: { listen: 127.0.0.1:0 }
metrics: { listen: null }
users: [{ name: alice, token: ${TOKEN}, may: [ai] }, { name: bob, token: ${BOBS_TOKEN}, may: [ai] }]
ai:
  enabled: true
  prices: { model-*: { input: 1, output: 1000 } }
  providers: { claude: { base: ${provider.url}, credentials: { id: team, api_key: key-of-the-team } } }
`;
  const files = { 'sluice.yaml': config };
  const first = await startSluice(t, { files });
  for (const token of [TOKEN, TOKEN, BOBS_TOKEN, TOKEN, TOKEN]) {
    const body = JSON.stringify({ model: 'model-7', stream: true });
    const url = `${first.address('gateway')}/claude/v1/messages`;
    const answer = await fetch(url, { method: 'POST', body, headers: { 'X-Sluice-Token': token } });
    assert.match(await answer.text(), /message_stop/);
  }
  first.signal('SIGTERM');
  assert.deepEqual(await first.ended, { code: 0, signal: null });
  assert.equal(statSync(join(first.dataDir, 'usage.db')).mode & 0o777, 0o600);
  const second = await startSluice(t, { files, folder: first.folder });
  const [line, bobs, ...others] = await usageOf(second, 'user,model');
  assert.deepEqual(others, []);
  assert.partialDeepStrictEqual(bobs, { user: 'bob', requests: 1 });
  const accounts = await usageOf(second, 'account');
  assert.deepEqual(
    accounts.map(({ account, requests }) => [account, requests]),
    [['team', 5]],
  );
  const table = await second.admin('/api/v1/ai/usage?by=user,account&format=csv');
  assert.deepEqual((await table.text()).split('\r\n').slice(1), [
    'alice,team,4,0,100,60,28,12,0.0601,0,0',
    'bob,team,1,0,25,15,7,3,0.015025,0,0',
    '',
  ]);
  assert.partialDeepStrictEqual(line, { user: 'alice', model: 'model-7', requests: 4, unknown_requests: 0 });
  assert.partialDeepStrictEqual(line, { input_tokens: 100, output_tokens: 60, cache_read_tokens: 28, cost: 0.0601 });
  const shown = await runSluice(t, ['ai', 'usage', '--by', 'user'], { folder: first.folder });
  assert.match(shown.stdout, /^alice +4 +100 +60 +28 +12 +0\.06$/m);
});
