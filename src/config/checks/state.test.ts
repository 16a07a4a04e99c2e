import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPath } from '../key-path.ts';
import { isWritten } from '../origins.ts';
import { fromJson } from '../source-tree.ts';
import { validate } from '../validate.ts';
import { checkNode, checkState } from './state.ts';

function run(state: string): string[] {
  const place = { source: { kind: 'flag', name: '', folder: '/', text: '' }, from: 0, to: 0 } as const;
  const root = fromJson({ process: { state } }, place);
  const result = validate(root);
  assert.ok('config' in result, JSON.stringify(result));
  const findings = checkState({ config: result.config, isWritten: (path) => isWritten(root, path) });
  return findings.map(({ severity, code, path }) => `${severity ?? 'error'} ${code} ${formatPath(path)}`);
}

const IN_THE_CLEAR = 'warning config_unsafe process.state';

test('a Redis server comes with a warning of what travels in the clear', () => {
  assert.deepEqual(run('embedded'), []);
  assert.deepEqual(run('redis://127.0.0.1:6379/0'), []);
  assert.deepEqual(run('redis://localhost'), []);
  assert.deepEqual(run('rediss://:secret@redis.example:6380/1'), []);
  assert.deepEqual(run('redis://:secret@redis.example/1'), [IN_THE_CLEAR]);
  assert.deepEqual(run('redis+cluster://127.0.0.1:7000,[::1]:7001'), []);
  assert.deepEqual(run('redis+sentinel://127.0.0.1,one.example/m'), [IN_THE_CLEAR]);
});

test('a door for other nodes that nobody finds, or that is too open, is told', () => {
  const place = { source: { kind: 'flag', name: '', folder: '/', text: '' }, from: 0, to: 0 } as const;
  const of = (node: Record<string, string>, state = 'redis://127.0.0.1'): string[] => {
    const root = fromJson({ process: { state, node: { secret: 'secret-of-all-nodes', ...node } } }, place);
    const result = validate(root);
    assert.ok('config' in result, JSON.stringify(result));
    const findings = checkNode({ config: result.config, isWritten: (path) => isWritten(root, path) });
    return findings.map(({ severity, code, path }) => `${severity ?? 'error'} ${code} ${formatPath(path)}`);
  };
  assert.deepEqual(of({}), []);
  assert.deepEqual(of({}, 'embedded'), ['warning config_conflict process.node']);
  assert.deepEqual(of({ secret: 'short' }), ['warning config_unsafe process.node.secret']);
  const inTheClear = 'warning config_unsafe process.node.listen';
  assert.deepEqual(of({ listen: ':7946' }), [inTheClear, 'error config_missing process.node.listen']);
  assert.deepEqual(of({ listen: ':7946', address: '10.0.0.5:7946' }), [inTheClear]);
});
