// A command told as it goes: one JSON object a line, each sent at once. Rule: to say that we are still there a space is sent, which
// stands before the next object and means nothing in JSON, so that no reader of lines has to know of it.
import { Buffer } from 'node:buffer';
import { OutputText, type TextPart } from '../../services/processes/output-text.ts';
import type { OutputName, RunEnd } from '../../services/processes/run-spec.ts';
import type { AnswerSink, CommandAnswer } from './command-answer.ts';
import { exitFields } from './exit-fields.ts';

const TYPE = 'application/x-ndjson';
const SPACE = Buffer.from(' ');
/** Room for most lines; a longer one gets a buffer of its own. */
const SCRATCH_BYTES = 256 * 1024;
/** UTF-8 has no more for a unit of UTF-16. */
const BYTES_PER_UNIT = 3;
/** For what stands around the data, and for the end of a command. */
const SPARE_BYTES = 4096;
const LINE_END = 0x0a;

/** Holds a line for as long as it takes to hand it on. */
let scratch: Buffer | null = null;

export class StreamedAnswer implements CommandAnswer {
  readonly #sink: AnswerSink;
  readonly #texts: Readonly<Record<OutputName, OutputText>> = { stdout: new OutputText(), stderr: new OutputText() };

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  started(): void {
    this.#sink.begin(TYPE);
  }

  output(name: OutputName, bytes: Buffer): void {
    this.#say(name, this.#texts[name].take(bytes));
  }

  beat(): void {
    this.#sink.write(SPACE, 0, SPACE.length);
  }

  ended(end: RunEnd): void {
    for (const name of ['stdout', 'stderr'] as const) this.#say(name, this.#texts[name].end());
    this.#line(JSON.stringify({ type: 'exit', ...exitFields(end) }));
    this.#sink.end();
  }

  #say(name: OutputName, part: TextPart | null): void {
    if (part === null) return;
    const encoding = part.encoding === 'utf8' ? '' : ',"encoding":"base64"';
    this.#line(`{"type":"${name}","data":`, JSON.stringify(part.data), `${encoding}}`);
  }

  /** The parts are not joined before they are bytes: the one in the middle may be long. */
  #line(before: string, middle = '', after = ''): void {
    if (middle.length * BYTES_PER_UNIT + SPARE_BYTES > SCRATCH_BYTES) {
      const bytes = Buffer.from(`${before}${middle}${after}\n`);
      this.#sink.write(bytes, 0, bytes.length);
      return;
    }
    scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    let length = scratch.write(before);
    length += scratch.write(middle, length);
    length += scratch.write(after, length);
    scratch[length] = LINE_END;
    this.#sink.write(scratch, 0, length + 1);
  }
}
