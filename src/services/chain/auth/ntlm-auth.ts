// NTLM on one connection: an offer, the proxy's challenge, the answer, and from then on the connection itself is who we are.
// Rule: all of it happens on one and the same connection, and happens once.
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { parseChallenges } from './challenges.ts';
import type { HopAuth } from './hop-auth.ts';
import {
  authenticateMessage,
  negotiateMessage,
  type NtlmChallenge,
  type NtlmIdentity,
  ntlmIdentity,
  readChallengeMessage,
} from './ntlm-messages.ts';

/** From 1601 to 1970, in milliseconds. */
const EPOCH_MS = 11_644_473_600_000n;

export class NtlmAuth implements HopAuth {
  readonly #identity: NtlmIdentity;
  #challenge: NtlmChallenge | null = null;
  #step: 'new' | 'offered' | 'challenged' | 'answered' | 'done' = 'new';

  constructor(username: string, password: string) {
    this.#identity = ntlmIdentity(username, password);
  }

  get isBound(): boolean {
    return this.#step === 'challenged';
  }

  get wantsRehearsal(): boolean {
    return this.#step === 'new';
  }

  /** The method and target do not matter to it. */
  authorize(): string | null {
    if (this.#step === 'new') {
      this.#step = 'offered';
      return `NTLM ${negotiateMessage().toString('base64')}`;
    }
    if (this.#step !== 'challenged' || this.#challenge === null) return null;
    this.#step = 'answered';
    const moment = { time: (BigInt(Date.now()) + EPOCH_MS) * 10_000n, clientChallenge: randomBytes(8) };
    return `NTLM ${authenticateMessage(this.#identity, this.#challenge, moment).toString('base64')}`;
  }

  challenge(values: readonly string[]): boolean {
    if (this.#step !== 'offered') return false;
    const token = parseChallenges(values).find(({ scheme }) => scheme === 'ntlm')?.token ?? '';
    this.#challenge = readChallengeMessage(Buffer.from(token, 'base64'));
    if (this.#challenge !== null) this.#step = 'challenged';
    return this.#challenge !== null;
  }

  /** Also when the proxy let the mere offer pass: it trusts the connection already. */
  accepted(): void {
    this.#step = 'done';
  }
}
