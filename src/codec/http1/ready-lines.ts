// Fields that many messages get alike, as lines that are checked and joined once. Rule: they never change; whoever takes one of
// them out of a message writes the others anew.
import { fieldOctets } from './field-text.ts';

export class ReadyLines {
  /** Values as octets: each character is one. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** In lower case, in the same order. */
  readonly names: readonly string[];
  /** Whole lines, each with its CRLF, in latin1. */
  readonly text: string;

  constructor(fields: readonly (readonly [name: string, value: string])[]) {
    this.fields = fields.map(([name, value]) => [name, fieldOctets(name, value)] as const);
    this.names = fields.map(([name]) => name.toLowerCase());
    const joined = this.fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    // Joined text is kept in parts until somebody needs it whole, and every write would ask again.
    this.text = Buffer.from(joined, 'latin1').toString('latin1');
  }
}
