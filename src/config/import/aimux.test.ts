import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PlainValue } from '../source-tree.ts';
import { fromAimux } from './aimux.ts';
import { ForeignSection } from './foreign-section.ts';
import { ImportNotes } from './import-notes.ts';

function convert(document: PlainValue): Record<string, unknown> {
  return fromAimux(new ForeignSection(document, new ImportNotes()));
}

describe('a file of ai-mux', () => {
  test('stays open where users are asked for, and moves to this machine where they are not', () => {
    const users = [{ name: 'jo', token: 'a-token-that-is-long' }];
    assert.deepEqual(convert({ listen: ':80', users })['gateway'], { listen: ':80' });
    assert.deepEqual(convert({ listen: ':80' })['gateway'], { listen: '127.0.0.1:80' });
    assert.deepEqual(convert({ listen: '127.0.0.1:81' })['gateway'], { listen: '127.0.0.1:81' });
    assert.deepEqual(convert({})['gateway'], { listen: '127.0.0.1:8080' });
    assert.equal((convert({})['ai'] as { auth: string }).auth, 'none');
  });

  test('finds its credentials where they were', () => {
    assert.deepEqual((convert({ state_dir: '/var/x' })['ai'] as { providers: unknown }).providers, {
      claude: { credentials: { store: '/var/x/claude/.credentials.json' } },
      chatgpt: { credentials: { store: '/var/x/chatgpt/auth.json' } },
    });
  });
});
