// A sink that keeps the lines of a log in memory, for tests that read them. Rule: whoever waits for a line wakes with it.
import type { LogSink } from '../../src/telemetry/log-sink.ts';

export class MemorySink implements LogSink {
  readonly lines: string[] = [];
  readonly dropped = 0;
  private readonly waiting = new Set<() => void>();

  write(lines: Uint8Array): boolean {
    this.lines.push(...Buffer.from(lines).toString().split('\n').slice(0, -1));
    for (const wake of this.waiting) wake();
    return true;
  }

  async until(isEnough: (lines: readonly string[]) => boolean): Promise<void> {
    while (!isEnough(this.lines)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.waiting.add(resolve);
      await promise;
      this.waiting.delete(resolve);
    }
  }

  flushSync(): void {}
  reopen(): void {}

  drained(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
