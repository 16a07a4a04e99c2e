import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatPath } from '../key-path.ts';
import { isWritten } from '../origins.ts';
import { fromJson, type JsonValue } from '../source-tree.ts';
import { validate } from '../validate.ts';
import { checkAi } from './ai.ts';

function run(document: JsonValue): string[] {
  const place = { source: { kind: 'flag', name: '', folder: '/', text: '' }, from: 0, to: 0 } as const;
  const root = fromJson(document, place);
  const result = validate(root);
  assert.ok('config' in result, JSON.stringify(result));
  const findings = checkAi({ config: result.config, isWritten: (path) => isWritten(root, path) });
  return findings.map(({ severity, code, path }) => `${severity ?? 'error'} ${code} ${formatPath(path)}`);
}

test('two providers share no prefix, and none lies below the other', () => {
  assert.deepEqual(run({}), []);
  for (const prefix of ['/claude', '/claude/gpt']) {
    assert.deepEqual(run({ ai: { providers: { chatgpt: { prefix } } } }), [
      'error config_conflict ai.providers.chatgpt.prefix',
    ]);
  }
  assert.deepEqual(run({ ai: { providers: { chatgpt: { prefix: '/claude-gpt' } } } }), []);
});

describe('providers in use', () => {
  const ai = { enabled: true };

  test('are safe by default', () => assert.deepEqual(run({ ai }), []));

  test('are for users whose tokens cannot be guessed', () => {
    const short = { name: 'a', token: 'short', may: ['ai'] };
    const users = [
      short,
      { ...short, name: 'b', may: ['gateway'] },
      { ...short, name: 'c', token: '0123456789abcdef' },
    ];
    assert.deepEqual(run({ ai, users }), ['error config_unsafe users[0].token']);
    assert.deepEqual(run({ users }), []);
  });

  test('are asked by TLS, unless they are at home here', () => {
    const base = (url: string): JsonValue => ({ ...ai, providers: { claude: { base: url } } });
    assert.deepEqual(run({ ai: base('http://gw.test') }), ['warning config_unsafe ai.providers.claude.base']);
    assert.deepEqual(run({ ai: base('http://127.0.0.1:4010') }), []);
  });

  test('are reached by a door of the gateway', () => {
    assert.deepEqual(run({ ai, gateway: { listen: null } }), ['warning config_conflict ai.enabled']);
    assert.deepEqual(run({ ai, gateway: { own_paths: false } }), ['warning config_conflict ai.enabled']);
  });
});

test('each account of a provider has a name and a credential of its own', () => {
  const found = (...credentials: JsonValue[]): string[] =>
    run({ ai: { enabled: true, providers: { claude: { credentials } } } });
  const place = 'error config_conflict ai.providers.claude.credentials';
  const own = found({ api_key: 'one' }, { api_key: 'two' }, { id: 'mine', store: '/a' });
  assert.deepEqual(found({ api_key: 'one' }, { id: '1', api_key: 'two' }), [...own, `${place}[1]`]);
  assert.deepEqual(found({ api_key: 'one' }, { store: '/a' }, { store: '/a' }), [...own, `${place}[2]`]);
  assert.deepEqual(found({ api_key: 'one' }, { api_key: 'one' }), [...own, `${place}[1]`]);
});
