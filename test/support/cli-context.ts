// A command line without a process: what a command writes is kept.
import { once } from 'node:events';
import { Writable } from 'node:stream';
import type { CliContext } from '../../src/cli/context.ts';

class Paper extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    this.emit('written');
    done();
  }

  async says(words: string): Promise<void> {
    while (!this.text.includes(words)) await once(this, 'written');
  }
}

export class FakeCli implements CliContext {
  readonly stdout: Paper = new Paper();
  readonly stderr: Paper = new Paper();
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  exitCode = 0;

  constructor(surroundings: { env?: NodeJS.ProcessEnv; cwd?: string } = {}) {
    this.env = surroundings.env ?? {};
    this.cwd = surroundings.cwd ?? process.cwd();
  }

  setExitCode(code: number): void {
    this.exitCode = code;
  }

  get out(): string {
    return this.stdout.text;
  }

  get err(): string {
    return this.stderr.text;
  }
}
