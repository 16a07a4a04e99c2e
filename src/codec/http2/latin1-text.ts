// Octets as text, one character each. Rule: nothing is checked here.

/** Node's own, quicker than toString('latin1', …), but without a type. */
interface Latin1Reader {
  latin1Slice(from: number, to: number): string;
}

export function latin1Text(bytes: Buffer, from: number, to: number): string {
  return (bytes as Buffer & Latin1Reader).latin1Slice(from, to);
}
