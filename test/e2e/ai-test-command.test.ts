// `sluice ai test` against a Sluice that runs: nothing is set up for it, and what it says is what a client would have met.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { AiProvider, heardValues } from '../support/ai-provider.ts';
import { deserted } from '../support/backends.ts';
import { makeCertificate } from '../support/pki.ts';
import { runSluice, startSluice } from '../support/sluice-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const TOKEN = 'a-token-of-alice-1';

test('a test request goes the whole way, by TLS too, and tells where the way ends', async (t) => {
  const provider = await AiProvider.open(t);
  const { cert, key } = makeCertificate(temporaryFolder(t), 'gateway.example');
  const config = `users: [{ name: alice, token: ${TOKEN}, may: [ai] }]
gateway: { tls: { cert: cert.pem, key: key.pem } }
ai:
  enabled: true
  providers:
    claude: { base: "${provider.url}", credentials: { id: team, api_key: key-of-the-team } }
    chatgpt: { base: "${await deserted(t)}", credentials: { api_key: another-key } }
`;
  const files = { 'sluice.yaml': config, 'cert.pem': readFileSync(cert, 'utf8'), 'key.pem': readFileSync(key, 'utf8') };
  const { folder } = await startSluice(t, { files });
  const fine = await runSluice(t, ['ai', 'test', 'claude'], { folder });
  assert.equal(fine.code, 0, fine.stderr + fine.stdout);
  assert.match(fine.stdout, /^claude +ok +200 in \d+ ms, account team {2}GET \/claude\/v1\/models\?limit=1\n$/);
  assert.deepEqual(heardValues(provider.last, 'x-api-key'), ['key-of-the-team']);
  const both = await runSluice(t, ['ai', 'test'], { folder });
  assert.equal(both.code, 1);
  assert.match(
    both.stdout,
    /^chatgpt +failed +502 .*account 1[^]*\(Sluice: upstream_\w+\)\n {2}hint: can this machine reach it/m,
  );
  assert.doesNotMatch(fine.stdout + both.stdout + both.stderr, /key-of-the-team|another-key|a-token-of/);
});
