import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partsOfAi } from '../../../test/support/ai-parts.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { aiAccounts, aiTargets } from './assemble-ai-accounts.ts';

const KEY = { api_key: 'sk-secret' };
const STORE = { store: '/a/.credentials.json' };

function made(ai: object, gateway: object = {}): string[] {
  const config = configOf({ ai: { enabled: true, ...ai }, gateway });
  const parts = partsOfAi(config);
  const all = aiAccounts(config, parts);
  const targets = aiTargets(config, parts, all);
  const told = [...all].map(([provider, target]) => {
    assert.equal(targets.get(provider), target);
    const { accounts, maxAttempts, retryStatuses, resendsBodies } = target;
    const members = accounts.members.map(({ id, weight, data }) => `${id}*${weight} ${data.account.kind}`).join(', ');
    target.dispose();
    return `${provider} ${accounts.strategy} ${members}: ${retryStatuses.join()} ${maxAttempts}x ${resendsBodies?.bytes ?? '-'}`;
  });
  assert.doesNotMatch(told.join(), /secret/);
  return told;
}

test('the credentials of a provider are its accounts, and what one of them says decides what is sent again', () => {
  const several = {
    strategy: 'quota',
    credentials: [
      { ...KEY, weight: 3 },
      { ...STORE, id: 'mine' },
    ],
  };
  assert.deepEqual(made({ providers: { claude: { credentials: KEY }, chatgpt: { credentials: STORE } } }), [
    'claude round_robin 1*1 api_key:  1x -',
    'chatgpt round_robin 1*1 store: 401 2x 4194304',
  ]);
  assert.deepEqual(made({ resend_body: '1KiB', providers: { claude: several } }), [
    'claude quota 1*3 api_key, mine*1 store: 401,403,429,529 3x 1024',
  ]);
});

test('there are none where clients have their own, and where nobody gets to them', () => {
  assert.deepEqual(made({}), []);
  assert.deepEqual(made({ enabled: false, providers: { claude: { credentials: KEY } } }), []);
  assert.deepEqual(made({ providers: { claude: { credentials: KEY } } }, { own_paths: false }), []);
});
