// Cuts what an agent prints into lines, in pieces of any size. Rule: a line is kept byte for byte, without its line break; one that is
// longer than any that is meant comes in several parts.
const LF = 10;
const CR = 13;

export class LineReader {
  readonly #maxBytes: number;
  readonly #take: (line: Buffer) => void;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number, take: (line: Buffer) => void) {
    this.#maxBytes = maxBytes;
    this.#take = take;
  }

  /** The bytes are ours to keep. */
  write(bytes: Buffer): void {
    let from = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, from)) {
      this.#add(bytes.subarray(from, end));
      this.#give();
      from = end + 1;
    }
    this.#add(bytes.subarray(from));
  }

  /** A last line without an end. */
  end(): void {
    this.#give();
  }

  #add(bytes: Buffer): void {
    let rest = bytes;
    while (this.#bytes + rest.length > this.#maxBytes) {
      const room = this.#maxBytes - this.#bytes;
      this.#keep(rest.subarray(0, room));
      this.#give();
      rest = rest.subarray(room);
    }
    this.#keep(rest);
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
  }

  /** Lines with nothing in them are none. */
  #give(): void {
    const [first] = this.#parts;
    if (first === undefined) return;
    const whole = this.#parts.length === 1 ? first : Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [];
    this.#bytes = 0;
    const line = whole.at(-1) === CR ? whole.subarray(0, -1) : whole;
    if (line.length > 0) this.#take(line);
  }
}
