import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aiSession } from './ai-session.ts';

function sessionOf(fields: Readonly<Record<string, string>>): string {
  return aiSession({ get: (name) => fields[name] });
}

test('a session is what Claude Code or Codex names it, or none', () => {
  assert.equal(sessionOf({ 'x-claude-code-session-id': 's-1', session_id: 's-2' }), 's-1');
  assert.equal(sessionOf({ session_id: 's-2' }), 's-2');
  assert.equal(sessionOf({ 'session-id': 'x'.repeat(200) }).length, 100);
  assert.equal(sessionOf({}), '');
});
