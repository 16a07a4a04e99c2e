// npm run build: emits the program as JavaScript to dist/, which is what npm publishes, the types for policies of the user's own, and the dashboard.
// A checkout runs src/ as it is.
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runTool, type ToolResult } from './tool.ts';

const ROOT = dirname(import.meta.dirname);

export async function emitProgram(folder: string): Promise<ToolResult> {
  rmSync(folder, { recursive: true, force: true });
  const program = await runTool('tsc', ['-p', 'tsconfig.build.json', '--outDir', folder]);
  if (!program.passed) return program;
  const types = await runTool('tsc', ['-p', 'tsconfig.types.json', '--outDir', folder]);
  return types.passed ? runTool('node', ['scripts/build-dashboard.js', join(folder, 'dashboard')]) : types;
}

if (import.meta.main) {
  const { passed, output } = await emitProgram(join(ROOT, 'dist'));
  if (output !== '') console.error(output);
  process.exitCode = passed ? 0 : 1;
}
