import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GroupNodes } from './group-nodes.ts';

function members(...clients: number[]): { node: string; address: string; clients: number }[] {
  return clients.map((count, at) => ({ node: `node ${at}`, address: `at ${at}`, clients: count }));
}

const ANY = { key: null, mayBe: () => true };

test('each client is as likely as every other, and a node where none is fit gets nobody while another has some', () => {
  let next = 0;
  const group = new GroupNodes(Date.now, () => (next++ % 100) / 100);
  const counts = new Map<string, number>();
  for (let visit = 0; visit < 100; visit += 1) {
    const { node = '' } = group.choose(members(3, 0, 1), ANY) ?? {};
    counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  assert.deepEqual(
    [...counts],
    [
      ['node 0', 75],
      ['node 2', 25],
    ],
  );
  assert.equal(group.choose(members(0, 0), ANY)?.clients, 0);
  assert.equal(group.choose([], ANY), null);
});

test('a node that has failed is left out for a moment, unless there is no other', () => {
  let nowMs = 0;
  const group = new GroupNodes(
    () => nowMs,
    () => 0,
  );
  group.avoid('at 0');
  assert.equal(group.choose(members(1, 1), ANY)?.node, 'node 1');
  assert.equal(group.choose(members(1), ANY)?.node, 'node 0');
  const mayBe = ({ node }: { node: string }): boolean => node !== 'node 1';
  assert.equal(group.choose(members(1, 1), { key: null, mayBe })?.node, 'node 0');
  nowMs = 10_000;
  assert.equal(group.choose(members(1, 1), ANY)?.node, 'node 0');
});

test('a visitor who is to come to the same client comes to the same node from everywhere, by its share', () => {
  const [one, other] = [new GroupNodes(), new GroupNodes()];
  const all = members(3, 1);
  let first = 0;
  for (let visitor = 0; visitor < 1_000; visitor += 1) {
    const key = `10.0.${visitor >> 8}.${visitor & 255}`;
    const chosen = one.choose(all, { ...ANY, key });
    assert.equal(other.choose(all.toReversed(), { ...ANY, key }), chosen);
    if (chosen?.node === 'node 0') first += 1;
  }
  assert.ok(first > 650 && first < 850, String(first));
});
