// Runs a development tool that npm has installed, from any folder and without npm.
import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';

export interface ToolResult {
  readonly passed: boolean;
  readonly output: string;
}

const ROOT = dirname(import.meta.dirname);

export async function runTool(command: string, args: readonly string[]): Promise<ToolResult> {
  const PATH = join(ROOT, 'node_modules', '.bin') + delimiter + (process.env['PATH'] ?? '');
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const { promise, resolve } = Promise.withResolvers<ToolResult>();
  child.on('error', (error) => resolve({ passed: false, output: `${command}: ${error.message}` }));
  child.on('close', (code) => resolve({ passed: code === 0, output: Buffer.concat(chunks).toString().trim() }));
  return promise;
}
