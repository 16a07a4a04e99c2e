// What clamd has said of a body. Rule: only what it says in so many words is a verdict; everything else is a failure, which is
// neither clean nor infected.

/** Why there is no verdict: nobody there, too late, no room, longer than clamd takes, or an answer that is none. */
export type ScanFailure = 'unreachable' | 'timeout' | 'busy' | 'size_limit' | 'invalid';

export interface FailedScan {
  readonly kind: 'failed';
  readonly reason: ScanFailure;
  /** In a few words, with clamd for a subject. */
  readonly detail: string;
}

export type Verdict =
  | { readonly kind: 'clean' }
  | { readonly kind: 'infected'; readonly signature: string }
  | FailedScan;

const CLEAN: Verdict = { kind: 'clean' };
/** Names of signatures are short; the rest of a longer one says nothing to anybody. */
const MAX_SIGNATURE = 200;

/** Reads a reply to INSTREAM, without the NUL at its end. */
export function readVerdict(reply: string): Verdict {
  if (reply === 'stream: OK') return CLEAN;
  const signature = /^stream: (.+) FOUND$/s.exec(reply)?.[1];
  if (signature !== undefined) return { kind: 'infected', signature: printable(signature).slice(0, MAX_SIGNATURE) };
  if (/size limit exceeded/i.test(reply)) {
    return failed('size_limit', 'takes no body of that size: its StreamMaxLength is smaller');
  }
  return failed('invalid', `gave no verdict, but said "${printable(reply).slice(0, MAX_SIGNATURE)}"`);
}

export function failed(reason: ScanFailure, detail: string): FailedScan {
  return { kind: 'failed', reason, detail };
}

/** It goes into logs and answers. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}
