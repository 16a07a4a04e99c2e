// Turns the reason why an address could not be bound into a sentence that names the config key and a way out.
// Rule: whoever reads it can act without looking anything up.

import { SluiceError } from '../../core/errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is already in use',
  EACCES: 'this user may not open that port (ports below 1024 usually need a privilege)',
  EADDRNOTAVAIL: 'this machine has no such address',
  EAFNOSUPPORT: 'this machine does not support that kind of address',
  ENOTFOUND: 'the host name cannot be resolved',
  EAI_AGAIN: 'the host name cannot be resolved right now',
  EMFILE: 'too many files are open',
};

/** `key` is the config key that asked for the address, `listen` the address as the person wrote it. */
export function listenError(key: string, listen: string, cause: unknown): SluiceError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new SluiceError('listen_failed', {
    message: `${key}: cannot listen on ${listen}: ${reason}. ${wayOut(key)}`,
    cause,
  });
}

function wayOut(key: string): string {
  if (key.startsWith('--')) return `Choose another with ${key} HOST:PORT.`;
  const variable = `SLUICE_${key.replaceAll('.', '__').toUpperCase()}`;
  const elsewhere = `set ${key} in the config or ${variable}=HOST:PORT`;
  return key === 'gateway.listen'
    ? `Choose another with --port PORT, or ${elsewhere}.`
    : `To choose another, ${elsewhere}.`;
}
