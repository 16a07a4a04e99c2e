import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { documentSchema } from '../../config/schema/document.ts';
import { bodiesOf, openBodyLog } from './assemble-ai-bodies.ts';

test('bodies are written where that is asked for, and nowhere else is there a file', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'ai-bodies.log');
  const configOf = (ai: object, log: object): ReturnType<typeof documentSchema.parse> => {
    return documentSchema.parse({ process: { data_dir: folder }, ai, log });
  };
  for (const [enabled, wanted] of [
    [true, false],
    [false, true],
    [true, true],
  ] as const) {
    const config = configOf({ enabled }, { ai_bodies: wanted });
    const log = openBodyLog(config);
    assert.equal(existsSync(file), enabled && wanted);
    assert.equal(bodiesOf(config, 'claude', log?.write ?? null).length, enabled && wanted ? 1 : 0);
    await log?.close();
  }
});
