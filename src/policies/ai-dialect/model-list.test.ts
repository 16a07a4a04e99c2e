import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translateModels } from './model-list.ts';

const MODEL = { type: 'model', id: 'claude-x', display_name: 'Claude X', created_at: '2026-02-19T00:00:00Z' };
const LISTED = { ...MODEL, object: 'model', created: 1_771_459_200, owned_by: 'anthropic' };

test('models are listed as OpenAI lists them, and one alone is one', () => {
  const page = { has_more: false, first_id: 'claude-x', last_id: 'claude-x' };
  const listed = translateModels(JSON.stringify({ data: [MODEL], ...page }));
  assert.deepEqual(listed, { object: 'list', data: [LISTED], ...page });
  assert.deepEqual(translateModels(JSON.stringify(MODEL)), LISTED);
});

test('a model whose time nobody knows is as old as can be', () => {
  assert.equal(translateModels('{"id":"a"}')['created'], 0);
  assert.equal(translateModels('{"id":"a","created_at":"soon"}')['created'], 0);
  assert.throws(() => translateModels('<html>'));
});
