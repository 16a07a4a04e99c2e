// Why a destination is refused, as the client is told. Rule: it says which rule of thumb applies and names no door of ours.
import { SluiceError } from '../../core/errors.ts';
import type { Denial, DenyReason } from '../../services/rules/destination-rules.ts';

const REASONS: Readonly<Record<DenyReason, string>> = {
  bad_destination: 'is not a destination',
  own_door: 'is this proxy itself',
  port: 'has a port that tunnels may not reach',
  rule: 'is denied by a rule',
  private: 'is a private address, and these may not be reached',
};

export function denialError({ reason }: Denial, host: string): SluiceError {
  const code = reason === 'bad_destination' ? 'request_invalid' : 'destination_denied';
  return new SluiceError(code, { message: `${host} ${REASONS[reason]}` });
}
