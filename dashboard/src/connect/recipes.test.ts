import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recipesFor } from './recipes.ts';

const DOORS = [
  { name: 'egress', address: 'http://127.0.0.1:4001', open_connections: 0 },
  { name: 'gateway', address: 'https://edge.example.com:4002', open_connections: 0 },
];

test('what is typed has the addresses of the doors that are open', () => {
  const groups = recipesFor(DOORS, {});
  assert.deepEqual(
    groups.map(({ title }) => title),
    ['Out through proxies', 'Across, by the gateway'],
  );
  const texts = groups.flatMap(({ recipes }) => recipes.map(({ text }) => text));
  assert.ok(texts.includes('curl -x http://127.0.0.1:4001 https://example.com'));
  assert.ok(texts.includes('curl https://edge.example.com:4002/'));
});

test('a token is a placeholder, and stands only where somebody is asked', () => {
  const [egress] = recipesFor(DOORS, { egress: { auth: 'users' } });
  assert.equal(egress?.recipes[0]?.text, 'curl -x http://YOU:YOUR_TOKEN@127.0.0.1:4001 https://example.com');
});

test('what is switched off is not offered, and nothing is where no door is', () => {
  const titles = recipesFor(DOORS, { ai: { enabled: true }, exec: { enabled: true } }).map(({ title }) => title);
  assert.deepEqual(titles.slice(2), ['Claude and ChatGPT', 'Commands and agents']);
  assert.deepEqual(recipesFor([], { ai: { enabled: true } }), []);
});
