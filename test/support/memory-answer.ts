// Keeps what a command's answer says.
import type { AnswerSink } from '../../src/targets/exec/command-answer.ts';

export class MemoryAnswer implements AnswerSink {
  type: string | null = null;
  readonly pieces: Buffer[] = [];
  hasEnded = false;

  begin(type: string): void {
    this.type = type;
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    this.pieces.push(Buffer.from(bytes.subarray(from, to)));
  }

  end(): void {
    this.hasEnded = true;
  }

  text(): string {
    return Buffer.concat(this.pieces).toString();
  }

  lines(): Record<string, unknown>[] {
    const lines = this.text().split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
