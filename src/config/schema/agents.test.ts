import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentsSchema } from './agents.ts';

test('agents are off, and bounded in every way', () => {
  assert.deepEqual(agentsSchema.parse({}), {
    enabled: false,
    default: 'claude',
    max_concurrent: 4,
    max_queued: 100,
    timeout: 1_800_000,
    silence: 900_000,
    linger: 0,
    keep: 2_592_000_000,
    max_output: 1_073_741_824,
    workspace: '.',
    per_user: true,
    allowed_hosts: [],
    kinds: {},
  });
});

test('a kind says nothing by default, and so takes everything from the built-in one', () => {
  assert.deepEqual(agentsSchema.parse({ kinds: { claude: { args: ['-v'] } } }).kinds['claude'], {
    like: null,
    command: null,
    args: ['-v'],
    subscription: false,
    env: {},
    prompt: 'stdin',
    resume: [],
    model: [],
    events: {
      session: null,
      model: null,
      error: null,
      cost: null,
      tokens: { input: null, output: null, cache_read: null, cache_write: null },
      end: null,
    },
  });
});

test('what cannot be meant is refused', () => {
  for (const kind of [
    { like: 'gemini' },
    { env: { 'A=1': 'x' } },
    { prompt: 'shell' },
    { events: { session: 'a..b' } },
    { events: { tokens: { in: 'x' } } },
    { permission_mode: 'x' },
  ]) {
    assert.ok(!agentsSchema.safeParse({ kinds: { mine: kind } }).success, JSON.stringify(kind));
  }
});
