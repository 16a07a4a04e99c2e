import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type JsonObject, noFacts } from '../agent-kind.ts';
import { configuredKind, type ConfiguredOptions } from './configured.ts';
import { userMessage } from './claude.ts';

const OPTIONS: ConfiguredOptions = {
  name: 'mine',
  program: '/bin/mine',
  args: ['--json'],
  subscription: false,
  prompt: 'stdin',
  resume: ['--continue', 'session={session}'],
  model: ['--model', '{model}'],
  events: {
    session: 'meta.session',
    model: 'meta.model',
    error: 'error',
    cost: 'cost',
    tokens: { input: 'in', output: 'out', cacheRead: null, cacheWrite: null },
    end: 'done',
  },
};
const TASK = { prompt: '--help', session: '', model: '' };

function facts(options: ConfiguredOptions, ...events: readonly JsonObject[]) {
  const known = noFacts();
  for (const event of events) configuredKind(options).read(event, known);
  return known;
}

describe('an agent of the configuration', () => {
  test('gets the prompt on its input, as an argument that is no option, or as a message', () => {
    assert.deepEqual(configuredKind(OPTIONS).command(TASK, null), {
      args: ['--json'],
      env: {},
      input: Buffer.from('--help'),
    });
    const asArgument = configuredKind({ ...OPTIONS, prompt: 'argument' }).command(TASK, null);
    assert.deepEqual([asArgument.args, asArgument.input], [['--json', '--', '--help'], null]);
    const withMessages = configuredKind({ ...OPTIONS, prompt: 'messages' });
    assert.deepEqual(withMessages.command(TASK, null).input, userMessage('--help'));
    assert.equal(withMessages.takesMessages, true);
    assert.equal(configuredKind(OPTIONS).takesMessages, false);
  });

  test('resumes and chooses its model by the arguments that are said', () => {
    const { args } = configuredKind(OPTIONS).command({ ...TASK, session: '$& s', model: 'big' }, null);
    assert.deepEqual(args, ['--json', '--model', 'big', '--continue', 'session=$& s']);
  });

  test('is read where the configuration says', () => {
    const known = facts(
      OPTIONS,
      { meta: { session: 's', model: 'm' }, in: 1 },
      { type: 'x', cost: 2, out: 3 },
      { type: 'done', in: 5 },
    );
    assert.deepEqual(known, {
      session: 's',
      model: 'm',
      tokens: { input: 6, output: 3, cacheRead: 0, cacheWrite: 0 },
      cost: 2,
      verdict: 'ok',
      reason: '',
      answers: 1,
    });
  });

  test('fails by a text, or by true', () => {
    assert.partialDeepStrictEqual(facts(OPTIONS, { type: 'done', error: 'no' }), { verdict: 'error', reason: 'no' });
    assert.partialDeepStrictEqual(facts(OPTIONS, { error: true }), {
      verdict: 'error',
      reason: 'The agent says that it has failed.',
    });
    assert.equal(facts(OPTIONS, { error: false }, { error: '' }).verdict, null);
  });

  test('may be one of which nothing is known', () => {
    const tokens = { input: null, output: null, cacheRead: null, cacheWrite: null };
    const events = { session: null, model: null, error: null, cost: null, tokens, end: null };
    const options = { ...OPTIONS, events };
    assert.deepEqual(facts(options, { type: 'done', error: 'x', meta: { session: 's' } }), noFacts());
    assert.equal(configuredKind(options).saysEnd, false);
  });
});
