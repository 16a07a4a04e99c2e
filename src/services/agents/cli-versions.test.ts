import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { RunEvents, RunSpec } from '../processes/run-spec.ts';
import type { AgentKind } from './agent-kind.ts';
import type { AgentSurroundings } from './agent-settings.ts';
import { CliVersions } from './cli-versions.ts';
import { claudeKind } from './kinds/claude.ts';

const KIND: AgentKind = claudeKind({ name: 'claude', program: 'claude', args: [], subscription: false });

test('a program is asked once for its version, again when another one is in its place, and warned of when it is old', async (t) => {
  const file = join(temporaryFolder(t), 'claude');
  writeFileSync(file, 'one');
  const asked: RunSpec[] = [];
  const warnings: string[] = [];
  let says = '2.1.197 (Claude Code)\n';
  const startProcess = (spec: RunSpec, events: RunEvents) => {
    asked.push(spec);
    if (says === 'not there') events.failed(new Error() as never);
    else {
      events.stdout(Buffer.from(says));
      events.ended({} as never);
    }
  };
  const surroundings = { startProcess, temporaryFolder: '/tmp', ownEnv: { SECRET: 's' } };
  const versions = new CliVersions({
    surroundings: surroundings as unknown as AgentSurroundings,
    log: (_level, _fields, message) => warnings.push(message),
  });
  const look = (kind = KIND): void => versions.look(kind, file, { ANTHROPIC_API_KEY: 'k' });
  look();
  look();
  assert.deepEqual([asked.length, asked[0]?.args, asked[0]?.env['SECRET']], [1, ['--version'], undefined]);
  const found = { kind: 'claude', program: file, oldest: '2.0.0' };
  assert.deepEqual(versions.known(), [{ ...found, version: '2.1.197', warning: null }]);
  for (const [place, said, warning] of [
    ['the second', '1.10.9', 'version 1.10.9 is too old, 2.0.0 or later is needed'],
    ['a third one', 'nonsense', 'the program does not say its version; 2.0.0 or later is needed'],
    ['and the fourth', 'not there', 'the program does not say its version; 2.0.0 or later is needed'],
  ] as const) {
    says = said;
    writeFileSync(file, place);
    look();
    assert.equal(versions.known()[0]?.warning, warning);
  }
  assert.equal(warnings.length, 3);
  look({ ...KIND, name: 'own', oldestVersion: null });
  versions.look(KIND, join(file, 'gone'), {});
  assert.equal(asked.length, 4);
});
