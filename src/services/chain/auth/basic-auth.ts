// Basic credentials (RFC 7617). Rule: they are said once; a proxy that does not like them does not hear them again.
import { Buffer } from 'node:buffer';
import type { HopAuth } from './hop-auth.ts';

export class BasicAuth implements HopAuth {
  readonly isBound = false;
  readonly wantsRehearsal = false;
  readonly #value: string;

  constructor(username: string, password: string) {
    this.#value = `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
  }

  authorize(): string {
    return this.#value;
  }

  challenge(): boolean {
    return false;
  }

  accepted(): void {}
}
