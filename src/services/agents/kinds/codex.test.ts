import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type JsonObject, noFacts } from '../agent-kind.ts';
import { codexKind } from './codex.ts';

const KIND = codexKind({ name: 'codex', program: 'codex', args: ['--sandbox', 'read-only'], subscription: false });
const TASK = { prompt: '--help', session: '', model: '' };

function facts(...events: readonly JsonObject[]) {
  const known = noFacts();
  for (const event of events) KIND.read(event, known);
  return known;
}

describe('Codex', () => {
  test('gets the prompt on its input', () => {
    const { args, input, env } = KIND.command(TASK, null);
    assert.deepEqual(args.slice(0, 5), ['exec', '--sandbox', 'read-only', '--json', '--skip-git-repo-check']);
    assert.ok(args.includes('shell_environment_policy.inherit=core'));
    assert.equal(args.at(-1), '-');
    assert.ok(!args.includes(TASK.prompt));
    assert.equal(input?.toString(), TASK.prompt);
    assert.deepEqual(env, {});
    assert.equal(KIND.takesMessages, false);
    assert.equal(KIND.message('x').toString(), 'x');
  });

  test('resumes a session, with a model', () => {
    const { args } = KIND.command({ ...TASK, session: 's-1', model: 'gpt' }, null);
    assert.deepEqual(args.slice(-5), ['--model', 'gpt', 'resume', 's-1', '-']);
  });

  test('is pointed at our gateway, with the token in its environment only', () => {
    const access = { url: 'http://127.0.0.1:1/chatgpt/v1', token: 'secret', keepsLogin: false };
    for (const keepsLogin of [false, true]) {
      const { args, env } = KIND.command(TASK, { ...access, keepsLogin });
      assert.deepEqual(env, { SLUICE_AGENT_TOKEN: 'secret' });
      assert.ok(args.includes('model_provider="sluice"'));
      assert.ok(args.includes('model_providers.sluice.base_url="http://127.0.0.1:1/chatgpt/v1"'));
      assert.equal(args.includes('model_providers.sluice.env_key="SLUICE_AGENT_TOKEN"'), !keepsLogin);
      assert.equal(args.includes('model_providers.sluice.requires_openai_auth=true'), keepsLogin);
      assert.equal(args.join(' ').includes('"X-Sluice-Token" = "SLUICE_AGENT_TOKEN"'), keepsLogin);
      assert.ok(!args.join(' ').includes('secret'));
    }
  });
});

describe('what Codex prints', () => {
  test('names its session, and what an answer has used', () => {
    const usage = { input_tokens: 100, cached_input_tokens: 60, cache_write_input_tokens: 10, output_tokens: 5 };
    const known = facts({ type: 'thread.started', thread_id: 't-1' }, { type: 'turn.completed', usage });
    assert.partialDeepStrictEqual(known, { session: 't-1', verdict: 'ok', answers: 1 });
    assert.deepEqual(known.tokens, { input: 30, output: 5, cacheRead: 60, cacheWrite: 10 });
    assert.equal(facts({ type: 'turn.completed' }).tokens, null);
    assert.deepEqual(KIND.countsSession, ['tokens']);
  });

  test('fails with what it said last', () => {
    const failed = { type: 'turn.failed', error: { message: 'no more' } };
    assert.partialDeepStrictEqual(facts(failed), { verdict: 'error', reason: 'no more' });
    const trying = facts({ type: 'error', message: 'Reconnecting 1/5' });
    assert.partialDeepStrictEqual(trying, { verdict: null, reason: 'Reconnecting 1/5' });
    assert.equal(facts({ type: 'error', message: 'Reconnecting' }, { type: 'turn.completed' }).reason, '');
  });

  test('is well where only a thing on the way was not', () => {
    const item = { type: 'error', message: 'Model metadata not found' };
    assert.partialDeepStrictEqual(facts({ type: 'item.completed', item }, { type: 'turn.completed' }), {
      verdict: 'ok',
    });
  });
});
