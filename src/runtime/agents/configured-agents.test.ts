import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { agentsSchema } from '../../config/schema/agents.ts';
import { agentSettings } from './configured-agents.ts';

const TASK = { prompt: 'hi', session: '', model: '' };

describe('the agents of a configuration', () => {
  test('are Claude Code and Codex without a word', () => {
    const { kinds, defaultKind, timeoutMs, isPerUser } = agentSettings(agentsSchema.parse({}));
    assert.deepEqual(
      [...kinds].map(([name, { program, provider }]) => [name, program, provider]),
      [
        ['claude', 'claude', 'claude'],
        ['codex', 'codex', 'chatgpt'],
      ],
    );
    assert.deepEqual([defaultKind, timeoutMs, isPerUser], ['claude', 1_800_000, true]);
  });

  test('may be these by other names, with other programs and arguments', () => {
    const { kinds, env } = agentSettings(
      agentsSchema.parse({
        kinds: {
          claude: { command: '/opt/claude', args: ['--permission-mode', 'plan'], env: { A: '1' } },
          mine: { like: 'codex', subscription: true },
        },
      }),
    );
    const claude = kinds.get('claude');
    assert.equal(claude?.program, '/opt/claude');
    assert.deepEqual(claude?.command(TASK, null).args.slice(0, 3), ['--permission-mode', 'plan', '-p']);
    assert.deepEqual(env.get('claude'), { A: '1' });
    assert.partialDeepStrictEqual(kinds.get('mine'), { name: 'mine', program: 'codex', usesSubscription: true });
    assert.equal(kinds.size, 3);
  });

  test('may be others, as they are described', () => {
    const events = { session: 'id', tokens: { cache_read: 'read' } };
    const { kinds } = agentSettings(agentsSchema.parse({ kinds: { mine: { command: 'agent', args: ['x'], events } } }));
    const mine = kinds.get('mine');
    assert.deepEqual(mine?.command(TASK, null), { args: ['x'], env: {}, input: Buffer.from('hi') });
    const facts = { session: '', model: '', tokens: null, cost: null, verdict: null, reason: '', answers: 0 };
    mine?.read({ id: 's', read: 4 }, facts);
    assert.partialDeepStrictEqual(facts, { session: 's', tokens: { cacheRead: 4 } });
  });
});
