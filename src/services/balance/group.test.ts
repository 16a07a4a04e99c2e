import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Group } from './group.ts';
import type { GroupOptions } from './group-rules.ts';
import { MemberTable } from './member-table.ts';
import type { MemberSpec } from './member.ts';

function groupOf(
  ids: string,
  options: Partial<GroupOptions> = {},
  spec: Partial<MemberSpec<string>> = {},
): Group<string> {
  const members = ids.split('').map((id) => ({ id, data: id, ...spec }));
  const table = new MemberTable({ capacity: 64 });
  return new Group({
    name: 'group',
    table,
    members,
    options: { strategy: 'round_robin', now: () => 1000, ...options },
  });
}

function picks(group: Group<string>, count: number): string {
  return Array.from({ length: count }, () => group.pick()?.id ?? '-').join('');
}

describe('a group', () => {
  test('gives each member its turn', () => {
    assert.equal(picks(groupOf('abc'), 7), 'abcabca');
  });

  test('without members picks nobody', () => {
    assert.equal(groupOf('').pick(), null);
  });
});
