import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { agentEnvironment, findProgram } from './agent-environment.ts';

describe('the environment of an agent', () => {
  const own = { PATH: '/bin', HOME: '/root', SECRET: 's', ANTHROPIC_API_KEY: 'k', LANG: undefined };

  test('is what is listed, what is configured and what its kind needs', () => {
    const configured = { OPENAI_API_KEY: 'k2', HOME: '/srv' };
    const parts = { own, configured, added: { X: '1' }, temporaryFolder: '/t', usesSubscription: false };
    assert.deepEqual(agentEnvironment(parts), {
      PATH: '/bin',
      HOME: '/srv',
      TMPDIR: '/t',
      OPENAI_API_KEY: 'k2',
      X: '1',
    });
  });

  test('has no key of a provider where the agent uses its own login', () => {
    const configured = {
      ANTHROPIC_API_KEY: 'k',
      ANTHROPIC_AUTH_TOKEN: 't',
      OPENAI_API_KEY: 'o',
      CODEX_API_KEY: 'c',
      A: 'a',
    };
    const parts = { own: {}, configured, added: {}, temporaryFolder: '/t', usesSubscription: true };
    assert.deepEqual(agentEnvironment(parts), { PATH: '/usr/local/bin:/usr/bin:/bin', TMPDIR: '/t', A: 'a' });
  });
});

describe('the program of an agent', () => {
  test('is looked up in PATH, or named whole', (t) => {
    const folder = temporaryFolder(t);
    const file = join(folder, 'agent');
    writeFileSync(file, '#!/bin/sh\n');
    mkdirSync(join(folder, 'first', 'agent'), { recursive: true });
    assert.throws(() => findProgram(file, ''), { code: 'agent_unavailable', message: /cannot be run/ });
    chmodSync(file, 0o755);
    assert.equal(findProgram(file, ''), file);
    assert.equal(findProgram('agent', `relative:${join(folder, 'first')}:${folder}`), file);
    for (const program of ['other', '../agent', './agent']) {
      assert.throws(
        () => findProgram(program, folder),
        { code: 'agent_unavailable', message: /agents\.kinds/ },
        program,
      );
    }
  });
});
