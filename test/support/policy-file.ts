// A module of a policy, written for one test.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './temporary-folder.ts';

/** Its whole path. */
export function policyFile(t: TestContext, text: string, name = 'own.ts'): string {
  const file = join(temporaryFolder(t), name);
  writeFileSync(file, text);
  return file;
}

/** A module whose policy has these members. */
export function policyOf(members: string): string {
  return `export function policy(settings, context) {\n  return { ${members} };\n}\n`;
}
