import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type JsonObject, noFacts } from '../agent-kind.ts';
import { claudeKind } from './claude.ts';

const KIND = claudeKind({
  name: 'claude',
  program: 'claude',
  args: ['--permission-mode', 'plan'],
  subscription: false,
});
const TASK = { prompt: '-p /context "x"\n', session: '', model: '' };

function facts(...events: readonly JsonObject[]) {
  const known = noFacts();
  for (const event of events) KIND.read(event, known);
  return known;
}

const USAGE = {
  input_tokens: 10,
  output_tokens: 5,
  cache_read_input_tokens: 3,
  cache_creation_input_tokens: 2,
};
const RESULT = { type: 'result', subtype: 'success', is_error: false, result: 'hi', session_id: 's', usage: USAGE };

describe('Claude Code', () => {
  test('is told by its arguments what it may do, and gets the prompt as a message', () => {
    const { args, input, env } = KIND.command(TASK, null);
    assert.deepEqual(args, [
      '--permission-mode',
      'plan',
      '-p',
      '--output-format',
      'stream-json',
      '--input-format',
      'stream-json',
      '--verbose',
      '--disable-slash-commands',
      '--setting-sources',
      'user',
      '--strict-mcp-config',
    ]);
    assert.deepEqual(env, { DISABLE_AUTOUPDATER: '1', CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' });
    const line = input?.toString() ?? '';
    assert.equal(line.indexOf('\n'), line.length - 1);
    assert.deepEqual(JSON.parse(line), {
      type: 'user',
      message: { role: 'user', content: [{ type: 'text', text: TASK.prompt }] },
      parent_tool_use_id: null,
      session_id: '',
    });
    assert.deepEqual(KIND.message(TASK.prompt), input);
  });

  test('gets a prompt that begins with a slash as one that does not, so that it is no command', () => {
    assert.match(KIND.message('/context').toString(), /"text":" \/context"/);
  });

  test('resumes a session, with a model', () => {
    const { args } = KIND.command({ ...TASK, session: 's-1', model: 'opus' }, null);
    assert.deepEqual(args.slice(-4), ['--model', 'opus', '--resume', 's-1']);
  });

  test('is pointed at our gateway by its environment, with the token or beside its own login', () => {
    const access = { url: 'http://127.0.0.1:1/claude', token: 'secret', keepsLogin: false };
    assert.partialDeepStrictEqual(KIND.command(TASK, access).env, {
      ANTHROPIC_BASE_URL: access.url,
      ANTHROPIC_AUTH_TOKEN: 'secret',
    });
    const { env, args } = KIND.command(TASK, { ...access, keepsLogin: true });
    assert.equal(env['ANTHROPIC_CUSTOM_HEADERS'], 'X-Sluice-Token: secret');
    assert.equal(env['ANTHROPIC_AUTH_TOKEN'], undefined);
    assert.ok(!args.join(' ').includes('secret'));
  });
});

describe('what Claude Code prints', () => {
  test('names its session and its model', () => {
    assert.partialDeepStrictEqual(facts({ type: 'system', subtype: 'init', session_id: 's-1', model: 'opus' }), {
      session: 's-1',
      model: 'opus',
      verdict: null,
      answers: 0,
    });
  });

  test('tells what each answer has used, and what all of them have cost', () => {
    assert.deepEqual(facts({ ...RESULT, total_cost_usd: 0.1 }, { ...RESULT, total_cost_usd: 0.3 }), {
      session: 's',
      model: '',
      tokens: { input: 20, output: 10, cacheRead: 6, cacheWrite: 4 },
      cost: 0.3,
      verdict: 'ok',
      reason: '',
      answers: 2,
    });
  });

  test('is no success where it says so and means an error', () => {
    const failed = facts({ ...RESULT, is_error: true, result: 'Not logged in' });
    assert.partialDeepStrictEqual(failed, { verdict: 'error', reason: 'Not logged in', answers: 1 });
    const aborted = facts({
      type: 'result',
      subtype: 'error_during_execution',
      is_error: true,
      errors: ['No one', 'No two'],
    });
    assert.partialDeepStrictEqual(aborted, { verdict: 'error', reason: 'No one No two' });
    assert.partialDeepStrictEqual(facts({ type: 'result', subtype: 'error_max_turns', is_error: true }), {
      verdict: 'error',
      reason: 'error_max_turns',
    });
  });

  test('is denied where a tool was', () => {
    const denied = facts({ ...RESULT, permission_denials: [{ tool_name: 'Bash' }, { tool_name: 'Bash' }, 7] });
    assert.partialDeepStrictEqual(denied, { verdict: 'denied', reason: 'It was not allowed to use Bash.' });
    assert.equal(facts({ ...RESULT, permission_denials: [7] }).reason, 'It was not allowed to use a tool.');
  });

  test('says in an answer of its own what is wrong with the provider', () => {
    const message = { model: '<synthetic>', content: [{ type: 'text', text: 'API Error: 529' }] };
    assert.equal(facts({ type: 'assistant', message, error: 'server_error' }).reason, 'API Error: 529');
    assert.equal(facts({ type: 'assistant', message: { model: '<synthetic>' }, error: 'x' }).reason, 'x');
    assert.equal(facts({ type: 'assistant', message: { model: 'opus' } }).reason, '');
  });

  test('may be anything else', () => {
    assert.deepEqual(facts({}, { type: 'stream_event' }, { type: 'system', subtype: 'status' }), noFacts());
  });
});
