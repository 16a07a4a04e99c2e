// Compares secrets. Rule: how long it takes tells nothing of where they differ.
import { Buffer } from 'node:buffer';
import { timingSafeEqual } from 'node:crypto';

export function isSameSecret(given: string, secret: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(secret)];
  return one.length === other.length && timingSafeEqual(one, other);
}
