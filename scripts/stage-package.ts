// Puts together in a folder of its own what is published: the emitted program beside the files that package.json names.
// Rule: the checkout is only read, so that this may run while tests and other checks use it.
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { emitProgram } from './build.ts';
import type { ToolResult } from './tool.ts';

const ROOT = dirname(import.meta.dirname);
/** npm publishes these whether package.json names them or not. */
const ALWAYS_PUBLISHED = ['package.json', 'README.md', 'LICENSE'];

export async function stagePackage(folder: string): Promise<ToolResult> {
  const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly files: string[] };
  const sources = [...ALWAYS_PUBLISHED, ...files].filter((name) => name !== 'dist' && existsSync(join(ROOT, name)));
  for (const name of sources) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  return emitProgram(join(folder, 'dist'));
}
