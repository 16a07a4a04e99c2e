// A command told when all is over, in one JSON object. Rule: what is gathered is bounded by what a command may write; to say that we
// are still there spaces are sent before the object, which mean nothing in JSON.
import { Buffer } from 'node:buffer';
import { partOf } from '../../services/processes/output-text.ts';
import type { OutputName, RunEnd } from '../../services/processes/run-spec.ts';
import type { AnswerSink, CommandAnswer } from './command-answer.ts';
import { exitFields } from './exit-fields.ts';

const TYPE = 'application/json';
const SPACE = Buffer.from(' ');

export class WholeAnswer implements CommandAnswer {
  readonly #sink: AnswerSink;
  readonly #parts: Readonly<Record<OutputName, Buffer[]>> = { stdout: [], stderr: [] };
  #hasBegun = false;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  started(): void {}

  output(name: OutputName, bytes: Buffer): void {
    this.#parts[name].push(bytes);
  }

  beat(): void {
    this.#begin();
    this.#sink.write(SPACE, 0, SPACE.length);
  }

  ended(end: RunEnd): void {
    const [stdout, stderr] = [partOf(Buffer.concat(this.#parts.stdout)), partOf(Buffer.concat(this.#parts.stderr))];
    const body = {
      stdout: stdout.data,
      stderr: stderr.data,
      ...(stdout.encoding === 'base64' && { stdout_encoding: 'base64' }),
      ...(stderr.encoding === 'base64' && { stderr_encoding: 'base64' }),
      ...exitFields(end),
    };
    const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
    this.#begin();
    this.#sink.write(bytes, 0, bytes.length);
    this.#sink.end();
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#sink.begin(TYPE);
  }
}
