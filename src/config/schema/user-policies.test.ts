import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { policiesSchema } from './policies.ts';
import { isPolicyFile, userPolicies } from './user-policies.ts';

describe('a key of the policies', () => {
  test('that is a path stands for a module', () => {
    const paths = ['./a.ts', '../a.ts', '/a.ts', '~/a.ts', 'C:\\a.ts', '.\\a.ts'];
    assert.deepEqual(paths.filter(isPolicyFile), paths);
    assert.deepEqual(['a.ts', 'acl', '.a', '...', '', '~', 'a/b', '.../a'].filter(isPolicyFile), []);
  });

  test('that is neither a path nor one of ours is unknown, also where something else is wrong', () => {
    const issues = policiesSchema.safeParse({ acl: 1, acll: {}, './a.ts': {} }).error?.issues ?? [];
    assert.deepEqual(
      issues.map((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : issue.path)),
      [['acl'], ['acll']],
    );
    assert.equal(policiesSchema.safeParse(null).error?.issues.length, 1);
  });
});

test('the modules of a place are known in their order, with their settings', () => {
  const policies = policiesSchema.parse({ './b.ts': { x: [1] }, acl: false, '/a.ts': false });
  assert.deepEqual(userPolicies(policies), [
    { file: './b.ts', settings: { x: [1] } },
    { file: '/a.ts', settings: false },
  ]);
});

test('settings are a map, or false', () => {
  for (const settings of [true, 'x', 1, null, []]) {
    const issue = policiesSchema.safeParse({ './a.ts': settings }).error?.issues[0];
    assert.match(issue?.message ?? '', /expected a map of settings/);
    assert.deepEqual(issue?.path, ['./a.ts']);
  }
});
